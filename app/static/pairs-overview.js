// The whole set at a glance: the spread of a figure, and every pair between what CLIP and what the model says of its label.

import { h } from "./core.js";
import { number } from "./format.js";
import { select } from "./fields.js";
import { VERDICTS } from "./pairs-reviews.js";
import { QUARTERS, quarterOf, quarters } from "./pairs-quarters.js";
import { kindsLegend, scatter } from "./pairs-scatter.js";
import { lengthBias, spreads } from "./pairs-spread.js";

const LONGER = 2; // words by which an answer must be longer to be called so
const MOST_LEVELS = 7;
const COLOURS = { level: "level", form: "form", verdict: "review", length: "length gap" };
const BY_LENGTH = {
  names: { x: "Hardness δ", y: "Length gap, words" },
  quarters: ["CLIP agrees", "CLIP disagrees", "", ""],
};
const BY_GAP = {
  names: { x: "Hardness δ", y: "Reward gap" },
  quarters: Object.values(QUARTERS).map((quarter) => quarter.name),
};

/**
 * `points`: as REST gives them; `figures`: those of the spread, with {edges, counts}. `set(change)` narrows the list, `onopen(pairId)`.
 * Gives {node, show(state), mark(pairId), review(pairId, verdict)}.
 */
export function overview({ points, figures, state, trainer, set, onopen }) {
  const upKey = points.gap ? "gap" : "length_gap";
  const rest = having(points, upKey);
  const view = upKey === "gap" ? BY_GAP : BY_LENGTH;
  const say = h("p.readout", { "aria-live": "polite" });
  const legendBox = h("div");
  const plotBox = h("div");
  let plot;
  const draw = () => {
    const colour = COLOURS[state.colour] ? state.colour : startColour(rest);
    const { kinds, kind } = KINDS[colour](rest);
    plot = scatter({
      points: { x: rest.delta, y: upKey === "gap" ? rest.gap : apart(rest), kind },
      kinds,
      ...view,
      label: `${view.names.y} against hardness of ${rest.pair_id.length} pairs. Drag a rectangle, or type ranges below, to list what is inside; arrows walk over the points, Enter shows a pair.`,
      told: (at) => told(rest, at, upKey),
      say: (words) => (say.textContent = words),
      chosen: rest.pair_id.indexOf(state.pair),
      ranges: { x: state.delta, y: state[upKey] },
      onrange: (ranges) =>
        ranges
          ? set({ delta: ranges.x, [upKey]: ranges.y })
          : plot.frame({ x: state.delta, y: state[upKey] }),
      onopen: (at) => onopen(rest.pair_id[at]),
    });
    plotBox.replaceChildren(plot.node);
    legendBox.replaceChildren(kindsLegend(kinds, kind));
    chooser.input.value = colour;
  };
  const chooser = select("Colour by", Object.entries(COLOURS), (value) => {
    set({ colour: value });
    draw();
  });
  const parts = upKey === "gap" ? quarters(rest, (quarter) => set({ quarter })) : null;
  const side = spreads({ figures, state, set, note: lengthBias(having(points, "length_gap")) });
  const node = h(
    "div.pairsview",
    {},
    h(
      "section.card",
      { "aria-label": "All pairs" },
      h(
        "div.row",
        {},
        h(
          "h2",
          {},
          upKey === "gap" ? "What CLIP says, what the model has learnt" : "What CLIP says of each label",
        ),
        chooser.node,
      ),
      h("p.muted.fine", {}, about(points, rest, upKey, trainer)),
      plotBox,
      legendBox,
      say,
      parts?.node ?? "",
    ),
    side.node,
  );
  draw();
  parts?.show(state.quarter);
  return {
    node,
    show: (now) => {
      state = now;
      plot.frame({ x: state.delta, y: state[upKey] });
      side.show(state);
      parts?.show(state.quarter);
    },
    mark: (pairId) => plot.mark(rest.pair_id.indexOf(pairId)),
    review: (pairId, verdict) => {
      const at = rest.pair_id.indexOf(pairId);
      if (at < 0) return;
      rest.verdict[at] = verdict;
      if (chooser.input.value === "verdict") draw();
    },
  };
}

