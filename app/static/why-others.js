// A node beside those of the same degree, and what other detectors say of it.

import { h } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";

export function peers({ peers: found, error, measure, node }) {
  const range = found.low === found.high ? number(found.low) : `${number(found.low)} to ${number(found.high)}`;
  const links = found.high === 1 ? "link" : "links";
  if (found.number < 2) return h("section.whypart", { "aria-label": "Among nodes of its degree" }, h("h4", {}, "Among nodes of its degree"), h("p", {}, `No other node has ${range} ${links}.`));
  const times = error !== null && error !== undefined && found.median_error ? `; their median ${measure} is ${number(found.median_error)}, its own ${number(error)}` : "";
  return h(
    "section.whypart",
    { "aria-label": "Among nodes of its degree" },
    h("h4", {}, "Among nodes of its degree"),
    h("p", {}, `Of the ${number(found.number)} nodes with ${range} ${links} it is at percentile ${percent(found.percentile)}${times}.`),
    meters([["among all", node.percentile], ["among its degree", found.percentile]]),
  );
}

export function opinions({ second, node, detector }) {
  const others = second.filter(({ name }) => name !== SAME[detector]);
  if (!others.length) return "";
  return h(
    "section.whypart",
    { "aria-label": "Second opinions" },
    h("h4", {}, "Second opinions"),
    h("p.muted.fine", {}, "Its percentile by the plain controls. Where a trivial score puts it as high, the detector adds little."),
    meters([["this detector", node.percentile], ...others.map(({ name, percentile }) => [NAMES[name] ?? name, percentile])]),
  );
}

const SAME = { autoencoder: "plain", degree: "degree", feature_norm: "norm", forest: "forest" }; // a detector's own score
const NAMES = { plain: "Plain autoencoder", degree: "Out-degree", norm: "Feature norm", forest: "Isolation Forest" };

/** Percentiles as bars under each other, the first in the detector's colour. */
function meters(rows) {
  return h(
    "dl.whymeters",
    {},
    ...rows.flatMap(([name, value], place) => {
      const piece = h(place ? "i" : "i.own");
      piece.style.width = `${100 * (value ?? 0)}%`;
      return [h("dt", {}, name), h("dd", {}, h("span.track", { "aria-hidden": "true" }, piece), h("span.num", {}, percent(value)))];
    }),
  );
}
