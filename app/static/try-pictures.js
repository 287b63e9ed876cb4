// What is looked at and what it may show: pictures on one side, class names with their shots on the other.

import { h, toast } from "./core.js";
import { dropZone, pickers, placed, tile } from "./try-tiles.js";

const EXAMPLE = "a red bus\na tram\na bicycle";

export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** `pictures`: the page's; `onchange()` as class names change. Gives {node, draw(), classes()}. */
export function brought(pictures, onchange) {
  const acts = { onmove: (id, name) => pictures.move(id, name), onremove: (id) => pictures.remove(id) };
  const take = (where) => (found) => {
    const items = placed(found, where);
    adopt(items);
    const over = pictures.add(items);
    if (over) toast(`${over} pictures were left out: 500 at once are taken.`, "bad");
  };
  const names = h("textarea", { rows: 5, placeholder: EXAMPLE, spellcheck: false, id: "try-classes", oninput: typed });
  const tiles = h("ul.tiles", { "aria-label": "Pictures to look at" });
  const refused = h("div");
  const asked = dropZone(
    h("section.dropzone", { "aria-label": "Pictures" }, h("h3", {}, "Pictures to look at"), h("p.muted", {}, "A few, or a folder of them; pasting works too."), pickers(take({}), { files: "Choose pictures", folder: "Choose a folder" }), tiles, refused),
    { onfiles: take({}), ontile: (id) => pictures.move(id, "") },
  );
  const boxes = h("div.classboxes");
  const among = dropZone(
    h(
      "section.dropzone",
      { "aria-label": "Classes" },
      h("h3", {}, h("label", { htmlFor: "try-classes" }, "What they may show")),
      h("p.muted", {}, "Class names, one a line. Shots help and are optional: drop a folder a class here, or pictures into a class below."),
      names,
      pickers(take({ amongClasses: true }), { folder: "Choose a folder of class folders" }),
      boxes,
    ),
    { onfiles: take({ amongClasses: true }), ontile: () => toast("Drop it into the box of a class.") },
  );
  let had = [];

  /** Folders of shots name classes that are not there yet. */
  function adopt(items) {
    const known = linesOf(names.value);
    const fresh = [...new Set(items.map(({ shotOf }) => shotOf).filter((name) => name && !known.includes(name)))];
    if (!fresh.length) return;
    names.value = [...known, ...fresh].join("\n");
    had = linesOf(names.value);
    onchange();
  }

  /** One line that reads otherwise is the same class, with its shots. */
  function typed() {
    const now = names.value.split("\n").map((line) => line.trim());
    const was = had;
    const moved = now.length === was.length ? now.flatMap((name, place) => (name === was[place] ? [] : [place])) : [];
    if (moved.length === 1 && now[moved[0]] && was[moved[0]] && !now.includes(was[moved[0]])) pictures.rename(was[moved[0]], now[moved[0]]);
    had = now;
    onchange();
  }

  function draw() {
    const classes = linesOf(names.value);
    tiles.replaceChildren(...pictures.asked.map((item) => tile(item, classes, acts)));
    asked.classList.toggle("filled", pictures.asked.length > 0);
    const bad = pictures.all.filter((item) => item.state === "refused");
    refused.replaceChildren(bad.length ? refusals(bad, acts) : "");
    const orphans = [...new Set(pictures.all.map(({ shotOf }) => shotOf))].filter((name) => name && !classes.includes(name));
    boxes.replaceChildren(...[...new Set(classes)].map((name) => box(name, classes)), ...orphans.map((name) => box(name, classes, true)));
  }

  function box(name, classes, orphan = false) {
    const shots = pictures.shots(name);
    const said = orphan ? "no class of the list: not learnt from" : shots.length ? `${shots.length} ${shots.length === 1 ? "shot" : "shots"}` : "no shots";
    return dropZone(
      h(
        `div.classbox${orphan ? ".orphan" : ""}`,
        { role: "group", "aria-label": `Shots of ${name}` },
        h("header", {}, h("b", {}, name), h("span.muted.fine", {}, said), pickers(take({ shotOf: name }), { files: "+" }, `Add shots of ${name}`)),
        shots.length ? h("ul.tiles.small", {}, ...shots.map((item) => tile(item, classes, acts))) : "",
      ),
      { onfiles: take({ shotOf: name }), ontile: (id) => pictures.move(id, name) },
    );
  }

  const paste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take({})(files.map((file) => ({ file, path: file.name || "pasted.png" })));
  };
  const node = h("div.brought", {}, asked, among);
  return { node, draw, paste, classes: () => linesOf(names.value), setClasses: (text) => ((names.value = text), (had = linesOf(text)), onchange()) };
}

function refusals(items, { onremove }) {
  const all = () => items.forEach(({ id }) => onremove(id));
  return h(
    "div.notice.bad",
    { role: "alert" },
    h("strong", {}, items.length === 1 ? "One file is no picture that can be looked at" : `${items.length} files are no pictures that can be looked at`),
    h("ul", {}, ...items.map(({ reason }) => h("li", {}, reason))),
    h("button.button", { type: "button", onclick: all }, items.length === 1 ? "Leave it out" : "Leave them out"),
  );
}
