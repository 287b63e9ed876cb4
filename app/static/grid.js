// Images of several runs: a row a run, a column a class, the same noise down each column; any two go under the slider.

import { BASE, h } from "./core.js";
import { runTitle } from "./format.js";
import { viewer } from "./viewer.js";

const OTHER_ROLES = ["preview", "grid", "reference"];
const COLUMNS = 20;

/** Images by column: all of a class in the order of their index, or each under its own name. */
export function columnsOf(artefacts) {
  const found = new Map();
  for (const item of artefacts) {
    if (!item.mime.startsWith("image/") || OTHER_ROLES.includes(item.role)) continue;
    const key = item.meta.class_name === undefined ? caption(item) : String(item.meta.class_name);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  for (const items of found.values()) items.sort((a, b) => (a.meta.index ?? 0) - (b.meta.index ?? 0));
  return found;
}

function caption(item) {
  return item.meta.caption ?? item.name.replace(/\.\w+$/, "").replace(/[_-]+/g, " ");
}

/** `parts`: [{run, artefacts}]; the control comes first. `note` says what the rows have in common. */
export function grid(parts, control, note = "The same noise down each column.") {
  const ordered = [...parts].sort((a, b) => (b.run.id === control.id) - (a.run.id === control.id));
  const rows = ordered
    .map((part) => ({ run: part.run, columns: columnsOf(part.artefacts) }))
    .filter((row) => row.columns.size);
  const names = [...new Set(rows.flatMap((row) => [...row.columns.keys()]))];
  if (!names.length) return "";
  const depth = Math.max(...rows.flatMap((row) => [...row.columns.values()].map((items) => items.length)));
  const look = viewer();
  const holder = h("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Image grid" });
  const state = { image: 0, page: 0, picked: [[0, 0], rows.length > 1 ? [1, 0] : null] };
  let cells = [];

  function draw() {
    const shown = names.slice(state.page * COLUMNS, (state.page + 1) * COLUMNS);
    cells = rows.map((row, line) => shown.map((name, place) => cell(row, name, line, place)));
    const body = rows.map((row, line) => {
      const tag =
        rows.length > 1 && row.run.method && row.run.id === control.id ? h("small.tag", {}, "control") : "";
      const name = row.run.method
        ? h("a", { href: `${BASE}run?id=${row.run.id}` }, runTitle(row.run))
        : row.run.title;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, name, " ", tag),
        ...cells[line].map((item) => h("td", {}, item?.button ?? "–")),
      );
    });
    const heads = shown.map((name) => h("th", { scope: "col" }, name));
    holder.replaceChildren(
      h(
        "table.grid",
        {},
        h("caption.offscreen", {}, "Images by run and class"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), ...heads)),
        h("tbody", {}, ...body),
      ),
    );
    mark();
  }

  function cell(row, name, line, place) {
    const item = row.columns.get(name)?.[state.image];
    if (!item) return null;
    const url = BASE + item.url.slice(1);
    const label = `${runTitle(row.run)}, ${name}${depth > 1 ? `, image ${state.image + 1}` : ""}`;
    const picture = h("img", { src: url, alt: label, loading: "lazy" });
    const button = h(
      "button.cell",
      {
        type: "button",
        title: label,
        "aria-label": `${label}; choose for the slider`,
        tabIndex: line + place === 0 ? 0 : -1,
      },
      picture,
    );
    button.addEventListener("click", () => pick(line, place));
    button.addEventListener("keydown", (event) => walk(event, line, place));
    return { button, url, label };
  }

  function pick(line, place) {
    const [first, second] = state.picked;
    const last = second ?? first;
    state.picked = last && last[0] === line && last[1] === place ? state.picked : [last, [line, place]];
    mark();
  }

  function mark() {
    const chosen = state.picked.map((at) => at && cells[at[0]]?.[at[1]]);
    for (const item of cells.flat()) item?.button.setAttribute("aria-pressed", String(chosen.includes(item)));
    if (chosen[0] && chosen[1]) look.show(...chosen);
  }

  /** Arrows walk over the grid; one cell is in the tab order. */
  function walk(event, line, place) {
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    if (!steps[event.key]) return;
    event.preventDefault();
    const next = cells[line + steps[event.key][0]]?.[place + steps[event.key][1]];
    if (!next) return;
    for (const item of cells.flat()) if (item) item.button.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  }

  draw();
  return h(
    "section.card",
    { "aria-label": "Images" },
    h(
      "div.row",
      {},
      h("h2", {}, "Images"),
      stepper("Image", depth, (image) => ((state.image = image), draw())),
      stepper("Classes", Math.ceil(names.length / COLUMNS), (page) => ((state.page = page), draw())),
    ),
    h("p.muted", {}, `${note} Choose two images to lay them over each other; arrows walk over the grid.`),
    h("div.gridwrap", {}, holder, look.node),
  );
}

/** "Image ‹ 2 of 8 ›", or nothing where there is only one. */
function stepper(name, count, go) {
  if (count < 2) return "";
  let at = 0;
  const place = h("span", { "aria-live": "polite" });
  const step = (by) => {
    at = (at + by + count) % count;
    place.textContent = `${name} ${at + 1} of ${count}`;
    if (by) go(at);
  };
  step(0);
  return h(
    "span.stepper",
    { role: "group", "aria-label": name },
    h(
      "button.button",
      { type: "button", "aria-label": `Previous: ${name.toLowerCase()}`, onclick: () => step(-1) },
      "‹",
    ),
    place,
    h(
      "button.button",
      { type: "button", "aria-label": `Next: ${name.toLowerCase()}`, onclick: () => step(1) },
      "›",
    ),
  );
}
