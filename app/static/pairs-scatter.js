// Every pair as a point: what CLIP says of its label across, what the model has made of it up. Drag a rectangle to list what is in it.

import { h, svg } from "./core.js";
import { number } from "./format.js";
import { fitted, scale } from "./frontier.js";

const HEIGHT = 440;
const MANY = 1500; // points from which on each is fainter
const EDGE = { left: 58, right: 14, top: 16, bottom: 42 };
const NEAR = { mouse: 12, touch: 24 };
const FORMS = [
  (x, y) => `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z`,
  (x, y) => `M${x - 3} ${y - 3}h6v6h-6z`,
  (x, y) => `M${x} ${y - 4}l4 4l-4 4l-4 -4z`,
  (x, y) => `M${x} ${y - 4}l4 7h-8z`,
  (x, y) => `M${x} ${y + 4}l4 -7h-8z`,
  (x, y) => `M${x - 4} ${y - 1}h3v-3h2v3h3v2h-3v3h-2v-3h-3z`,
];
const PLAIN = (x, y) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z`;

/**
 * `points`: {x, y, kind} lists of one length, and `told(at)` for words; `kinds`: what the colours and forms stand for, the
 * first faint if it is called "not reviewed". `onrange({x: [low, high], y: [low, high]})`, `onopen(at)`.
 */
export function scatter(options) {
  let drawn = null;
  const node = fitted((width) => {
    drawn = drawing(options, width);
    drawn.mark(options.chosen);
    drawn.frame(options.ranges);
    return drawn.plot;
  });
  return {
    node,
    mark: (at) => ((options.chosen = at), drawn?.mark(at)),
    frame: (ranges) => ((options.ranges = ranges), drawn?.frame(ranges)),
  };
}

function drawing(options, width) {
  const { x, y, kind } = options.points;
  const across = scale([...x, 0], [EDGE.left, width - EDGE.right], width / 110);
  const up = scale([...y, 0], [HEIGHT - EDGE.bottom, EDGE.top], 5);
  const at = x.map((value, place) => [across.at(value), up.at(y[place])]);
  const ring = svg("circle", { class: "ring", r: 8, visibility: "hidden" });
  const here = svg("circle", { class: "here", r: 6, visibility: "hidden" });
  const box = svg("path", { class: "brush", d: "" });
  const plot = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      class: `frontier pairscatter${x.length > MANY ? " many" : ""}`,
      tabindex: "0",
      role: "group",
      "aria-label": options.label,
    },
    ...axes(options, across, up, width),
    ...options.kinds.map((name, index) => cloud(at, kind, index, name)),
    box,
    ring,
    here,
  );
  const put = (circle, place) => {
    circle.setAttribute("visibility", place === null || place < 0 ? "hidden" : "visible");
    if (place === null || place < 0) return;
    circle.setAttribute("cx", at[place][0]);
    circle.setAttribute("cy", at[place][1]);
  };
  const frame = ({ x: rangeX, y: rangeY }) => {
    const any = [...rangeX, ...rangeY].some((value) => value !== null);
    const [left, right] = ends(rangeX, across, [EDGE.left, width - EDGE.right]);
    const [bottom, top] = ends(rangeY, up, [HEIGHT - EDGE.bottom, EDGE.top]);
    box.setAttribute("d", any ? `M${left} ${top}H${right}V${bottom}H${left}z` : "");
  };
  listen({ plot, at, box, width, across, up, options, here: (place) => put(here, place) });
  return { plot, mark: (place) => put(ring, place), frame };
}

function ends([low, high], side, [from, to]) {
  return [low === null ? from : side.inside(low), high === null ? to : side.inside(high)];
}

function cloud(at, kind, index, name) {
  const form = name === "not reviewed" ? PLAIN : FORMS[index % FORMS.length];
  const shapes = at
    .filter((_, place) => kind[place] === index)
    .map(([px, py]) => form(Math.round(px * 10) / 10, Math.round(py * 10) / 10));
  return svg("path", { class: `cloud c${index % 8}`, d: shapes.join("") });
}

function axes({ names, quarters }, across, up, width) {
  const text = (words, attributes) => {
    const node = svg("text", attributes);
    node.textContent = words;
    return node;
  };
  const [bottom, right] = [HEIGHT - EDGE.bottom, width - EDGE.right];
  const corner = (words, left, top) =>
    text(words, {
      x: left ? EDGE.left + 6 : right - 6,
      y: top ? EDGE.top + 12 : bottom - 8,
      "text-anchor": left ? "start" : "end",
      class: "quarter",
    });
  return [
    svg("rect", {
      class: "contestedside",
      x: EDGE.left,
      y: EDGE.top,
      width: Math.max(0, across.at(0) - EDGE.left),
      height: bottom - EDGE.top,
    }),
    ...up.ticks.flatMap((tick) => [
      svg("path", { class: "gridline", d: `M${EDGE.left} ${up.at(tick)}H${right}` }),
      text(number(tick), { x: EDGE.left - 8, y: up.at(tick) + 4, "text-anchor": "end" }),
    ]),
    ...across.ticks.map((tick) =>
      text(number(tick), { x: across.at(tick), y: bottom + 16, "text-anchor": "middle" }),
    ),
    svg("path", {
      class: "axis",
      d: `M${EDGE.left} ${up.at(0)}H${right}M${across.at(0)} ${EDGE.top}V${bottom}`,
    }),
    corner(quarters[1], true, true),
    corner(quarters[0], false, true),
    corner(quarters[2], true, false),
    corner(quarters[3], false, false),
    text(`${names.x} →`, { x: right, y: HEIGHT - 6, "text-anchor": "end" }),
    text(`↑ ${names.y}`, { x: 4, y: 11 }),
  ];
}

/** Pointer: drag a rectangle, click the nearest point; a finger scrolls the page and taps. Keys: arrows walk, Enter opens. */
function listen({ plot, at, box, width, across, up, options, here }) {
  let from = null;
  let cursor = -1;
  const place = (event) => {
    const bounds = plot.getBoundingClientRect();
    const by = width / bounds.width;
    return [
      Math.max(EDGE.left, Math.min(width - EDGE.right, (event.clientX - bounds.left) * by)),
      Math.max(EDGE.top, Math.min(HEIGHT - EDGE.bottom, (event.clientY - bounds.top) * by)),
    ];
  };
  const nearest = ([px, py], limit) => {
    let [found, best] = [-1, limit];
    at.forEach(([qx, qy], index) => {
      const gap = Math.hypot(px - qx, py - qy);
      if (gap < best) [found, best] = [index, gap];
    });
    return found;
  };
  const show = (index) => {
    here(index);
    options.say(index < 0 ? "" : options.told(index));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    from = place(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    const now = place(event);
    if (!from) return show(nearest(now, NEAR.mouse));
    if (Math.hypot(now[0] - from[0], now[1] - from[1]) > 4)
      box.setAttribute("d", `M${from[0]} ${from[1]}H${now[0]}V${now[1]}H${from[0]}z`);
    return undefined;
  });
  plot.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [start, end] = [from, place(event)];
    from = null;
    if (Math.hypot(end[0] - start[0], end[1] - start[1]) <= 4) return;
    const between = (side, index) =>
      [start[index], end[index]]
        .map((place) => Number(side.value(place).toPrecision(4)))
        .sort((a, b) => a - b);
    options.onrange({ x: between(across, 0), y: between(up, 1) });
  });
  plot.addEventListener("pointercancel", () => {
    from = null;
    options.onrange(null);
  });
  plot.addEventListener("click", (event) => {
    const index = nearest(place(event), NEAR[event.pointerType] ?? NEAR.mouse);
    if (index >= 0) options.onopen(index);
  });
  plot.addEventListener("pointerleave", () => show(-1));
  const order = at.map((_, index) => index).sort((a, b) => at[a][0] - at[b][0]);
  plot.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1, PageUp: -25, PageDown: 25 }[
      event.key
    ];
    if (event.key === "Enter" && cursor >= 0) options.onopen(order[cursor]);
    if (!by || !order.length) return;
    event.preventDefault();
    event.stopPropagation();
    cursor = Math.max(0, Math.min(order.length - 1, cursor + by));
    show(order[cursor]);
  });
}

/** What the colours and forms stand for, with how many there are. */
export function kindsLegend(kinds, kind) {
  return h(
    "div.kinds",
    {},
    ...kinds.map((name, index) => {
      const form = name === "not reviewed" ? PLAIN : FORMS[index % FORMS.length];
      const sign = svg("svg", { viewBox: "-6 -6 12 12", class: "pairscatter", "aria-hidden": "true" });
      sign.append(svg("path", { class: `cloud c${index % 8}`, d: form(0, 0) }));
      return h("span.key", {}, sign, `${name} (${number(kind.filter((one) => one === index).length)})`);
    }),
  );
}
