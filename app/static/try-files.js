// Pictures that a person drops: read out of folders, looked into by the studio one by one, packed for a run.

import { ApiError, BASE } from "./core.js";

const MOST = 500; // pictures at once, as the studio takes them
const AT_ONCE = 3; // that are looked into at a time

/** [{file, path}] of a drop: files and, of folders, all that is in them, as deep as it goes. */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = await Promise.all(entries.filter(Boolean).map((entry) => (entry instanceof File ? [{ file: entry, path: entry.name }] : walked(entry))));
  return visible(found.flat());
}

/** [{file, path}] of a file field; of one that takes a folder, with the way to each file. */
export const picked = (input) => visible([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));

const visible = (found) => found.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX" || part === "Thumbs.db"));

async function walked(entry) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: entry.fullPath.replace(/^\//, "") }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return found;
    for (const child of some) found.push(...(await walked(child)));
  }
}

/**
 * Where a dropped file belongs: {shotOf: class or ""}. `support/<class>/…` is a shot wherever it is dropped; among the classes
 * the folder that a file lies in is its class.
 */
export function belongs(path, amongClasses) {
  const folders = path.split("/").slice(0, -1);
  const support = folders.indexOf("support");
  if (support >= 0 && folders[support + 1]) return folders[support + 1];
  if (folders.includes("queries")) return "";
  return amongClasses ? (folders.at(-1) ?? "") : "";
}

let made = 0;
/** The dropped pictures of a page. `onchange()` is called whenever one of them is another. */
export class Pictures {
  constructor(onchange) {
    this.onchange = onchange;
    this.all = [];
    this.checking = 0;
    this.waiting = [];
  }

  /** Take in [{file, path, shotOf}]; gives how many were too many. */
  add(found) {
    const room = Math.max(0, MOST - this.all.length);
    for (const { file, path, shotOf } of found.slice(0, room)) {
      const item = { id: String((made += 1)), file, name: path.split("/").at(-1), shotOf, state: "checking", view: null, reason: "" };
      this.all.push(item);
      this.waiting.push(item);
    }
    this.onchange();
    this.check();
    return Math.max(0, found.length - room);
  }

  check() {
    while (this.checking < AT_ONCE && this.waiting.length) {
      this.checking += 1;
      this.look(this.waiting.shift()).finally(() => {
        this.checking -= 1;
        this.onchange();
        this.check();
      });
    }
  }

  async look(item) {
    const body = new FormData();
    body.append("file", item.file, item.name);
    try {
      item.view = await sent("fewshot/pictures/check", body);
      item.state = "sound";
    } catch (error) {
      item.state = "refused";
      item.reason = error.message;
    }
  }

  remove(id) {
    this.all = this.all.filter((item) => item.id !== id);
    this.waiting = this.waiting.filter((item) => item.id !== id);
    this.onchange();
  }

  move(id, shotOf) {
    const item = this.all.find((each) => each.id === id);
    if (item) item.shotOf = shotOf;
    this.onchange();
  }

  /** A class that is called otherwise now keeps its shots. */
  rename(before, after) {
    for (const item of this.all) if (item.shotOf === before) item.shotOf = after;
  }

  get sound() {
    return this.all.filter((item) => item.state === "sound");
  }

  get asked() {
    return this.all.filter((item) => !item.shotOf);
  }

  shots(name) {
    return this.all.filter((item) => item.shotOf === name);
  }

  /** Keep the sound ones as one upload; its sha256. Of shots only those of these classes. */
  async pack(classes) {
    const body = new FormData();
    for (const item of this.sound.filter(({ shotOf }) => !shotOf || classes.includes(shotOf))) {
      body.append("files", item.file, item.name);
      body.append("classes", item.shotOf);
    }
    return (await sent("fewshot/pictures", body)).sha256;
  }
}

async function sent(path, body) {
  let response;
  try {
    response = await fetch(`${BASE}api/v1/${path}`, { method: "POST", body });
  } catch {
    throw new ApiError(0, "Unreachable", "The studio does not answer.");
  }
  const data = await response.json().catch(() => ({}));
  if (response.ok) return data;
  const { type = "Error", message = `The studio answered ${response.status}.` } = data.error ?? {};
  throw new ApiError(response.status, type, message);
}
