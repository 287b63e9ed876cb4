// What training made of one pair, step by step: its reward gap, its beta, and whether the draw kept it.

import { h, svg } from "./core.js";
import { number } from "./format.js";
import { fitted } from "./frontier.js";
import { table } from "./table.js";

const LEFT = 84;
const WIDEST = 900;
const BANDS = { gap: [8, 64], beta: [90, 124], kept: 146 };
const HEIGHT = 174;

/** `steps`: [{step, gap, beta, kept, loss, weight, factor}], at least one, in order. */
export function strip(steps) {
  const readout = h("p.readout", { "aria-live": "polite" }, said(steps.at(-1)));
  const holder = fitted((width) =>
    drawing(steps, Math.min(WIDEST, width), (row) => (readout.textContent = said(row))),
  );
  return h("div", {}, holder, readout, twin(steps));
}

function drawing(steps, width, say) {
  const first = steps[0].step;
  const span = steps.at(-1).step - first || 1;
  const across = (step) => LEFT + 8 + ((step - first) / span) * (width - LEFT - 20);
  const cursor = svg("path", { class: "cursor", d: "" });
  const ends = steps.length > 1 ? [steps[0], steps.at(-1)] : [steps[0]];
  const plot = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
      class: "pairstrip",
      tabindex: "0",
      role: "img",
      "aria-label": summary(steps),
    },
    ...band(steps, "gap", across, width, true),
    ...band(steps, "beta", across, width, false),
    text("kept", { x: 0, y: BANDS.kept + 4, class: "band" }),
    ...steps.map((row) => drawn(row, across(row.step))),
    text("step", { x: 0, y: HEIGHT - 4, class: "band" }),
    ...ends.map((row, at) =>
      text(number(row.step), { x: across(row.step), y: HEIGHT - 4, "text-anchor": at ? "end" : "start" }),
    ),
    cursor,
  );
  let at = steps.length - 1;
  const go = (place) => {
    at = Math.max(0, Math.min(steps.length - 1, place));
    say(steps[at]);
    cursor.setAttribute("d", `M${across(steps[at].step)} 4V${BANDS.kept + 10}`);
  };
  plot.addEventListener("pointermove", (event) => {
    const x = event.clientX - plot.getBoundingClientRect().left;
    const gap = (row) => Math.abs(across(row.step) - x);
    go(steps.reduce((best, row, place) => (gap(row) < gap(steps[best]) ? place : best), 0));
  });
  plot.addEventListener("keydown", (event) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: steps.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  });
  return plot;
}

function text(words, attributes) {
  const node = svg("text", attributes);
  node.textContent = words;
  return node;
}

function band(steps, key, across, width, withZero) {
  const [top, bottom] = BANDS[key];
  const values = steps.map((row) => row[key]).filter(Number.isFinite);
  const low = Math.min(...values, ...(withZero ? [0] : []));
  const high = Math.max(...values, ...(withZero ? [0] : []));
  const up = (value) => bottom - ((value - low) / (high - low || 1)) * (bottom - top);
  const points = steps
    .filter((row) => Number.isFinite(row[key]))
    .map((row) => `${across(row.step).toFixed(1)} ${up(row[key]).toFixed(1)}`);
  const line = svg("path", {
    class: "stroke",
    d: `M${points.join("L")}${points.length === 1 ? "h0.1" : ""}`,
  });
  const zero = withZero ? [svg("path", { class: "zero", d: `M${LEFT} ${up(0)}H${width - 8}` })] : [];
  const ends =
    low === high
      ? [[low, (top + bottom) / 2 + 4]]
      : [
          [high, top + 4],
          [low, bottom + 4],
        ];
  return [
    ...zero,
    text(key, { x: 0, y: (top + bottom) / 2 + 4, class: "band" }),
    ...ends.map(([value, y]) =>
      text(number(Number(value.toPrecision(3))), { x: LEFT - 8, y, "text-anchor": "end" }),
    ),
    line,
  ];
}

/** Kept: a filled square. Dropped from the loss: a cross. */
function drawn(row, x) {
  const y = BANDS.kept;
  return row.kept
    ? svg("path", { class: "kept", d: `M${x - 4} ${y - 4}h8v8h-8z` })
    : svg("path", { class: "dropped", d: `M${x - 4} ${y - 4}l8 8M${x - 4} ${y + 4}l8 -8` });
}

function said(row) {
  return `step ${number(row.step)}: gap ${number(row.gap)}, beta ${number(row.beta)}, ${row.kept ? "kept" : "dropped from the loss"}, loss ${number(row.loss)}, gradient weight ${number(row.weight)}`;
}

function summary(steps) {
  const kept = steps.filter((row) => row.kept).length;
  return `Seen in ${steps.length} steps, kept in ${kept}; gap from ${number(steps[0].gap)} to ${number(steps.at(-1).gap)}. Arrows walk over the steps; the table below has the numbers.`;
}

function twin(steps) {
  const figure = (key, title) => ({
    key,
    title,
    num: true,
    value: (row) => row[key],
    cell: (row) => number(row[key]),
  });
  const columns = [
    figure("step", "Step"),
    figure("gap", "Gap"),
    figure("factor", "Data factor"),
    figure("beta", "Beta"),
    {
      key: "kept",
      title: "Draw",
      value: (row) => (row.kept ? 1 : 0),
      cell: (row) => (row.kept ? "kept" : "dropped"),
    },
    figure("loss", "Loss"),
    figure("weight", "Gradient weight"),
  ];
  const box = h("div");
  const fill = () => box.append(table({ caption: "The pair's training steps", columns, rows: steps }));
  return h(
    "details",
    { ontoggle: () => box.childElementCount || fill() },
    h("summary", {}, "Steps as a table"),
    box,
  );
}
