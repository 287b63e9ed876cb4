// The dialog that makes a link: what it shows is ticked and looked at first; and the links there are of the same thing.

import { BASE, action, api, copy, h, toast } from "./core.js";
import { open } from "./dialog.js";
import { linkList } from "./share-links.js";

const WAIT = 350; // ms of rest before the preview is drawn anew
const DAYS = 14;
const WHAT = {
  run: "this run",
  comparison: "this comparison",
  sweep: "this sweep: its plan, its cells and what it says",
  pairs: "the pairs that are listed now",
  node: "this node and what is around it",
  certificate: "this certificate",
};

/** `selection` says which part of the target is meant, as REST has it: a node, or which pairs. */
export async function shareDialog(kind, targetId, selection = {}) {
  const choices = await api("shares/choices");
  const known = choices.kinds.find((each) => each.name === kind);
  const parts = choices.parts.filter((part) => known.parts.includes(part.name));
  const state = { shows: new Set(presetParts(choices, known, choices.default)) };

  const list = linkList({ targetId, empty: "No link yet." });
  const frame = h("iframe", { title: "Preview of the page", sandbox: "allow-same-origin", tabIndex: -1 });
  const aside = h("a.fine", { target: "_blank", rel: "noopener" }, "Open the preview in a new tab");
  const problem = h("p.bad.fine", { role: "alert", hidden: true }, "Tick at least one part.");
  const title = h("input", { maxLength: 200, placeholder: "its own, where names are shown", oninput: () => draw() });
  const note = h("input", { maxLength: 2000, placeholder: "who it is for" });
  const days = h("input", { type: "number", min: 1, max: choices.days_max, value: Math.min(DAYS, choices.days_max), required: true });

  const boxes = new Map(parts.map((part) => [part.name, box(part, () => toggle(part))]));
  const presets = choices.presets.map((preset) => {
    const press = () => (state.shows = new Set(presetParts(choices, known, preset.name)), show());
    const button = h("button.button", { type: "button", title: preset.about, onclick: press }, preset.title);
    return { button, parts: presetParts(choices, known, preset.name) };
  });

  function toggle(part) {
    if (!state.shows.delete(part.name)) for (const name of [part.name, ...part.needs]) state.shows.add(name);
    for (const each of parts)
      if (each.needs.some((name) => !state.shows.has(name))) state.shows.delete(each.name);
    show();
  }

  function show() {
    for (const [name, { input }] of boxes) input.checked = state.shows.has(name);
    for (const { button, parts: own } of presets)
      button.setAttribute("aria-pressed", String(own.length === state.shows.size && own.every((name) => state.shows.has(name))));
    draw();
  }

  let waiting;
  function draw() {
    clearTimeout(waiting);
    make.disabled = !state.shows.size;
    problem.hidden = Boolean(state.shows.size);
    if (!state.shows.size) return;
    waiting = setTimeout(() => {
      const asked = new URLSearchParams({ kind, target_id: targetId, selection: JSON.stringify(selection), title: title.value });
      for (const name of state.shows) asked.append("shows", name);
      const address = `${BASE}api/v1/shares/preview?${asked}`;
      aside.href = address;
      frame.contentWindow?.location.replace(address); // leaves no entry in the history
    }, WAIT);
  }

  const make = h("button.button.primary", {}, "Create link");
  const create = action(async () => {
    const body = { kind, target_id: targetId, selection, days: Number(days.value), title: title.value, note: note.value };
    const made = await api("shares", { method: "POST", body: { ...body, shows: [...state.shows] } });
    toast("The link is made.");
    await copy(location.origin + BASE + made.url.slice(1));
    await list.load(made.id);
    list.node.scrollIntoView({ block: "nearest" });
  });
  const form = h(
    "form.shareform",
    { onsubmit: (event) => (event.preventDefault(), create({ currentTarget: make })) },
    h("div.presets", { role: "group", "aria-label": "What it shows" }, ...presets.map(({ button }) => button)),
    h("fieldset.tickparts", {}, h("legend", {}, "It shows"), ...[...boxes.values()].map(({ node }) => node)),
    h(
      "div.sharefields",
      {},
      h("label.field", {}, "Title of the page", title),
      h("label.field", {}, "Note for your list, not shown", note),
      h("label.field", {}, `Days it works (1 to ${choices.days_max})`, days),
    ),
    problem,
    h("div.actions", {}, make),
  );
  const dialog = open(
    "Share a read-only page",
    h("p.muted", {}, `Whoever has the link sees ${WHAT[kind] ?? "this"}, the ticked parts of it and nothing else: no login, nothing they can change. It ends by itself, and you can take it back.`),
    h("div.shareparts", {}, form, h("section.sharepreview", { "aria-label": "Preview" }, h("div.row", {}, h("h3", {}, "What they will see"), aside), frame)),
    h("h3", {}, "Links of this"),
    list.node,
  );
  dialog.classList.add("sharing");
  show();
  await list.load();
}

function presetParts(choices, known, name) {
  return choices.presets.find((each) => each.name === name).parts.filter((part) => known.parts.includes(part));
}

function box(part, onchange) {
  const input = h("input", { type: "checkbox", name: part.name, onchange });
  const node = h("label.check", { title: part.about }, input, h("span", {}, h("b", {}, part.title), h("small", {}, part.about)));
  return { node, input };
}
