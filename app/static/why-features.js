// The features of a node: observed against expected, where it stands among all nodes, and its neighbours' mean.

import { h, svg } from "./core.js";
import { number } from "./format.js";
import { share } from "./why-parts.js";
import { table } from "./table.js";

export function features(why, explained) {
  const rows = why.features ?? [];
  if (!rows.length) return "";
  const largest = Math.max(...rows.map((row) => row.part ?? 0), 0);
  const { modelled } = why;
  const figure = (key, title, hint, write = number) => ({ key, title, hint, num: true, value: (row) => row[key], cell: (row) => write(row[key]) });
  const columns = [
    { key: "name", title: "Feature", value: (row) => row.name, cell: (row) => named(row) },
    { key: "part", title: `Part of the ${why.measure}`, value: (row) => row.part, cell: (row) => partBar(row.part, why.error, largest, "attribute") },
    figure("observed", "Observed"),
    modelled ? figure("expected", "Expected", "What the model makes of the node from its features and its neighbours") : figure("expected", "Mean of all"),
    figure("residual", modelled ? "Residual" : "Above it", modelled ? "Observed minus expected" : "Observed minus the mean of all nodes", signed),
    { key: "quantile", title: "Among all nodes", hint: "Share of all nodes with a smaller value", value: (row) => row.quantile, cell: (row) => quantile(row.quantile) },
    figure("neighbours_mean", "Neighbours' mean"),
  ].filter((column) => explained || !["part", "expected", "residual"].includes(column.key));
  return h(
    "section.whypart",
    { "aria-label": "Features" },
    h("h4", {}, title(explained, modelled)),
    table({ caption: "Features", columns, rows, sort: explained ? "part" : null, descending: true }),
    why.features_rest ? h("p.muted.fine", {}, `All other features together: ${number(why.features_rest)} (${share(why.features_rest, why.error)}).`) : "",
  );
}

function title(explained, modelled) {
  if (!explained) return "Features: the most unusual first";
  return modelled ? "Features: observed against expected" : "Features: observed against the mean of all nodes";
}

function named({ name, unit }) {
  return h("span.whyname", { title: name }, name, unit ? h("small.muted", {}, ` ${unit}`) : "");
}

export function signed(value) {
  if (typeof value !== "number") return "–";
  return value > 0 ? `+${number(value)}` : number(value).replace("-", "−");
}

/** A part as a bar against the largest of its list, with its share of the whole. */
export function partBar(part, error, largest, kind) {
  if (part === null || part === undefined) return "–";
  const piece = h(`i.${kind}`);
  piece.style.width = `${largest ? (100 * part) / largest : 0}%`;
  return h("span.whymini", {}, h("span.track", { "aria-hidden": "true" }, piece), h("span.num", { title: number(part) }, share(part, error)));
}

/** From the smallest value of all nodes to the largest by rank, quarters marked, and where this node stands. */
function quantile(value) {
  if (value === null || value === undefined) return "–";
  const x = 2 + 96 * value;
  const ticks = [0, 25, 50, 75, 100].map((at) => `M${2 + 0.96 * at} ${at % 50 ? 5 : 3}V${at % 50 ? 9 : 11}`);
  return h(
    "span.whymini",
    {},
    svg("svg", { viewBox: "0 0 100 14", class: "whyquantile", role: "img", "aria-label": `${(100 * value).toFixed(1)} % of nodes have less` },
      svg("path", { class: "axis", d: `M2 7H98${ticks.join("")}` }),
      svg("circle", { cx: x.toFixed(1), cy: 7, r: 4 })),
    h("span.num", {}, `${(100 * value).toFixed(value > 0.99 || value < 0.01 ? 1 : 0)} %`),
  );
}
