// Losses along the update: panels over one axis of step lengths, evenly spaced, so that powers of two make it logarithmic.

import { svg } from "./core.js";
import { known, stepName } from "./edit-data.js";
import { number } from "./format.js";
import { scale } from "./frontier.js";

const PANEL = { height: 168, gap: 30 };
export const EDGE = { left: 54, right: 14, top: 34, bottom: 34 };
const FAR = 8; // what the guard forbids may stretch a scale by this many times the span of what it allows

/**
 * `alphas`: step lengths, rising; `panels`: [{name, lines: [{colour, dash, values}]}], a value for each step length or
 * null; `forbidden`: whether the guard forbids each. Gives {plot, x, top, bottom, take}: x(index) is where a step length
 * lies, take(index, shape, shift) marks it as the one that a run took.
 */
export function plotted({ alphas, panels, forbidden, label }, width) {
  const [left, right] = [EDGE.left, width - EDGE.right];
  const last = Math.max(1, alphas.length - 1);
  const x = (index) => left + (index / last) * (right - left);
  const bottom = EDGE.top + panels.length * PANEL.height + (panels.length - 1) * PANEL.gap;
  const plot = svg("svg", { viewBox: `0 0 ${width} ${bottom + EDGE.bottom}`, class: "frontier stepplot", role: "img", "aria-label": label });
  plot.append(...bands(forbidden, x, bottom));
  panels.forEach((panel, place) => {
    const top = EDGE.top + place * (PANEL.height + PANEL.gap);
    plot.append(...drawn(panel, forbidden, x, { left, right, top, bottom: top + PANEL.height }));
  });
  plot.append(...ticks(alphas, x, bottom, width));
  const take = (index, kind, shift = 0) => {
    const at = x(index) + shift;
    plot.append(svg("path", { class: `took ${kind}`, d: `M${at} ${EDGE.top - 18}V${bottom}` }), svg("path", { class: `tooksign ${kind}`, d: `M${at} ${EDGE.top - 20}l-5 -8h10z` }));
  };
  return { plot, x, top: EDGE.top, bottom, take };
}

/** Where the guard forbids, from halfway to the neighbouring step lengths. */
function bands(forbidden, x, bottom) {
  const last = forbidden.length - 1;
  return forbidden.flatMap((is, index) => {
    if (!is) return [];
    const from = index ? (x(index - 1) + x(index)) / 2 : x(index);
    const to = index < last ? (x(index) + x(index + 1)) / 2 : x(index) + EDGE.right;
    return [svg("rect", { class: "forbidden", x: from, y: EDGE.top, width: to - from, height: bottom - EDGE.top })];
  });
}

function drawn({ name, lines }, forbidden, x, { left, right, top, bottom }) {
  const up = scale(within(lines, forbidden), [bottom, top], 4);
  const grid = up.ticks.flatMap((tick) => [
    svg("path", { class: "gridline", d: `M${left} ${up.at(tick)}H${right}` }),
    text(number(tick), { x: left - 7, y: up.at(tick) + 4, "text-anchor": "end" }),
  ]);
  const traces = lines.flatMap(({ colour, dash, values }) => {
    const points = values.map((value, index) => [x(index), value]).filter(([, value]) => known(value));
    const path = points.map(([at, value], index) => `${index ? "L" : "M"}${at.toFixed(1)} ${up.inside(value).toFixed(1)}`).join("");
    return [
      svg("path", { class: `stepline c${colour}`, d: path, "stroke-dasharray": dash ?? "" }),
      ...points.map(([at, value]) => svg("circle", { class: `dot c${colour}`, cx: at, cy: up.inside(value), r: 2.6 })),
    ];
  });
  return [text(name, { x: left, y: top - 8, class: "panel" }), ...grid, ...traces];
}

/** What the scale must hold: all of what is allowed, of the rest what does not flatten it; further off runs along the edge. */
function within(lines, forbidden) {
  const all = lines.flatMap(({ values }) => values).filter(known);
  const allowed = lines.flatMap(({ values }) => values.filter((value, index) => known(value) && !forbidden[index]));
  if (!allowed.length) return all;
  const [low, high] = [Math.min(...allowed), Math.max(...allowed)];
  const room = FAR * (high - low || Math.abs(high) || 1);
  return all.map((value) => Math.max(low - room, Math.min(high + room, value)));
}

function ticks(alphas, x, bottom, width) {
  const last = alphas.length - 1;
  const every = Math.ceil((44 * alphas.length) / width);
  const named = (index) => index === 0 || (index >= every && (last - index) % every === 0);
  return [
    svg("path", { class: "axis", d: `M${x(0)} ${bottom}H${x(last)}` }),
    ...alphas.flatMap((alpha, index) => (named(index) ? [text(stepName(alpha), { x: x(index), y: bottom + 16, "text-anchor": "middle" })] : [])),
    text("step length →", { x: x(last), y: bottom + 30, "text-anchor": "end" }),
  ];
}

export function text(words, at) {
  const node = svg("text", at);
  node.textContent = words;
  return node;
}
