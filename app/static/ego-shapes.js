// What a picture of a neighbourhood is made of, in the coordinates of its frame.

import { h, svg } from "./core.js";
import { labels } from "./frontier-labels.js";

const LABEL = 24; // letters of a name in the picture; the whole is in the card and in the table
const STUB = 10; // radius
const SIGNS = { confirm: "✓ ", dismiss: "✕ ", unsure: "? " };

/** The colour of a percentile, 0 to 1: `--ego-low`, `--ego-middle` and `--ego-high` with even steps between. */
export function colour(percentile) {
  const half = percentile < 0.5 ? ["low", "middle", 2 * percentile] : ["middle", "high", 2 * percentile - 1];
  return `color-mix(in oklab, var(--ego-${half[1]}) ${(100 * half[2]).toFixed(1)}%, var(--ego-${half[0]}))`;
}

/** Larger for more neighbours: by the logarithm, since some have thousands. */
export function radius({ degree, hop }, scale = 1) {
  const size = scale * (4 + 1.5 * Math.log2(1 + (degree ?? 0)));
  return Math.max(hop === 0 ? 9 : 3, Math.min(16, size));
}

/** How far what is drawn of a node reaches, with its ring and its mark. */
export function reach(node, r) {
  return r + (node.hop === 0 ? 9 : node.flagged ? 4 : 0);
}

/** `at(position)` gives [x, y]; `size(position)` how far a node reaches there. */
export function link(edge, at, size, directed) {
  const { source, target, surprising } = edge;
  const kind = `link${surprising ? " surprising" : ""}`;
  const marks = { "data-ends": `${source} ${target}` };
  if (source === target) return [svg("path", { ...marks, class: kind, d: loop(at(source), size(source)) })];
  const bend = directed && edge.back ? 0.14 : 0;
  const line = curve(at(source), at(target), bend, size(source), size(target) + (directed ? 5 : 0));
  const drawn = [svg("path", { ...marks, class: kind, d: line.d })];
  if (directed) drawn.push(svg("path", { ...marks, class: `${kind} tip`, d: tip(line, surprising ? 7 : 5) }));
  return drawn;
}

export function absentLink({ source, target }, at, size) {
  const line = curve(at(source), at(target), -0.12, size(source), size(target));
  return svg("path", { "data-ends": `${source} ${target}`, class: "absent", d: line.d });
}

/** From edge to edge of two circles, bent to the left of the way by a share of its length. */
function curve([x1, y1], [x2, y2], bend, from, to) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const middle = [(x1 + x2) / 2 - bend * dy, (y1 + y2) / 2 + bend * dx];
  const start = towards([x1, y1], middle, from);
  const end = towards([x2, y2], middle, to);
  return { d: `M${text(start)}Q${text(middle)} ${text(end)}`, end, turn: Math.atan2(y2 - middle[1], x2 - middle[0]) };
}

function towards([x, y], [tx, ty], by) {
  const long = Math.hypot(tx - x, ty - y) || 1;
  const share = Math.min(by, 0.8 * long) / long;
  return [x + (tx - x) * share, y + (ty - y) * share];
}

function tip({ end, turn }, long) {
  const corner = (way) => [end[0] - 2 * Math.cos(turn) + (long / 2) * Math.cos(turn + way), end[1] - 2 * Math.sin(turn) + (long / 2) * Math.sin(turn + way)];
  const point = [end[0] + 5 * Math.cos(turn), end[1] + 5 * Math.sin(turn)];
  return `M${text(point)}L${text(corner(2.2))}L${text(corner(-2.2))}z`;
}

function loop([x, y], r) {
  const [out, wide] = [r + 16, r * 0.7];
  return `M${text([x - wide, y - r * 0.7])}C${text([x - wide - 8, y - out])} ${text([x + wide + 8, y - out])} ${text([x + wide, y - r * 0.7])}`;
}

const text = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

export function nodeShape(node, [x, y], r) {
  const group = svg("g", { class: "node", "data-position": node.position, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
  if (node.hop === 0) group.append(svg("circle", { class: "centre", r: r + 8 }));
  if (node.flagged) group.append(svg("circle", { class: "flagged", r: r + 3 }));
  group.append(svg("circle", { class: "egodot", r, fill: colour(node.percentile) }));
  return group;
}

/** "+n" beside a node, on the side away from the centre. */
export function stubShape(position, hidden, [x, y]) {
  return svg(
    "g",
    { class: "stub", "data-stub": position, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
    svg("rect", { x: -STUB - 6, y: -STUB + 2, width: 2 * STUB + 12, height: 2 * STUB - 4, rx: STUB - 2 }),
    said(`+${short(hidden)}`, { y: 4, "text-anchor": "middle" }),
  );
}

export function short(count) {
  return count < 1000 ? String(count) : `${(count / 1000).toFixed(count < 10000 ? 1 : 0)}k`;
}

/** Names beside nodes, the most telling first, as many as fit. */
export function nameShapes(nodes, at, size, taken, frame) {
  const points = nodes.map((node) => ({
    ...put(at(node.position)),
    reach: size(node.position),
    name: `${SIGNS[node.verdict] ?? ""}${shortened(node.name)}`,
    wanted: true,
  }));
  const rest = taken.map((place) => ({ ...put(place), reach: STUB + 2, name: "", wanted: false }));
  const names = labels([...points, ...rest], frame);
  if (names[0]?.textContent === points[0].name) names[0].classList.add("ofcentre");
  return names;
}

function shortened(name) {
  return name.length > LABEL ? `${name.slice(0, LABEL - 1).trimEnd()}…` : name;
}

const put = ([x, y]) => ({ x, y });

function said(words, attributes) {
  const node = svg("text", attributes);
  node.textContent = words;
  return node;
}

/** What the colours, sizes, rings and lines stand for. */
export function legend({ directed, hasAbsent, hasSurprising }) {
  const sign = (...shapes) => svg("svg", { viewBox: "-9 -9 18 18", class: "egosign", "aria-hidden": "true" }, ...shapes);
  const line = (kind) => sign(svg("path", { class: kind, d: "M-9 0H9" }));
  const key = (shape, words) => h("span.key", {}, shape, words);
  return h(
    "div.kinds.egolegend",
    {},
    h("span.key", {}, "percentile 0", h("i.egoscale", { "aria-hidden": "true" }), "100 %"),
    key(sign(svg("circle", { class: "egodot", r: 3, cx: -5 }), svg("circle", { class: "egodot", r: 5.5, cx: 3.5 })), "more neighbours"),
    key(sign(svg("circle", { class: "egodot", r: 4 }), svg("circle", { class: "flagged", r: 7 })), "flagged"),
    key(sign(svg("circle", { class: "centre", r: 8 }), svg("circle", { class: "egodot", r: 4 })), "the centre"),
    key(line("link"), directed ? "link, from its source" : "link"),
    hasSurprising ? key(line("link surprising"), "surprising link") : "",
    hasAbsent ? key(line("absent"), "expected, but absent") : "",
  );
}
