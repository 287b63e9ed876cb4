// How many nodes a person has time for: a slider over "nice" numbers, the exact number beside it, and the line in the histogram.

import { h } from "./core.js";
import { title } from "./format.js";
import { number } from "./format.js";
import { histogram, thresholdOf } from "./nodes-histogram.js";
import { countOf } from "./nodes-words.js";

const STOPS = 160;

/** Whole numbers from 1 to `last`, ever further apart: every step of the slider changes the budget. */
export function stops(last) {
  const even = Array.from({ length: STOPS }, (_, at) => Math.round(last ** (at / (STOPS - 1))));
  return [...new Set(even)];
}

/** The figure of a row that the bars are of. */
function barsOf({ asked, histogram: { of } }) {
  return of ?? (asked === null ? "score" : "weighted");
}

/**
 * `view`: an overview as REST gives it; `onset(top)` while the budget changes, `onown()` back to the run's own.
 * Gives {node, show(view), count(counts), mark(row)}.
 */
export function budget({ view, own, onset, onown }) {
  const last = view.nodes;
  const places = stops(last);
  const nearest = (top) => places.reduce((best, stop, at) => (Math.abs(stop - top) < Math.abs(places[best] - top) ? at : best), 0);
  const slider = h("input", {
    type: "range",
    min: 0,
    max: places.length - 1,
    step: 1,
    id: "nodes-top",
    oninput: () => choose(places[Number(slider.value)]),
  });
  const exact = h("input", {
    type: "number",
    min: 1,
    max: last,
    "aria-label": "Budget, number of nodes",
    onchange: () => {
      exact.value = Math.max(1, Math.min(last, Math.floor(Number(exact.value)) || 1));
      choose(Number(exact.value));
    },
  });
  const back = h("button.button.quiet", { type: "button", onclick: onown }, `Back to ${number(own)}`);
  const live = h("p.livecount", { role: "status" });
  const reviewed = h("p.muted.fine");
  const box = h("div");
  let [spread, top, plot] = [view.histogram, view.top, null];

  const draw = (threshold, flagged) => {
    slider.value = nearest(top);
    slider.setAttribute("aria-valuetext", `${number(top)} nodes`);
    if (document.activeElement !== exact) exact.value = top; // else an answer would undo what is being typed
    live.textContent = `${countOf(top, last)} nodes flagged`;
    back.hidden = top === own;
    plot.cut(threshold, top, flagged);
  };
  const choose = (now) => {
    top = now;
    draw(thresholdOf(spread, top));
    onset(top);
  };
  const show = (now) => {
    const same = plot && JSON.stringify(now.histogram.edges) === JSON.stringify(spread.edges) && now.asked === view.asked;
    [view, spread, top] = [now, now.histogram, now.top];
    if (!same) {
      plot = histogram({ spread, name: barsOf(now) === "score" ? "Score" : title(now.measure), ondrag: choose });
      box.replaceChildren(plot.node);
    }
    // Where bars are of another figure than what ranks, the line is read off them.
    draw(barsOf(now) === "error" ? thresholdOf(spread, top) : now.threshold, spread.flagged);
  };
  show(view);
  const node = h(
    "section.card.nodebudget",
    { "aria-label": "Budget" },
    h(
      "div.budgetline",
      {},
      h("h2", {}, "How many to look at"),
      h("label.offscreen", { htmlFor: "nodes-top" }, "Budget"),
      slider,
      exact,
      back,
    ),
    h("div.counted", {}, live, reviewed),
    box,
    h(
      "p.muted.fine",
      {},
      "Dark is flagged; drag the line. Heights are on a logarithmic scale. A score ranks nodes: it is no probability.",
    ),
  );
  return {
    node,
    show,
    mark: (row) => plot.mark(row ? row[barsOf(view)] : null, row?.name),
    /** What was decided of the flagged nodes. */
    count: ({ confirm, dismiss, unsure, flagged_unreviewed: left }) =>
      (reviewed.textContent = `${number(left)} not looked at · in the whole graph ${number(confirm)} confirmed, ${number(dismiss)} dismissed, ${number(unsure)} unsure`),
  };
}
