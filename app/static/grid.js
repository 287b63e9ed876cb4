// Images of several runs: a row a run, the same noise down each column; a column a class, or the images that suffered
// most first; any two go under the slider.

import { BASE, h } from "./core.js";
import { number, runTitle } from "./format.js";
import { viewer } from "./viewer.js";

const OTHER_ROLES = ["preview", "grid", "reference", "picture"];
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

/** "Relative L2 0.123 · PSNR 21.3 dB · SSIM 0.87": how far an image is from its uncached twin. */
function toTwin(record) {
  if (!record || !Number.isFinite(record.relative_l2)) return "";
  if (record.identical) return "identical to its uncached twin";
  const ssim = Number.isFinite(record.ssim) ? ` · SSIM ${number(record.ssim)}` : "";
  const psnr = Number.isFinite(record.psnr) ? ` · PSNR ${record.psnr.toFixed(1)} dB` : "";
  return `relative L2 ${number(record.relative_l2)}${psnr}${ssim}`;
}

/**
 * `parts`: [{run, artefacts, images}]; the control comes first. `images` are the rows that a run recorded of its images,
 * by the name of the artefact, if it did. `note` says what the rows have in common.
 */
export function grid(parts, control, note = "The same noise down each column.") {
  const ordered = [...parts].sort((a, b) => (b.run.id === control.id) - (a.run.id === control.id));
  const rows = ordered
    .map((part) => ({ run: part.run, columns: columnsOf(part.artefacts), records: new Map(part.images ?? []) }))
    .filter((row) => row.columns.size);
  const seeds = new Set(rows.filter(({ run }) => run.method).map(({ run }) => run.seed)); // a reference is no run
  if (seeds.size > 1) {
    const order = [...seeds]; // runs of one seed stand together, those of the control's first
    rows.sort((a, b) => order.indexOf(a.run.seed) - order.indexOf(b.run.seed));
    note = "Runs of one seed have the same noise down each column; those of another seed are other images.";
  }
  const names = [...new Set(rows.flatMap((row) => [...row.columns.keys()]))];
  if (!names.length) return "";
  const depth = Math.max(...rows.flatMap((row) => [...row.columns.values()].map((items) => items.length)));
  const look = viewer();
  const holder = h("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Image grid" });
  const measured = rows.filter((row) =>
    [...row.records.values()].some((record) => Number.isFinite(record.relative_l2)),
  );
  const state = { image: 0, page: 0, order: "", picked: [] };
  let cells = [];

  /** Of the image at a place, its distance to its uncached twin; below 0 where it is not known. */
  function error(row, name, at) {
    return row.records.get(row.columns.get(name)?.[at]?.name)?.relative_l2 ?? -1;
  }

  /** At first the control and the run below it; of images that suffered, the run in which the first did most. */
  function firstPair() {
    if (rows.length < 2) return [[0, 0], null];
    if (!state.order) return [[0, 0], [1, 0]];
    const [{ name, at, worst }] = columns();
    const line = rows.findIndex((row) => error(row, name, at) === worst);
    return [[0, 0], line > 0 ? [line, 0] : [1, 0]];
  }

  /** The columns in their order: {name, at, head}; `at` is the place of an image within its class. */
  function columns() {
    if (!state.order) return names.map((name) => ({ name, at: state.image, head: name }));
    const judges = state.order === "any" ? measured : measured.filter((row) => row.run.id === state.order);
    return names
      .flatMap((name) => Array.from({ length: depth }, (_, at) => ({ name, at })))
      .map(({ name, at }) => ({
        name,
        at,
        head: depth > 1 ? `${name} · ${at + 1}` : name,
        worst: Math.max(...judges.map((row) => error(row, name, at))),
      }))
      .filter((column) => column.worst >= 0)
      .sort((a, b) => b.worst - a.worst);
  }

  function draw() {
    const shown = columns().slice(state.page * COLUMNS, (state.page + 1) * COLUMNS);
    cells = rows.map((row, line) => shown.map((column, place) => cell(row, column, line, place)));
    const body = rows.map((row, line) => {
      const tag =
        rows.length > 1 && row.run.method && row.run.id === control.id ? h("small.tag", {}, "control") : "";
      const name = row.run.method
        ? h("a", { href: `${BASE}run?id=${row.run.id}` }, runTitle(row.run))
        : row.run.title;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, name, " ", seeds.size > 1 ? h("small.tag", {}, `seed ${row.run.seed}`) : "", tag),
        ...cells[line].map((item) => h("td", {}, item ? [item.button, item.below] : "–")),
      );
    });
    const heads = shown.map((column) => h("th", { scope: "col" }, column.head));
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

  function cell(row, { name, at }, line, place) {
    const item = row.columns.get(name)?.[at];
    if (!item) return null;
    const url = BASE + item.url.slice(1);
    const label = `${runTitle(row.run)}, ${name}${depth > 1 ? `, image ${at + 1}` : ""}`;
    const record = row.records.get(item.name);
    const figures = toTwin(record);
    const picture = h("img", { src: url, alt: label, loading: "lazy" });
    const button = h(
      "button.cell",
      {
        type: "button",
        title: figures ? `${label}: ${figures}` : label,
        "aria-label": `${label}${figures ? `, ${figures}` : ""}; choose for the slider`,
        tabIndex: line + place === 0 ? 0 : -1,
      },
      picture,
    );
    const error = record?.relative_l2;
    const below = Number.isFinite(error)
      ? h("small.figure", { "aria-hidden": "true" }, error ? Number(error.toPrecision(2)) : "0")
      : "";
    button.addEventListener("click", () => pick(line, place));
    button.addEventListener("keydown", (event) => walk(event, line, place));
    return { button, below, url, label, figures };
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

  const steps = h("span.steppers");
  function reorder(order) {
    Object.assign(state, { order, image: 0, page: 0 });
    state.picked = firstPair();
    steps.replaceChildren(
      order ? "" : stepper("Image", depth, (image) => ((state.image = image), draw())),
      stepper(order ? "Images" : "Classes", Math.ceil(columns().length / COLUMNS), (page) => {
        state.page = page;
        draw();
      }),
    );
    draw();
  }

  reorder("");
  return h(
    "section.card",
    { "aria-label": "Images" },
    h("div.row", {}, h("h2", {}, "Images"), orders(measured, reorder), steps),
    h(
      "p.muted",
      {},
      `${note} ${measured.length ? "Below an image, its relative L2 to its uncached twin. " : ""}`,
      "Choose two images to lay them over each other; arrows walk over the grid.",
    ),
    h("div.gridwrap", {}, holder, look.node),
  );
}

/** By class, or the images that are furthest from their uncached twins first. */
function orders(measured, choose) {
  if (!measured.length) return "";
  const several = measured.length > 1;
  return h(
    "label.field.inline",
    {},
    "Order",
    h(
      "select",
      { onchange: (event) => choose(event.target.value) },
      h("option", { value: "" }, "by class"),
      h("option", { value: several ? "any" : measured[0].run.id }, "worst first"),
      ...(several
        ? measured.map((row) => h("option", { value: row.run.id }, `worst first in ${runTitle(row.run)}`))
        : []),
    ),
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
