// What the score of a node is made of, as one bar that adds up to it; beside it the plain autoencoder's.

import { h } from "./core.js";
import { number } from "./format.js";

const PLAIN = "autoencoder"; // the detector that is its own plain control
const EVIDENCE =
  "Evidence is −ln(1 − percentile), in nats: of its features, of its links, and of how unlike it its neighbours are. The mean of each is 1; the highest hundredth begins at 4.6. Their weighted sum ranks nodes and is no probability.";
const TOLERANCE = 1e-4; // of the whole: parts are kept as 32-bit floats

/** Every part that the answer lists, summed by kind; `unlike` is null where the measure has no such part. */
export function sums(why) {
  const total = (rows) => (rows ?? []).reduce((sum, row) => sum + row.part, 0);
  const unlike = why.unlike ?? null;
  return {
    features: total(why.features) + (why.features_rest ?? 0),
    links: total(why.links) + (why.links_rest ?? 0) - (unlike ?? 0),
    unlike,
    absent: why.absent?.part ?? 0,
  };
}

function kindsOf(sum, model) {
  return [
    { name: "features", kind: "attribute", value: sum.features, about: model ? "what it is: features that the model did not expect" : "what it is: features far from the mean of all nodes" },
    { name: "links it has", kind: "structure", value: sum.links, about: model ? "links that the model did not expect, or not so many" : "how many links it has" },
    { name: "neighbours unlike it", kind: "unlike", value: sum.unlike, about: "links to nodes whose features differ from its own" },
    { name: "links it lacks", kind: "lacking", value: model ? sum.absent : null, about: "links that the model expected and that are absent" },
  ].filter(({ value }) => value !== null);
}

export function parts(why) {
  const { measure } = why;
  const sum = sums(why);
  const kinds = kindsOf(sum, why.modelled);
  const plain = why.detector === PLAIN ? null : why.plain;
  const scale = Math.max(why.error, plain?.error ?? 0) || 1;
  const heading = `What its ${measure} is made of`;
  return h(
    "section.whypart",
    { "aria-label": heading },
    h("h4", {}, heading),
    measure === "evidence" ? h("p.muted.fine", {}, EVIDENCE) : "",
    h(
      "div.whybars",
      {},
      bar("This detector", kinds, why.error, scale),
      plain ? bar("Plain autoencoder", [{ kind: "plain", name: measure, value: plain.error }], plain.error, scale) : "",
    ),
    h("ul.whylegend", {}, ...kinds.map((part) => item(part, why.error))),
    plain ? removing(plain, measure) : "",
    check(kinds, why),
  );
}

function bar(name, kinds, total, scale) {
  const words = kinds.map((part) => `${part.name} ${number(part.value)}`).join(", ");
  return h(
    "div.whybar",
    {},
    h("span", {}, name),
    h(
      "div.track",
      { role: "img", "aria-label": `${name}: ${words}` },
      ...kinds.filter((part) => part.value > 0).map((part) => {
        const piece = h(`i.${part.kind}`, { title: `${part.name}: ${number(part.value)}` });
        piece.style.width = `${(100 * part.value) / scale}%`;
        return piece;
      }),
    ),
    h("b.num", {}, number(total)),
  );
}

function item({ name, kind, value, about }, error) {
  return h("li", {}, h(`i.swatch.${kind}`, { "aria-hidden": "true" }), h("span", {}, h("b", {}, `${name} ${share(value, error)}`), h("small.muted", {}, ` ${number(value)} · ${about}`)));
}

export function share(part, error) {
  if (!error) return "–";
  const value = (100 * part) / error;
  return value > 0 && value < 0.1 ? "< 0.1 %" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

function removing({ difference }, measure) {
  return h("p.muted.fine", {}, `Diffusion changes it: ${number(Math.abs(difference))} ${difference >= 0 ? "more" : "less"} ${measure} than by the plain autoencoder.`);
}

/** Whether what is listed adds up, said with its numbers. */
function check(kinds, { error, weight, measure }) {
  const total = kinds.reduce((sum, { value }) => sum + value, 0);
  const apart = Math.abs(total - error);
  const holds = apart <= TOLERANCE * Math.max(Math.abs(error), 1e-12);
  const words = `${kinds.map(({ value }) => number(value)).join(" + ")} = ${number(total)}`;
  const note = weight === null || weight === undefined ? "" : ` Features weigh ${number(weight)}, links ${number(1 - weight)}.`;
  return h(
    holds ? "p.fine.good" : "p.fine.bad",
    {},
    holds ? `✓ The parts add up to the ${measure}: ${words}.` : `✕ The parts do not add up: ${words}, the ${measure} is ${number(error)}.`,
    h("span.muted", {}, note),
  );
}
