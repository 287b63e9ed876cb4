// All comparable runs in one chart: what they gain against what they lose, the ones that no other beats joined.

import { BASE, api, h, svg } from "./core.js";
import { number, setting, title } from "./format.js";
import { labels } from "./frontier-labels.js";
import { table } from "./table.js";

const HEIGHT = 380;
const EDGE = { left: 62, right: 18, top: 26, bottom: 44 };
export const SHAPES = {
  circle: (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  square: (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  diamond: (r) => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0z`,
  up: (r) => `M0 ${-1.2 * r}L${1.2 * r} ${r}H${-1.2 * r}z`,
  down: (r) => `M0 ${1.2 * r}L${1.2 * r} ${-r}H${-1.2 * r}z`,
  cross: (r) => `M${-r} ${-r / 3}H${-r / 3}V${-r}H${r / 3}V${-r / 3}H${r}V${r / 3}H${r / 3}V${r}H${-r / 3}V${r / 3}H${-r}z`,
};

// By a metric that the chart can have across; any other trade is named by its own axes.
const HEADINGS = { speedup: "Speed against error" };

function heading({ x, y }) {
  const known = x.choices.find((metric) => metric in HEADINGS);
  return HEADINGS[known] ?? `${title(x.metric)} against ${title(y.metric)}`;
}

/** `runs`: the ids to point out. Fills itself; stays away where none of them can be charted. */
export function frontier(runs, signal) {
  const box = h("section.card", { "aria-label": HEADINGS.speedup, hidden: true });
  let wish = {}; // x and y as they were chosen last, maybe before the answer to the choice before
  const draw = async () => {
    const mine = wish;
    const asked = new URLSearchParams([...runs.map((run) => ["run", run]), ...Object.entries(mine)]);
    const view = await api(`landscape?${asked}`, { signal });
    if (mine !== wish) return; // another choice is on its way
    box.hidden = false;
    box.setAttribute("aria-label", heading(view));
    box.replaceChildren(...parts(view, box, choose));
  };
  const choose = (side) => {
    wish = { ...wish, ...side };
    draw().catch(fail);
  };
  const fail = (error) => {
    if (error.name === "AbortError") return;
    box.hidden = false;
    box.replaceChildren(h("h2", {}, box.getAttribute("aria-label")), h("p.muted", {}, error.message));
  };
  draw().catch(fail);
  return box;
}

function parts(view, box, choose) {
  const side = (name, key, axis) =>
    h(
      "label.field.inline",
      {},
      name,
      h(
        "select",
        { onchange: (event) => choose({ [key]: event.target.value }) },
        ...axis.choices.map((metric) =>
          h("option", { value: metric, selected: metric === axis.metric }, title(metric)),
        ),
      ),
    );
  const words = h("p.readout", { "aria-live": "polite" });
  const kinds = [...new Set(view.points.map((point) => point.kind))].sort();
  return [
    h(
      "div.row",
      {},
      h("h2", {}, heading(view)),
      side("Across", "x", view.x),
      side("Up", "y", view.y),
    ),
    h("p.muted", {}, about(view)),
    view.points.length
      ? fitted((width) => drawing(view, kinds, words, width))
      : h("p.muted", {}, "No run has both of these metrics."),
    legend(kinds),
    words,
    twin(view),
  ];
}

/** What `draw(width)` gives, anew when the width it has changes by much. */
export function fitted(draw) {
  const holder = h("div");
  let drawn = 0;
  const fit = () => {
    const width = Math.round(holder.clientWidth);
    if (!width || Math.abs(width - drawn) < 24) return; // it has no width before it is in the page
    drawn = width;
    holder.replaceChildren(draw(Math.max(280, width)));
  };
  new ResizeObserver(fit).observe(holder);
  return holder;
}

function about(view) {
  const count = view.points.reduce((sum, point) => sum + point.runs.length, 0);
  const fixed = view.shared.map((row) => `${row.title} ${setting(row.values[0], row.name)}`).join(" · ");
  const way = `${view.x.higher_is_better ? "right" : "left"} and ${view.y.higher_is_better ? "up" : "down"}`;
  return [
    `${count} finished ${count === 1 ? "run" : "runs"} that can be set against each other (${fixed}). `,
    `The further ${way}, the better: the ringed points, joined by a line, are beaten by no other. `,
    "Filled are the runs of this page; of several seeds their mean with its 95 % interval, each seed faint. ",
    view.apart.length ? `${view.apart.length} of the runs here differ in these settings and are not in it. ` : "",
    view.without ? `${view.without} ${view.without === 1 ? "run has" : "runs have"} no such figure. ` : "",
    view.devices.length > 1 && view.x.metric === "speedup"
      ? `Measured on ${view.devices.join(", ")}: speeds of different devices are not comparable, shares of multiply-adds are. `
      : "",
    view.limited ? `Only the newest ${number(view.looked_at)} runs were looked at.` : "",
  ].join("");
}

function look(kinds, kind) {
  const place = kinds.indexOf(kind);
  const names = Object.keys(SHAPES);
  return { shape: SHAPES[names[place % names.length]], colour: `c${place % 8}` };
}

function drawing(view, kinds, words, width) {
  // The intervals of two seeds can be many times wider than all there is: they are cut at the edge.
  const values = (side) => view.points.flatMap((point) => point.runs.map((run) => run[side]));
  const across = scale(values("x"), [EDGE.left, width - EDGE.right], width / 130);
  const up = scale(values("y"), [HEIGHT - EDGE.bottom, EDGE.top], 5);
  const best = view.points.filter((point) => point.best);
  const joined = best.map((point) => `${across.at(point.x.mean).toFixed(1)} ${up.at(point.y.mean).toFixed(1)}`);
  const plot = svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "frontier", role: "group", "aria-label": label(view) },
    ...frame(view, across, up, width),
    svg("path", { class: "joined", d: joined.length > 1 ? `M${joined.join("L")}` : "" }),
    ...view.points.flatMap((point) => singles(point, look(kinds, point.kind), across, up, words)),
  );
  const points = view.points.map((point) => mark(view, point, look(kinds, point.kind), across, up, words));
  const room = { left: EDGE.left, right: width, top: 0, bottom: HEIGHT - EDGE.bottom };
  plot.append(...labels(points.map((point) => ({ ...point, wanted: point.chosen })), room));
  plot.append(...[...points].sort((a, b) => a.chosen - b.chosen).map((point) => point.node)); // chosen ones on top
  rove(points.map((point) => point.node));
  raise(plot, points, width);
  return plot;
}

/** Of points that cover each other, the nearest to the pointer comes on top, so that each can be reached. */
function raise(plot, points, width) {
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const scaled = width / box.width;
    const [x, y] = [(event.clientX - box.left) * scaled, (event.clientY - box.top) * scaled];
    const gap = (point) => Math.hypot(point.x - x, point.y - y);
    const nearest = points.reduce((best, point) => (gap(point) < gap(best) ? point : best));
    if (gap(nearest) < 14 && plot.lastChild !== nearest.node && !plot.contains(document.activeElement))
      plot.append(nearest.node);
  });
}

function label(view) {
  return `${title(view.y.metric)} against ${title(view.x.metric)} of ${view.points.length} settings; arrows walk over the points, Enter opens a run; the table below has the numbers`;
}

/** A linear scale over round numbers that hold all values. */
export function scale(values, [from, to], count) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const gap = (high - low || Math.abs(high) || 1) * 0.06;
  [low, high] = [low >= 0 && low - gap < 0 ? 0 - gap / 2 : low - gap, high + gap];
  const raw = (high - low) / count;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((each) => each >= raw);
  const ticks = [];
  for (let place = Math.ceil(low / step); place * step <= high; place += 1)
    ticks.push(Number((place * step).toPrecision(6)));
  const at = (value) => from + ((value - low) / (high - low)) * (to - from);
  const value = (place) => low + ((place - from) / (to - from)) * (high - low);
  return { at, ticks, value, inside: (each) => at(Math.max(low, Math.min(high, each))) };
}

function frame(view, across, up, width) {
  const text = (words, at) => {
    const node = svg("text", at);
    node.textContent = words;
    return node;
  };
  const bottom = HEIGHT - EDGE.bottom;
  return [
    ...up.ticks.flatMap((tick) => [
      svg("path", { class: "gridline", d: `M${EDGE.left} ${up.at(tick)}H${width - EDGE.right}` }),
      text(number(tick), { x: EDGE.left - 8, y: up.at(tick) + 4, "text-anchor": "end" }),
    ]),
    ...across.ticks.map((tick) =>
      text(number(tick), { x: across.at(tick), y: bottom + 18, "text-anchor": "middle" }),
    ),
    svg("path", { class: "axis", d: `M${EDGE.left} ${bottom}H${width - EDGE.right}` }),
    text(`${title(view.x.metric)} →`, { x: width - EDGE.right, y: HEIGHT - 8, "text-anchor": "end" }),
    text(`↑ ${title(view.y.metric)}`, { x: 4, y: 12 }),
  ];
}

function mark(view, point, { shape, colour }, across, up, words) {
  const [x, y] = [across.at(point.x.mean), up.at(point.y.mean)];
  const told = said(view, point);
  const bars = [
    point.x.low === null ? "" : `M${across.inside(point.x.low)} ${y}H${across.inside(point.x.high)}`,
    point.y.low === null ? "" : `M${x} ${up.inside(point.y.low)}V${up.inside(point.y.high)}`,
  ].join("");
  const classes = ["point", point.chosen ? "chosen" : "", point.best ? "best" : ""].filter(Boolean);
  const node = svg(
    "a",
    { href: `${BASE}run?id=${point.runs[0].id}`, class: classes.join(" "), "aria-label": told, tabindex: "-1" },
    svg("circle", { class: "ring", cx: x, cy: y, r: 12 }),
    svg(
      "g",
      { class: colour },
      svg("path", { class: "bars", d: bars }),
      svg("path", { class: "shape", d: shape(point.chosen ? 7 : 5), transform: `translate(${x} ${y})` }),
    ),
  );
  for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => (words.textContent = told));
  return { node, x, y, chosen: point.chosen, name: name(point) };
}

function singles(point, { shape, colour }, across, up, words) {
  if (point.runs.length < 2) return [];
  return point.runs.map((run) => {
    const node = svg(
      "a",
      { href: `${BASE}run?id=${run.id}`, class: "single", tabindex: "-1", "aria-hidden": "true" },
      svg("path", {
        class: `shape ${colour}`,
        d: shape(3.5),
        transform: `translate(${across.at(run.x)} ${up.at(run.y)})`,
      }),
    );
    node.addEventListener("pointerenter", () => (words.textContent = `${run.title}, seed ${run.seed}`));
    return node;
  });
}

/** One point is in the tab order; arrows go to the next one from left to right. */
function rove(nodes) {
  const ordered = [...nodes].sort((a, b) => place(a) - place(b));
  ordered.forEach((node, index) => {
    node.setAttribute("tabindex", index ? "-1" : "0");
    node.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      const next = ordered[index + by];
      if (!by || !next) return;
      event.preventDefault();
      node.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });
}

function place(node) {
  return Number(node.querySelector(".ring").getAttribute("cx"));
}

function name(point) {
  return point.runs[0].title || point.kind;
}

function value(spread) {
  return number(spread.mean) + (spread.low === null ? "" : ` (95 %: ${number(spread.low)} to ${number(spread.high)})`);
}

function settingsOf(view, point) {
  return Object.entries(point.settings)
    .map(([key, worth]) => `${view.titles[key] ?? title(key)} ${setting(worth)}`)
    .join(", ");
}

function said(view, point) {
  const seeds = point.runs.length > 1 ? `, mean of ${point.runs.length} seeds` : `, seed ${point.runs[0].seed}`;
  const figures = `${title(view.x.metric)} ${value(point.x)}, ${title(view.y.metric)} ${value(point.y)}`;
  const notes = [point.chosen ? "of this page" : "", point.best ? "beaten by no other" : ""].filter(Boolean);
  const kind = name(point) === point.kind ? "" : ` (${point.kind})`;
  return `${name(point)}${kind}${seeds}: ${figures}${notes.length ? `; ${notes.join(", ")}` : ""}. ${settingsOf(view, point)}`;
}

function legend(kinds) {
  return h(
    "div.kinds",
    {},
    ...kinds.map((kind) => {
      const { shape, colour } = look(kinds, kind);
      const sign = svg("svg", { viewBox: "-8 -8 16 16", class: `point ${colour}`, "aria-hidden": "true" });
      sign.append(svg("path", { class: "shape", d: shape(5) }));
      return h("span.key", {}, sign, kind);
    }),
  );
}

function twin(view) {
  const side = (key) => ({
    key,
    title: title(view[key].metric),
    num: true,
    value: (point) => point[key].mean,
    cell: (point) => value(point[key]),
  });
  const columns = [
    {
      key: "name",
      title: "Run",
      value: name,
      cell: (point) => h("a", { href: `${BASE}run?id=${point.runs[0].id}` }, name(point)),
    },
    { key: "kind", title: "Policy", value: (point) => point.kind, cell: (point) => point.kind },
    side("x"),
    side("y"),
    { key: "seeds", title: "Seeds", num: true, value: (p) => p.runs.length, cell: (p) => p.runs.length },
    {
      key: "best",
      title: "Beaten by no other",
      value: (point) => (point.best ? 0 : 1),
      cell: (point) => (point.best ? "yes" : ""),
    },
    { key: "settings", title: "Settings", wide: true, sort: false, cell: (point) => settingsOf(view, point) },
  ];
  const box = h("div");
  const fill = () => box.append(table({ caption: heading(view), columns, rows: view.points }));
  return h(
    "details",
    { ontoggle: () => box.childElementCount || fill() },
    h("summary", {}, "As a table"),
    box,
  );
}