/** Length gaps, moved by less than half a word so that points of whole numbers do not hide each other; the same each time. */
function apart({ length_gap: gap, pair_id: ids }) {
  return gap.map((value, at) => value + 0.8 * (parseInt(ids[at].slice(-4), 16) / 0xffff - 0.5));
}

/** The pairs that have both figures: one that the training has not seen has no gap. */
function having(points, key) {
  const known = (at) => Number.isFinite(points.delta[at]) && Number.isFinite(points[key][at]);
  const seen = points.pair_id.map((_, at) => at).filter(known);
  if (seen.length === points.pair_id.length) return points;
  const lists = Object.entries(points).filter(([, value]) => Array.isArray(value));
  return {
    ...points,
    ...Object.fromEntries(lists.map(([key, value]) => [key, seen.map((at) => value[at])])),
  };
}

function about(points, rest, upKey, trainer) {
  const sampled = points.sampled
    ? `A sample of ${number(points.pair_id.length)} of ${number(points.total)} pairs. `
    : "";
  const unseen = points.pair_id.length - rest.pair_id.length;
  if (upKey === "length_gap")
    return `${sampled}Across: CLIP's evidence for the chosen answer minus that for the rejected one. Up: the length gap, since no training run is chosen above; with one, it is how far the model has learnt each pair. Points are moved by less than half a word, so that they do not hide each other.`;
  return `${sampled}Up: how much more ${trainer?.title || "the model"} now prefers the chosen answer than its reference does (last gap seen, before that step's own update: 0 for what only the first step saw). ${unseen ? `${number(unseen)} pairs it has not seen are not drawn. ` : ""}Drag a rectangle to list what is in it.`;
}

function startColour(points) {
  return new Set(points.level).size > 1 ? "level" : "length";
}

const KINDS = {
  level: ({ level }) => {
    const all = [...new Set(level)].sort((a, b) =>
      String(a).localeCompare(String(b), "en", { numeric: true }),
    );
    const names = all.slice(0, all.length > MOST_LEVELS + 1 ? MOST_LEVELS : all.length);
    const kinds = [
      ...names.map((name) => name || "no level"),
      ...(names.length < all.length ? ["other levels"] : []),
    ];
    return { kinds, kind: level.map((name) => (names.includes(name) ? names.indexOf(name) : names.length)) };
  },
  verdict: ({ verdict }) => {
    const keys = [null, ...Object.keys(VERDICTS)];
    return {
      kinds: ["not reviewed", ...Object.values(VERDICTS).map((each) => each.said.toLowerCase())],
      kind: verdict.map((one) => Math.max(0, keys.indexOf(one))),
    };
  },
  form: ({ delta, by_form: form }) => ({
    kinds: ["CLIP agrees with the label", "contested by form only", "contested: CLIP disagrees"],
    kind: delta.map((value, at) => (value >= 0 ? 0 : form[at] ? 1 : 2)),
  }),
  length: ({ length_gap: gap }) => ({
    kinds: [
      `chosen longer by more than ${LONGER} words`,
      "about as long",
      `rejected longer by more than ${LONGER} words`,
    ],
    kind: gap.map((value) => (value > LONGER ? 0 : value >= -LONGER ? 1 : 2)),
  }),
};

function told(points, at, upKey) {
  const form = points.by_form[at] ? ", below 0 by form only" : "";
  const place = `pair ${points.position[at]}: hardness ${number(points.delta[at])}${form}`;
  const level = points.level[at] ? `, level ${points.level[at]}` : "";
  const verdict = VERDICTS[points.verdict[at]]?.said.toLowerCase() ?? "not reviewed";
  if (upKey === "length_gap")
    return `${place}, length gap ${number(points.length_gap[at])} words${level}, ${verdict}`;
  const quarter = QUARTERS[quarterOf(points.delta[at], points.gap[at])];
  return `${place}, gap ${number(points.gap[at])} (${quarter.name}: ${quarter.about})${level}, ${verdict}`;
}
