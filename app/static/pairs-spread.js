// How the figures of a set are spread: a histogram of each, with the range to type below it, and whether length explains hardness.

import { h } from "./core.js";
import { number } from "./format.js";
import { histogram } from "./pairs-histogram.js";

/**
 * `figures`: [{key, title, about, split, spread}]; `set({key: [low, high]})`. Gives {node, show(state)}.
 */
export function spreads({ figures, state, set, note }) {
  const parts = figures.map((figure) => one(figure, state, set));
  const node = h(
    "section.card.spreads",
    { "aria-label": "Spread" },
    h("h2", {}, "Spread"),
    h("p.muted.fine", {}, "Click or drag over bars, or type a range, to list those pairs."),
    ...parts.map((part) => part.node),
    note ? h("p.fine", {}, note) : "",
  );
  return { node, show: (now) => parts.forEach((part) => part.show(now)) };
}

function one({ key, title, about, split, spread }, state, set) {
  const say = h("p.readout", { "aria-live": "polite" });
  const bars = spread.counts.length
    ? histogram({
        spread,
        range: state[key],
        name: title,
        split,
        onrange: (range) => set({ [key]: range }),
        say: (words) => (say.textContent = words),
      })
    : { node: h("p.muted.fine", {}, "No pair has this figure."), frame: () => {} };
  const fields = ["from", "to"].map((end) =>
    h("input", {
      type: "number",
      step: "any",
      placeholder: end === "from" ? "least" : "most",
      "aria-label": `${title} ${end}`,
      onchange: () => apply(),
    }),
  );
  const apply = () =>
    set({ [key]: fields.map((field) => (field.value === "" ? null : Number(field.value))) });
  const show = (now) => {
    bars.frame(now[key]);
    fields.forEach(
      (field, at) => (field.value = now[key][at] === null ? "" : Number(now[key][at].toPrecision(4))),
    );
  };
  show(state);
  const node = h(
    "figure.spread",
    {},
    h(
      "figcaption",
      {},
      h("b", { title: about }, title),
      h("span.field.inline", {}, fields[0], "to", fields[1]),
    ),
    bars.node,
    say,
  );
  return { node, show };
}

/** Whether length and hardness go together, in words; null below three pairs. */
export function lengthBias({ delta, length_gap: gap, total, sampled }) {
  const r = correlation(delta, gap);
  if (r === null) return null;
  const mean = gap.reduce((sum, value) => sum + value, 0) / gap.length;
  const size = Math.abs(r) < 0.1 ? "hardly go" : Math.abs(r) < 0.3 ? "go a little" : "go";
  const way =
    r >= 0.1
      ? ": the longer answer tends to get more evidence"
      : r <= -0.1
        ? ": the longer answer tends to get less evidence"
        : "";
  const trap =
    Math.abs(r) >= 0.3
      ? " Part of δ is length here, and DPO has a length bias of its own: look at pairs of like length before you trust δ."
      : "";
  const longer =
    Math.abs(mean) < 0.05
      ? "as long as rejected ones"
      : `${Math.abs(mean).toFixed(1)} words ${mean < 0 ? "shorter" : "longer"}`;
  const of = sampled
    ? `a sample of ${number(delta.length)} of ${number(total)} pairs`
    : `${number(total)} pairs`;
  return `Length: hardness and length gap ${size} together over ${of} (correlation ${r.toFixed(2)})${way}. Chosen answers are ${longer} on average.${trap}`;
}

/** Pearson's; null where it is not defined. */
export function correlation(a, b) {
  if (a.length < 3) return null;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, at) => {
    const [x, y] = [value - meanA, b[at] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  });
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}
