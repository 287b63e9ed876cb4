// The settings of runs side by side: a row a setting, a column a run; at first only those in which they differ.

import { copy, h } from "./core.js";
import { asCsv, asJson, asMarkdown } from "./compare-copy.js";
import { runTitle, setting } from "./format.js";
import { menu } from "./menu.js";
import { hint } from "./table.js";

const LONG = 48; // characters that a cell shows before it has to be opened
const AT_FIRST = 10; // rows, where there are many more
const CAPTION = "Settings";

/** `view`: what REST says of the runs; `widgets`: of each setting its widget. */
export function settingsCard(view, widgets) {
  if (view.runs.length < 2) return alone(view, widgets);
  let onlyDiffering = true;
  let whole = view.differing.length <= AT_FIRST + 2;
  const box = h("div");
  const rows = () => (onlyDiffering ? view.differing : [...view.differing, ...view.common]);
  const draw = () => {
    const found = rows();
    const shown = whole || !onlyDiffering ? found : found.slice(0, AT_FIRST);
    const all = h("button.button", { type: "button", onclick: () => ((whole = true), draw()) }, `All ${found.length} differences`);
    const none = h("p.muted", {}, "They differ in no setting, not even the seed.");
    box.replaceChildren(found.length ? grid(view, shown, widgets) : none, shown.length < found.length ? h("p.actions", {}, all) : "");
  };
  const only = h("input", { type: "checkbox", checked: true, onchange: () => ((onlyDiffering = only.checked), draw()) });
  const item = (words, write) => h("button", { type: "button", role: "menuitem", onclick: () => copy(write(view, rows())) }, words);
  draw();
  return h(
    "section.card.settings",
    { "aria-label": CAPTION },
    h(
      "div.row",
      {},
      h("h2", {}, CAPTION),
      h("label.check", {}, only, `Only differences (${view.differing.length} of ${view.differing.length + view.common.length})`),
      menu("Copy as …", [item("Markdown", asMarkdown), item("CSV", asCsv), item("JSON", asJson)], { kind: ".button" }),
    ),
    box,
  );
}

function alone(view, widgets) {
  return h(
    "details.card.settings",
    {},
    h("summary", {}, `Settings (${view.common.length})`),
    h("dl.pairs", {}, ...view.common.flatMap((row) => [h("dt", {}, row.title), h("dd", {}, setting(row.values[0], widgets[row.name]))])),
  );
}

function grid(view, rows, widgets) {
  const head = (run, place) => h("th", { scope: "col" }, h(`i.swatch.c${place % 8}`, { "aria-hidden": "true" }), runTitle(run));
  const line = (row) => h("tr", {}, h("th", { scope: "row", title: row.name }, row.title), ...row.values.map((value, place) => cell(value, row.states[place], widgets[row.name])));
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": CAPTION },
    h("table.table", {}, h("caption.offscreen", {}, CAPTION), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Setting"), ...view.runs.map(head))), h("tbody", {}, ...rows.map(line))),
  );
  return h("div.wide", {}, scroll, hint(scroll));
}

function cell(value, state, widget) {
  if (state === "absent") return h("td.absent", { title: "The method of this run has no such setting" }, "no such setting");
  if (state === "unused") return h("td.absent", { title: "Other settings of this run make it meaningless" }, "not used");
  const mark = state === "default" ? h("small.muted", { title: "What the method takes if nothing is chosen" }, "default") : "";
  return h(`td.${state}`, {}, h("span.value", {}, readable(value, widget), mark));
}

/** Short values as they are; long or nested ones behind their beginning. */
function readable(value, widget) {
  const nested = typeof value === "object" && value !== null && !Array.isArray(value);
  const text = setting(value, widget);
  if (!nested && text.length <= LONG) return text;
  return h("details", {}, h("summary", { title: text.slice(0, 400) }, text.slice(0, LONG), "…"), h("pre", {}, nested ? JSON.stringify(value, null, 2) : Array.isArray(value) ? value.map((item) => setting(item)).join("\n") : text));
}
