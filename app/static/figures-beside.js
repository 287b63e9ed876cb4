// <v-figures-beside runs="a,b">: figures of runs that described the same scenes, each with its difference from the first
// over the same draws of images. Stays away where there are none.

import { Element, api, h } from "./core.js";
import { cell, named } from "./figures.js";
import { runTitle } from "./format.js";
import { hint } from "./table.js";

const CAPTION = "Figures side by side";

class FiguresBeside extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = this.getAttribute("runs").split(",").filter(Boolean);
    const asked = new URLSearchParams(ids.map((id) => ["run", id]));
    const [rows, ...runs] = await Promise.all([
      api(`compare/figures?${asked}`, { signal }),
      ...ids.map((id) => api(`runs/${id}`, { signal })),
    ]);
    this.replaceChildren(rows.length ? card(runs, rows) : "");
  }
}

function card(runs, rows) {
  const head = (run) => h("th.num", { scope: "col" }, runTitle(run));
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span.runname", {}, named(row), h("small.muted", {}, row.divides))),
      ...row.values.map((value) => both(row, value)),
    ),
  );
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": CAPTION },
    h(
      "table.table",
      {},
      h("caption.offscreen", {}, CAPTION),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "After training"), ...runs.map(head))),
      h("tbody", {}, ...body),
    ),
  );
  return h(
    "section.card.figures",
    {},
    h("div.row", {}, h("h2", {}, CAPTION)),
    h(
      "p.muted.fine",
      {},
      `Below each figure its difference from ${runTitle(runs[0])}. 95 % intervals over the same images, drawn again with `,
      "replacement and paired; they say nothing of other seeds: launch several for that.",
    ),
    scroll,
    hint(scroll),
  );
}

/** A run's figure, and below it what it differs by. */
function both({ unit, better, divides }, { difference, ...value }) {
  const shown = cell({ ...value, unit, divides, variant: "after" });
  if (difference) shown.append(...cell({ ...difference, unit, better, variant: "difference" }).childNodes);
  return shown;
}

customElements.define("v-figures-beside", FiguresBeside);
