// How far detectors agree: rank correlation and shared nodes of each pair; and the nodes they disagree on most.

import { h } from "./core.js";
import { percent } from "./ego-card.js";
import { nodeLink, named, swatch } from "./nodes-lists.js";
import { hint, table } from "./table.js";

const MOST = 10; // disagreements at first

export function agreement(detectors, { spearman, overlap }, top) {
  const cell = (row, column) => {
    if (row === column) return h("td.num.same", {}, "–");
    const rho = spearman[row][column];
    const node = h("td.num", {}, h("span.measure", {}, rho === null ? "–" : rho.toFixed(2), h("small", {}, `${overlap[row][column]} of ${top}`)));
    node.style.background = `color-mix(in oklab, var(--v-accent) ${(40 * Math.max(0, rho ?? 0) ** 2).toFixed(0)}%, transparent)`;
    return node;
  };
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": "How far they agree" },
    h(
      "table.table.agreement",
      {},
      h("caption.offscreen", {}, "How far they agree"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Detector"), ...detectors.map(({ place, name }) => h("th.num", { scope: "col" }, swatch(place), name)))),
      h("tbody", {}, ...detectors.map((detector, row) => h("tr", {}, h("th", { scope: "row" }, named(detector)), ...detectors.map((_, column) => cell(row, column))))),
    ),
  );
  return h(
    "section.card",
    { "aria-label": "How far they agree" },
    h("h2", {}, "How far they agree"),
    h("p.muted.fine", {}, `Spearman's rank correlation over all nodes, and how many of the first ${top} two share. Two that agree wholly say one thing twice; agreement is not correctness.`),
    scroll,
    hint(scroll),
  );
}

export function disagreements(detectors, { disagreements: rows }) {
  if (!rows.length) return "";
  const columns = [
    { key: "name", title: "Node", value: (row) => row.name, cell: (row) => nodeLink(highest(detectors, row).run, row) },
    ...detectors.map((detector) => ({
      key: `detector ${detector.place}`,
      title: detector.name,
      num: true,
      value: (row) => row.percentiles[detector.place],
      cell: (row) => percent(row.percentiles[detector.place]),
    })),
    { key: "apart", title: "Apart", hint: "Highest minus lowest percentile, in points", num: true, value: gap, cell: (row) => `${(100 * gap(row)).toFixed(1)}` },
  ];
  const draw = (some) => table({ caption: "Where they disagree", columns, rows: some, sort: "apart", descending: true });
  const box = h("div", {}, draw(rows.slice(0, MOST)));
  const all = h("button.button", { type: "button", onclick: () => (box.replaceChildren(draw(rows)), all.remove()) }, `All ${rows.length}`);
  return h(
    "section.card",
    { "aria-label": "Where they disagree" },
    h("h2", {}, "Where they disagree"),
    h("p.muted.fine", {}, "Percentiles of nodes that one of them flags and another ranks low, the widest gaps first. A name leads to the detector that ranks it highest."),
    box,
    rows.length > MOST ? h("p.actions", {}, all) : "",
  );
}

const gap = ({ percentiles }) => Math.max(...percentiles) - Math.min(...percentiles);

function highest(detectors, { percentiles }) {
  return detectors[percentiles.indexOf(Math.max(...percentiles))];
}
