// How a figure is spread over the set: bars to click or drag over; with the keyboard, arrows walk, shift marks, Enter lists.

import { svg } from "./core.js";
import { number } from "./format.js";
import { fitted } from "./frontier.js";

const HEIGHT = 104;
const LABEL = 56; // room that the label of an end may take
const EDGE = { left: 8, right: 8, top: 6, bottom: 20 };

/** `spread`: {edges, counts} of the whole set; `range`: [low, high], null where open; `onrange([low, high])`; `say(words)`. */
export function histogram({ spread, range, name, split = false, onrange, say }) {
  let drawn = null;
  const node = fitted((width) => {
    drawn = drawing({ ...spread, name, split, onrange, say }, width);
    drawn.frame(range);
    return drawn.plot;
  });
  return { node, frame: (next) => ((range = next), drawn?.frame(next)) };
}

function drawing({ edges, counts, name, split, onrange, say }, width) {
  const most = Math.max(1, ...counts);
  const [low, high] = [edges[0], edges.at(-1)];
  const across = (value) =>
    EDGE.left +
    ((Math.max(low, Math.min(high, value)) - low) / (high - low || 1)) * (width - EDGE.left - EDGE.right);
  const bottom = HEIGHT - EDGE.bottom;
  const bars = counts.map((count, bin) => {
    const [x0, x1] = [across(edges[bin]), across(edges[bin + 1])];
    const height = count ? Math.max(1, (count / most) * (bottom - EDGE.top)) : 0;
    const side = split && edges[bin + 1] <= 1e-9 ? "bin under" : "bin";
    return svg("rect", {
      class: side,
      x: x0 + 0.5,
      y: bottom - height,
      width: Math.max(0.5, x1 - x0 - 1),
      height,
    });
  });
  const band = svg("rect", { class: "brush", y: 0, height: bottom, visibility: "hidden" });
  const label = (words, x, anchor) => {
    const node = svg("text", { x, y: HEIGHT - 6, "text-anchor": anchor });
    node.textContent = words;
    return node;
  };
  const ends = [
    label(number(Number(low.toPrecision(3))), EDGE.left, "start"),
    label(number(Number(high.toPrecision(3))), width - EDGE.right, "end"),
  ];
  const free = across(0) - EDGE.left > LABEL && width - EDGE.right - across(0) > LABEL;
  const zero =
    low < 0 && high > 0
      ? [
          svg("path", { class: "axis", d: `M${across(0)} ${EDGE.top - 4}V${bottom}` }),
          ...(free ? [label("0", across(0), "middle")] : []),
        ]
      : [];
  const plot = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      class: "frontier pairhistogram",
      tabindex: "0",
      role: "group",
      "aria-label": `${name} of all pairs in ${counts.length} bars; arrows walk over them, shift with an arrow marks several, Enter lists them, Escape lists all`,
    },
    ...bars,
    svg("path", { class: "axis", d: `M${EDGE.left} ${bottom}H${width - EDGE.right}` }),
    ...zero,
    ...ends,
    band,
  );
  const span = (from, to) => {
    band.setAttribute("visibility", "visible");
    band.setAttribute("x", across(from));
    band.setAttribute("width", Math.max(1, across(to) - across(from)));
  };
  const frame = ([from, to]) => {
    if (from === null && to === null) band.setAttribute("visibility", "hidden");
    else span(from ?? low, to ?? high);
  };
  const tell = (first, last) => {
    const sum = counts.slice(first, last + 1).reduce((total, count) => total + count, 0);
    say(
      `${name} ${number(edges[first])} to ${number(edges[last + 1])}: ${number(sum)} ${sum === 1 ? "pair" : "pairs"}`,
    );
  };
  listen({ plot, edges, counts, width, span, tell, onrange });
  return { plot, frame };
}

function listen({ plot, edges, counts, width, span, tell, onrange }) {
  let anchor = -1;
  let cursor = -1;
  let dragging = false;
  const sorted = () => [Math.min(anchor, cursor), Math.max(anchor, cursor)];
  const show = () => {
    const [first, last] = sorted();
    span(edges[first], edges[last + 1]);
    tell(first, last);
  };
  const apply = () => {
    const [first, last] = sorted();
    onrange([edges[first], edges[last + 1]]);
  };
  const bin = (event) => {
    const box = plot.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const share = (x - EDGE.left) / (width - EDGE.left - EDGE.right);
    return Math.max(0, Math.min(counts.length - 1, Math.floor(share * counts.length)));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragging = true;
    anchor = cursor = bin(event);
    plot.setPointerCapture(event.pointerId);
    show();
  });
  plot.addEventListener("pointermove", (event) => {
    if (!dragging) return tell(bin(event), bin(event));
    cursor = bin(event);
    return show();
  });
  plot.addEventListener("pointerup", () => {
    if (dragging) apply();
    dragging = false;
  });
  plot.addEventListener("pointercancel", () => (dragging = false));
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") onrange([null, null]);
    if (event.key === "Enter" && cursor >= 0) apply();
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    cursor = Math.max(0, Math.min(counts.length - 1, cursor + by));
    if (!event.shiftKey || anchor < 0) anchor = cursor;
    show();
  });
}
