// <v-reported method="caching.sample">: what papers report, in boxes of their own; nothing here was measured by the studio.

import { Element, api, h } from "./core.js";

/** A box a setting; rows that are of one of `runs` are marked. */
export function reported(method, runs = []) {
  if (!method?.reported.length) return "";
  return h(
    "details.card.reported",
    { open: false },
    h("summary", {}, "What the papers report; not measured here"),
    ...method.reported.map((found) => box(found, runs)),
  );
}

function box({ setting, columns, rows }, runs) {
  const notes = [];
  const noted = (row, column) => {
    const text = row.notes[column];
    if (!text) return "";
    if (!notes.includes(text)) notes.push(text);
    return h("sup", { title: text }, notes.indexOf(text) + 1);
  };
  const isOf = (row) =>
    Object.keys(row.settings).length > 0 &&
    runs.some((run) => Object.entries(row.settings).every(([name, value]) => (run.config[name] ?? null) === value));
  const body = rows.map((row) =>
    h(
      isOf(row) ? "tr.control" : "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("span.runname", {}, row.name, isOf(row) ? h("small.tag", {}, "of a run here") : ""),
      ),
      ...columns.map((column, place) => h("td.num", {}, row.values[place] || "–", noted(row, column))),
      h("td.muted", {}, row.source),
    ),
  );
  return h(
    "section",
    {},
    h("h3", {}, `Reported by the papers: ${setting}`),
    h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": `Reported by the papers: ${setting}` },
      h(
        "table.table",
        {},
        h("caption.offscreen", {}, `Reported by the papers, not measured here: ${setting}`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "As named by the paper"),
            ...columns.map((column) => h("th.num", { scope: "col" }, column)),
            h("th", { scope: "col" }, "Source"),
          ),
        ),
        h("tbody", {}, ...body),
      ),
    ),
    notes.length ? h("ol.muted.fine", {}, ...notes.map((text) => h("li", {}, text))) : "",
  );
}

class Reported extends Element {
  async start(signal) {
    const methods = await api("methods", { signal });
    this.replaceChildren(reported(methods.find((method) => method.name === this.getAttribute("method"))));
  }
}

customElements.define("v-reported", Reported);
