// Percentiles of two detectors against each other: every node of a small graph, else those that either lists first.

import { BASE, api, complain, h } from "./core.js";
import { percent } from "./ego-card.js";
import { select } from "./fields.js";
import { number } from "./format.js";
import { nodeLink } from "./nodes-lists.js";
import { kindsLegend, scatter } from "./pairs-scatter.js";
import { table } from "./table.js";

const ALL = 3000; // nodes of a graph of which each is drawn
const PAGE = 1000;
const FIRST = 500; // of each detector, where the graph has more
const OPEN = { x: [null, null], y: [null, null] };
const LISTED = 200; // rows of the table twin

/** `pages`: the first page of each detector's nodes; `view`: as `anomaly/beside` gives it. */
export function scatterCard(detectors, view, pages, signal) {
  const box = h("div");
  const choices = detectors.map(({ place, name }) => [place, name]);
  const draw = async () => {
    const pair = [Number(across.input.value), Number(up.input.value)].map((place) => detectors[place]);
    const points = await pointsOf(pair, Math.min(...pages.map(({ total }) => total)), view, signal);
    box.replaceChildren(...drawn(pair, points));
  };
  const redraw = () => draw().catch(complain);
  const across = select("Across", choices, redraw);
  const up = select("Up", choices, redraw);
  [across.input.value, up.input.value] = ["0", "1"];
  redraw();
  return h("section.card", { "aria-label": "Two detectors against each other" }, h("div.row", {}, h("h2", {}, "Two detectors against each other"), across.node, up.node), box);
}

/** Nodes with both percentiles: [{position, name, x, y, flagged: [x's, y's]}], and whether they are all. */
async function pointsOf([across, up], nodes, view, signal) {
  const whole = nodes <= ALL;
  const [xs, ys] = await Promise.all([across, up].map(({ run }) => first(run, whole ? nodes : FIRST, signal)));
  const known = new Map();
  for (const row of view.disagreements) known.set(row.position, { name: row.name, x: row.percentiles[across.place], y: row.percentiles[up.place] });
  for (const [rows, key] of [[xs, "x"], [ys, "y"]]) for (const row of rows) known.set(row.position, { ...known.get(row.position), name: row.name, [key]: row.percentile, [`${key}Flagged`]: row.flagged });
  const points = [...known].map(([position, point]) => ({ position, ...point })).filter(({ x, y }) => x !== undefined && y !== undefined);
  return { points, whole, left: known.size - points.length };
}

async function first(run, count, signal) {
  const offsets = Array.from({ length: Math.ceil(count / PAGE) }, (_, page) => page * PAGE);
  const pages = await Promise.all(offsets.map((offset) => api(`runs/${run.id}/nodes?offset=${offset}&limit=${Math.min(PAGE, count - offset)}`, { signal })));
  return pages.flatMap(({ rows }) => rows);
}

function drawn([across, up], { points, whole, left }) {
  const kinds = ["flagged by neither", "flagged by both", `only by ${across.name}`, `only by ${up.name}`];
  const kind = points.map(({ xFlagged, yFlagged }) => (xFlagged ? (yFlagged ? 1 : 2) : yFlagged ? 3 : 0));
  const readout = h("p.readout", { "aria-live": "polite" });
  const twin = h("div");
  const told = (at) => `${points[at].name}: ${percent(points[at].x)} by ${across.name}, ${percent(points[at].y)} by ${up.name}`;
  const within = (value, [low, high]) => (low === null || value >= low) && (high === null || value <= high);
  const list = (ranges) => {
    plot.frame(ranges);
    const chosen = points.filter(({ x, y }) => within(100 * x, ranges.x) && within(100 * y, ranges.y));
    twin.replaceChildren(...tableOf(chosen, across, up, ranges === OPEN ? null : () => list(OPEN)));
  };
  const plot = scatter({
    points: { x: points.map(({ x }) => 100 * x), y: points.map(({ y }) => 100 * y), kind },
    kinds,
    names: { x: `${across.name}, percentile`, y: `${up.name}, percentile` },
    quarters: ["both high", `only ${up.name}`, "both low", `only ${across.name}`],
    label: `Percentiles by ${across.name} and by ${up.name} of ${points.length} nodes; arrows walk over them, Enter opens one; the table below has the numbers`,
    ranges: OPEN,
    chosen: null,
    told,
    say: (words) => (readout.textContent = words),
    onrange: (ranges) => list(ranges ?? OPEN),
    onopen: (at) => (location.href = `${BASE}anomaly?run=${across.run.id}&node=${points[at].position}`),
  });
  list(OPEN);
  return [h("p.muted.fine", {}, about(points.length, whole, left)), plot.node, kindsLegend(kinds, kind), readout, twin];
}

function about(count, whole, left) {
  const which = whole
    ? `All ${number(count)} nodes.`
    : `${number(count)} nodes: of the first ${number(FIRST)} of each detector those of which both are known, and where they disagree most; ${number(left)} that only one lists so high are not drawn.`;
  return `${which} Drag a rectangle to list what is in it; click a point to open it.`;
}

function tableOf(points, across, up, onall) {
  const column = (key, title) => ({ key, title, num: true, value: (row) => row[key], cell: (row) => percent(row[key]) });
  const apart = (row) => row.x - row.y;
  const rows = [...points].sort((a, b) => Math.max(b.x, b.y) - Math.max(a.x, a.y)).slice(0, LISTED);
  const columns = [
    { key: "name", title: "Node", value: (row) => row.name, cell: (row) => nodeLink(across.run, row) },
    column("x", across.name),
    column("y", up.name),
    { key: "apart", title: "Apart", num: true, value: apart, cell: (row) => (100 * apart(row)).toFixed(1) },
  ];
  const all = onall ? h("button.button", { type: "button", onclick: onall }, "All of them") : "";
  const said = `${number(points.length)} nodes${points.length > LISTED ? `, the ${LISTED} highest` : ""}`;
  return [h("details", { open: Boolean(onall) }, h("summary", {}, `As a table: ${said}`), table({ caption: "Percentiles of two detectors", columns, rows, sort: "x", descending: true })), all].filter(Boolean);
}
