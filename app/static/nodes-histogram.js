// How the scores of all nodes are spread, the flagged ones dark, with the line of the budget, which can be dragged.

import { h, svg } from "./core.js";
import { number } from "./format.js";
import { fitted } from "./frontier.js";
import { table } from "./table.js";

const HEIGHT = 116;
const EDGE = { left: 8, right: 10, top: 16, bottom: 20 };

/** The score above which the histogram has `top` nodes, read off its bars. */
export function thresholdOf({ edges, counts }, top) {
  let above = 0;
  for (let bin = counts.length - 1; bin >= 0; bin -= 1) {
    if (above + counts[bin] >= top) {
      const inside = counts[bin] ? (top - above) / counts[bin] : 0;
      return edges[bin + 1] - inside * (edges[bin + 1] - edges[bin]);
    }
    above += counts[bin];
  }
  return edges[0];
}

/** How many nodes the histogram has above `score`, read off its bars. */
export function above({ edges, counts }, score) {
  return counts.reduce((sum, count, bin) => {
    const [low, high] = [edges[bin], edges[bin + 1]];
    const part = high > low ? (high - score) / (high - low) : Number(high > score);
    return sum + count * Math.max(0, Math.min(1, part));
  }, 0);
}

/**
 * `spread`: {edges, counts, flagged, scale}; `name`: of what; `ondrag(top)` while the line is dragged. Gives {node,
 * cut(threshold, top, flagged), mark(score, name)}: `flagged` counts those of each bar, the mark is that of the node that is shown.
 */
export function histogram({ spread, name, ondrag }) {
  let drawn = null;
  const shown = { threshold: null, top: 0, flagged: spread.flagged, score: null, marked: "" };
  const show = () => drawn?.show(shown);
  const picture = fitted((width) => {
    drawn = drawing(spread, name, width, ondrag);
    show();
    return drawn.plot;
  });
  const node = h(
    "figure.nodespread",
    {},
    picture,
    h("details", {}, h("summary", {}, "As a table"), twin(spread, name)),
  );
  return {
    node,
    cut: (threshold, top, flagged) => (Object.assign(shown, { threshold, top, flagged }), show()),
    mark: (score, marked) => (Object.assign(shown, { score, marked }), show()),
  };
}

function drawing(spread, name, width, ondrag) {
  const { edges, counts } = spread;
  const [low, high] = [edges[0], edges.at(-1)];
  const bottom = HEIGHT - EDGE.bottom;
  const room = width - EDGE.left - EDGE.right;
  const { place, value } = axis(spread);
  const across = (score) => EDGE.left + place(score) * room;
  const scale = Math.log1p(Math.max(1, ...counts)); // one node of a million is still to be seen
  const tall = (count) => (count ? Math.max(2, (Math.log1p(count) / scale) * (bottom - EDGE.top)) : 0);
  const bars = (kind) => counts.map((_, bin) => svg("rect", { class: kind, x: across(edges[bin]) + 0.5, width: Math.max(0.5, across(edges[bin + 1]) - across(edges[bin]) - 1) }));
  const fill = (bar, height) => {
    bar.setAttribute("y", bottom - height);
    bar.setAttribute("height", height);
  };
  const [all, dark] = [bars("bin"), bars("bin flagged")];
  all.forEach((bar, bin) => fill(bar, tall(counts[bin])));
  const text = (words, x, y, anchor, kind = "") => {
    const node = svg("text", { x, y, "text-anchor": anchor, class: kind });
    node.textContent = words;
    return node;
  };
  const line = svg("path", { class: "cut", d: "" });
  const handle = svg("rect", { class: "handle", y: EDGE.top - 10, width: 12, height: 10, rx: 2 });
  const node = svg("path", { class: "here", d: "", visibility: "hidden" });
  const plot = svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "frontier nodehistogram", role: "img" },
    ...all,
    ...dark,
    svg("path", { class: "axis", d: `M${EDGE.left} ${bottom}H${width - EDGE.right}` }),
    text(number(Number(low.toPrecision(3))), EDGE.left, HEIGHT - 6, "start"),
    text(name, EDGE.left + room / 2, HEIGHT - 6, "middle"),
    text(number(Number(high.toPrecision(3))), width - EDGE.right, HEIGHT - 6, "end"),
    line,
    handle,
    node,
  );
  const show = ({ threshold, top, flagged, score, marked }) => {
    plot.setAttribute("aria-label", told({ name, counts, threshold, top, score, marked }));
    node.setAttribute("visibility", score === null ? "hidden" : "visible");
    if (score !== null) {
      const x = across(score);
      node.setAttribute("d", `M${x} ${bottom}l-5 8h10z`);
    }
    if (threshold === null) return;
    const x = across(threshold);
    line.setAttribute("d", `M${x} ${EDGE.top - 10}V${bottom}`);
    handle.setAttribute("x", x - 6);
    const inside = flagged ?? counts.map((count, bin) => (edges[bin + 1] > threshold ? count : 0)); // read off while it is dragged
    dark.forEach((bar, bin) => fill(bar, counts[bin] ? tall(counts[bin]) * Math.min(1, inside[bin] / counts[bin]) : 0));
  };
  drag(plot, (x) => {
    ondrag(Math.max(1, Math.round(above(spread, value((x * width - EDGE.left) / room)))));
  });
  return { plot, show };
}

/** Where a score lies between the ends of the bars, 0 to 1, and the other way round: even, or even in its logarithm. */
function axis({ edges, scale }) {
  const [to, from] = scale === "log" ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  const [low, high] = [to(edges[0]), to(edges.at(-1))];
  const inside = (score) => Math.max(edges[0], Math.min(edges.at(-1), score));
  return {
    place: (score) => (to(inside(score)) - low) / (high - low || 1),
    value: (share) => from(low + Math.max(0, Math.min(1, share)) * (high - low)),
  };
}

function drag(plot, tell) {
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    tell((event.clientX - box.left) / box.width);
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    at(event);
  });
  plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && at(event));
}

function told({ name, counts, threshold, top, score, marked }) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const line = threshold === null ? "" : `; the line at ${number(Number(threshold.toPrecision(4)))} leaves ${number(top)} above it`;
  const here = score === null ? "" : `; ${marked} is at ${number(Number(score.toPrecision(4)))}`;
  return `${name} of ${number(all)} nodes in ${counts.length} bars, their heights on a logarithmic scale${line}${here}`;
}

function twin({ edges, counts }, name) {
  const rows = counts.map((count, bin) => ({ low: edges[bin], high: edges[bin + 1], count })).filter(({ count }) => count);
  const figure = (key, title) => ({ key, title, num: true, sort: false, head: false, cell: (row) => number(Number(row[key].toPrecision(4))) });
  const columns = [figure("low", `${name} from`), figure("high", "to"), figure("count", "Nodes")];
  return table({ caption: `${name} by bar`, columns, rows: rows.reverse() });
}
