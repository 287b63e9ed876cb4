// The figures: each classifier with every refinement, its interval, what it gains over the whole picture, and whether that is chance.

import { h, svg } from "./core.js";
import { REFINEMENTS, classifierName, refinementName } from "./look-data.js";
import { ORDER, between, isControl, known, pValue, percent, points, rounded, stamp } from "./scores-data.js";
import { hint } from "./table.js";

const WIDTH = 190;
const HEIGHT = 24;
const ROOM = 6;

export function scoresCard(found) {
  const { score: rows, classifiers } = found;
  const range = rangeOf(rows);
  const caption = "Accuracy of each classifier with each refinement";
  const body = classifiers.flatMap((classifier) => {
    const own = ordered(rows.filter((row) => row.classifier === classifier));
    const before = own.find((row) => row.refinement === "global");
    return [
      h("tr.group", {}, h("th", { scope: "rowgroup", colSpan: 7 }, classifierName(classifier))),
      ...own.map((row) => line(row, before, range)),
    ];
  });
  const axis = h("span.scoreaxis", { "aria-hidden": "true" }, h("span", {}, percent(range[0], 0)), h("span", {}, percent(range[1], 0)));
  const heads = [
    h("th", { scope: "col" }, "Features"),
    h("th.num", { scope: "col", title: "Share of test pictures named right, with its 95 % interval" }, "Accuracy"),
    h("th.num", { scope: "col", title: "In points, against the whole picture of the same classifier on the same pictures, with its paired 95 % interval" }, "Gain, points"),
    h("th.plotted", { scope: "col", title: "Point and bar: accuracy and its interval; small dots: each support draw; line: the whole picture" }, "95 % interval, and each seed", axis),
    h("th.num", { scope: "col", title: "Pictures named right in more support draws than on the whole picture" }, "Fixed"),
    h("th.num", { scope: "col", title: "Pictures named right in fewer support draws than on the whole picture" }, "Broken"),
    h("th.num", { scope: "col", title: "Exact two-sided McNemar test: that fixed and broken are equally likely" }, "p"),
  ];
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h("table.table.scores", {}, h("caption.offscreen", {}, caption), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...body)),
  );
  return h(
    "section.card",
    { "aria-label": "Accuracy" },
    h("div.row", {}, h("h2", {}, "Accuracy"), csv(found)),
    stamp(found),
    h("div.wide", {}, scroll, hint(scroll)),
    h(
      "p.muted.fine",
      {},
      "Intervals are over pictures and support draws at once; gains are paired, whole against refined, by the same classifier. Fixed are pictures that are named right in more support draws than before, broken in fewer. Controls cost the same views as VCR: what a random view gains too is not due to choosing the view.",
    ),
  );
}

export function csv({ files }) {
  const file = files.get("results.csv");
  return file ? h("a.button", { href: `${file}?name=results.csv`, download: "results.csv" }, "Export CSV") : "";
}

export function ordered(rows) {
  return [...rows].sort((a, b) => ORDER.indexOf(a.refinement) - ORDER.indexOf(b.refinement));
}

function line(row, before, range) {
  const first = row.refinement === "global";
  const name = h(
    "span.runname",
    {},
    h("span", { title: REFINEMENTS[row.refinement]?.[1] }, refinementName(row.refinement)),
    isControl(row.refinement) ? h("small.tag", {}, "control") : "",
  );
  return h(
    `tr${row.refinement === "vcr" ? ".own" : ""}`,
    {},
    h("th", { scope: "row" }, name),
    h("td.num", {}, h("span.measure", {}, h("b", {}, percent(row.accuracy)), small(between(row.low, row.high, (value) => rounded(100 * value))))),
    h("td.num", {}, first ? "–" : gain(row)),
    h("td.plotted", {}, strip(row, before, range)),
    h("td.num", {}, first ? "–" : row.fixed),
    h("td.num", {}, first ? "–" : row.broken),
    h("td.num", {}, first ? "–" : pValue(row.p)),
  );
}

const small = (text) => (text ? h("small", {}, text) : "");

/** A gain with its interval, and in words whether zero is in it. */
export function gain({ difference, difference_low: low, difference_high: high }) {
  const sure = known(low) && known(high) && (low > 0 || high < 0);
  const still = difference === 0 && low === 0 && high === 0;
  const words = sure ? (difference > 0 ? " better" : " worse") : still ? " no change" : " may be chance";
  const kind = sure ? (difference > 0 ? ".good" : ".bad") : "";
  return h("span.measure", {}, h(`span${kind}`, {}, points(difference), known(low) ? small(words) : ""), still ? "" : small(between(low, high, points)));
}

function rangeOf(rows) {
  const values = rows.flatMap((row) => [row.accuracy, row.low, row.high, ...row.seeds]).filter(known);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return [Math.max(0, Math.floor(20 * low) / 20), Math.min(1, Math.ceil(20 * high) / 20)];
}

function strip(row, before, [least, most]) {
  const at = (value) => (ROOM + ((value - least) / (most - least || 1)) * (WIDTH - 2 * ROOM)).toFixed(1);
  const said = `${percent(row.accuracy)}${known(row.low) ? `, 95 %: ${between(row.low, row.high, percent)}` : ""}${row.seeds.length > 1 ? `; seeds: ${row.seeds.map((each) => percent(each)).join(", ")}` : ""}`;
  const middle = HEIGHT / 2;
  const title = svg("title");
  title.textContent = said;
  const parts = [
    before ? svg("path", { class: "whole", d: `M${at(before.accuracy)} 0V${HEIGHT}` }) : null,
    known(row.low) && known(row.high) ? svg("path", { class: "interval", d: `M${at(row.low)} ${middle}H${at(row.high)}` }) : null,
    ...(row.seeds.length > 1 ? row.seeds.map((each) => svg("circle", { class: "seed", cx: at(each), cy: middle + 7, r: 2 })) : []),
    svg("circle", { class: "mean", cx: at(row.accuracy), cy: middle, r: 4 }),
  ].filter(Boolean);
  return svg("svg", { class: `scorestrip ${row.refinement}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": said }, title, ...parts);
}
