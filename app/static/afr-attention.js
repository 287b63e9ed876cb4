// How each support feature of the shown episode weighs its related base classes: a table whose cells are coloured by weight.

import { h } from "./core.js";
import { known, settingNote } from "./afr-data.js";
import { hint } from "./table.js";

const CAPTION = "Attention of the shown episode";

export function attentionCard(afr) {
  const { rows, columns, weights } = ordered(afr.attention);
  const scroll = h(
    "div.scroll.attentionscroll",
    { tabIndex: 0, role: "region", "aria-label": CAPTION },
    h(
      "table.attention",
      {},
      h("caption.offscreen", {}, CAPTION),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Support"), ...columns.map((name) => h("th", { scope: "col" }, h("span", { title: name }, name))), rows.some((row) => known(row.share)) ? h("th", { scope: "col" }, h("span", {}, "share mixed in")) : "")),
      h("tbody", {}, ...rows.map((row, place) => line(row, weights[place], columns, place === 0 || rows[place - 1].class !== row.class))),
    ),
  );
  return h(
    "section.card",
    { "aria-label": "Attention" },
    h("h2", {}, "Attention over base classes"),
    h("p.muted.fine", {}, `One episode of the run: each row is a support feature, and weighs the prototypes of its class's related base classes; rows sum to 1. Blank: not related. ${evenly(weights)}`),
    scroll,
    hint(scroll),
    settingNote(afr, ...temperature(afr)),
  );
}

/** With the columns in the order in which the rows come to them, each row's heaviest first. */
function ordered({ rows, columns, weights }) {
  const heaviest = (row) => columns.map((_, place) => place).filter((place) => known(row[place])).sort((a, b) => row[b] - row[a]);
  const places = [...new Set(weights.flatMap(heaviest))];
  return { rows, columns: places.map((place) => columns[place]), weights: weights.map((row) => places.map((place) => row[place])) };
}

function line(row, weights, columns, first) {
  const cells = weights.map((weight, place) => {
    if (!known(weight)) return h("td", {});
    const cell = h("td.num", { title: `${row.name} → ${columns[place]}: ${weight.toFixed(3)}` }, weight.toFixed(2));
    cell.style.setProperty("--weight", weight);
    if (weight > 0.55) cell.className += " strong";
    return cell;
  });
  return h(first ? "tr.first" : "tr", {}, h("th", { scope: "row" }, row.name === row.class ? row.class : h("span.runname", {}, row.class, h("small.muted", {}, row.name))), ...cells, known(row.share) ? h("td.num.share", {}, row.share.toFixed(2)) : "");
}

/** Whether the attention says more than equal weights would. */
function evenly(weights) {
  const spreads = weights.map((row) => row.filter(known)).filter((row) => row.length > 1).map((row) => Math.max(...row) - 1 / row.length);
  if (!spreads.length) return "With a single related class each weighs 1.";
  const furthest = Math.max(...spreads);
  return furthest < 0.05 ? "Here they are nearly equal: the attention does as good as nothing." : `The largest weight is ${furthest.toFixed(2)} above an equal share.`;
}

function temperature({ run }) {
  return known(run.config.temperature) ? [`temperature ${run.config.temperature}`] : [];
}
