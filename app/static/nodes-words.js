// How figures of nodes are written: percentiles, shares, how steady a rank is.

import { h } from "./core.js";
import { number } from "./format.js";

export const SECOND = [
  ["plain_percentile", "Plain autoencoder", "A"],
  ["degree_percentile", "Out-degree", "D"],
  ["norm_percentile", "Feature norm", "N"],
  ["forest_percentile", "Isolation Forest", "F"],
];
const STEADY = 0.01; // standard deviation of the percentile, in 0..1
const LOOSE = 0.05;

/** 0.99975 -> "99.98": never rounded up to 100. */
export function percentile(value) {
  if (value === null || value === undefined) return "–";
  const percent = 100 * value;
  const digits = percent >= 99 ? 2 : percent >= 10 ? 1 : 2;
  return String(Math.min(percent, 99.99).toFixed(digits));
}

export function share(value) {
  return `${Math.round(100 * value)} %`;
}

/** A count of a whole: "20 of 2,000 (1 %)". */
export function countOf(part, whole) {
  const percent = whole ? (100 * part) / whole : 0;
  return `${number(part)} of ${number(whole)} (${number(Number(percent.toPrecision(2)))} %)`;
}

/** How steady a node's percentile is over the views: [word, sign, class]. */
export function steadiness(sd) {
  if (sd <= STEADY) return ["steady", "●", "steady"];
  return sd <= LOOSE ? ["moves", "◐", "moves"] : ["loose", "○", "loose"];
}

/** The same as a chip; a dash where only one view was made. */
export function stabilityChip(sd) {
  if (sd === null || sd === undefined) return h("span.muted", {}, "–");
  const [word, sign, kind] = steadiness(sd);
  const points = number(Number((100 * sd).toPrecision(2)));
  return h(
    `span.stability.${kind}`,
    { title: `Its percentile has a standard deviation of ${points} points over the views (noise levels, draws, repeats)` },
    h("span", { "aria-hidden": "true" }, sign),
    ` ${word} `,
    h("small.muted", {}, `±${points}`),
  );
}

/** How the two parts share a node's error or evidence under weight `w` of the attributes; null where it has no parts. */
export function parts(row, w) {
  if (row.attribute === null || row.attribute === undefined || row.structure === null) return null;
  const [attribute, structure] = [w * row.attribute, (1 - w) * row.structure];
  const whole = attribute + structure;
  return { attribute, structure, share: whole > 0 ? attribute / whole : 0 };
}
