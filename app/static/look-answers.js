// Top five before and after for every classifier, each with what it gained or lost.

import { h } from "./core.js";
import { AFTER, BEFORE, beside, changes, classifierName, first, percent, refinementName } from "./look-data.js";
import { table } from "./table.js";

const SHOWN = 6;
const LEAST = 0.0005; // a smaller probability is 0.0 % as written

/** Cards of all classifiers for one picture; `previous` is the same picture in the look before, or undefined. */
export function answers(picture, refinement, previous) {
  const names = Object.keys(picture.answers);
  const cards = names.map((name) => card(picture, name, refinement, previous));
  const rows = names.flatMap((name) => {
    const { rows: each, ...least } = beside(picture, name, refinement);
    return each.map((row) => ({ classifier: name, ...row, ...least }));
  });
  const said = refinement === AFTER ? "" : h("p.fine.afterwhat", {}, "After: ", h("b", {}, refinementName(refinement)), ", chosen below");
  return h("div.lookanswers", {}, said, h("div.answercards", {}, ...cards), twin(rows, refinement));
}

function card(picture, classifier, refinement, previous) {
  const [before, after] = [first(picture, classifier, BEFORE), first(picture, classifier, refinement)];
  const changed = changes(picture, classifier, refinement);
  const { rows, ...least } = beside(picture, classifier, refinement);
  const was = previous && first(previous, classifier, refinement);
  return h(
    `article.answercard${changed ? ".changed" : ""}`,
    { "aria-label": classifierName(classifier) },
    h("header", {}, h("h4", {}, classifierName(classifier)), h("span.muted.fine", { title: "Probabilities in percent, and their difference in points" }, "before · after · points")),
    h(
      "p.lookanswer",
      {},
      changed ? [named(before, picture), h("span.arrow", { "aria-label": "becomes" }, " → "), named(after, picture)] : [named(after, picture), h("small.muted", {}, " as before")],
    ),
    was && was[0] !== after[0] ? h("p.fine.waslook", {}, `In the look before: ${was[0]}`) : "",
    h("ol.beforeafter", {}, ...rows.slice(0, SHOWN).map((row) => line(row, least))),
  );
}

function named([name], { label }) {
  if (label === null || label === undefined) return h("b", {}, name);
  const right = name === label;
  return h(`b.${right ? "right" : "wrong"}`, { title: right ? "right" : `wrong: it is ${label}` }, name, h("span.verdictmark", { "aria-label": right ? "right" : "wrong" }, right ? " ✓" : " ✗"));
}

function line(row, least) {
  const [was, is] = [row.before ?? least.beforeLeast, row.after ?? least.afterLeast];
  return h(
    "li",
    {},
    h("span.name", { title: row.name }, row.name),
    h("span.twobars", { "aria-hidden": "true" }, h(`i.was${row.before === null ? ".least" : ""}`, { style: `width:${100 * was}%` }), h(`i.is${row.after === null ? ".least" : ""}`, { style: `width:${100 * is}%` })),
    h("span.figures", {}, h("span.muted", {}, share(row.before, was)), " ", h("b", {}, share(row.after, is))),
    delta(row),
  );
}

const share = (value, least) => (value === null ? bound(least) : percent(value));
const bound = (least) => (least < LEAST ? percent(0) : `< ${percent(least)}`);

/** In points; nothing where a class is outside of one top five, so that only a bound is known. */
function delta({ before, after }) {
  if (before === null) return h("span.delta.up", { title: "it was not among the first five" }, "new");
  if (after === null) return h("span.delta.down", { title: "it is no longer among the first five" }, "gone");
  const points = 100 * (after - before);
  if (Math.abs(points) < 0.05) return h("span.delta.muted", {}, "0.0");
  return h(`span.delta.${points > 0 ? "up" : "down"}`, {}, `${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)}`);
}

function twin(rows, refinement) {
  const probability = (value) => (value === null ? "–" : `${percent(value)} %`);
  const columns = [
    { key: "classifier", title: "Classifier", value: (row) => classifierName(row.classifier), cell: (row) => classifierName(row.classifier) },
    { key: "class", title: "Class", value: (row) => row.name, cell: (row) => row.name },
    { key: "before", title: refinementName(BEFORE), num: true, value: (row) => row.before, cell: (row) => probability(row.before) },
    { key: "after", title: refinementName(refinement), num: true, value: (row) => row.after, cell: (row) => probability(row.after) },
    {
      key: "delta",
      title: "Difference, points",
      num: true,
      value: (row) => (row.before === null || row.after === null ? null : row.after - row.before),
      cell: (row) => (row.before === null || row.after === null ? "–" : (100 * (row.after - row.before)).toFixed(1)),
    },
  ];
  return h("details.fine", {}, h("summary", {}, "Answers as a table"), table({ caption: `Answers before and after: ${refinementName(refinement ?? AFTER)}`, columns, rows }));
}
