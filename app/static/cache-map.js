// What each attention and feed-forward of each block really did at each step: one map a run, all on the same axes.

import { BASE, h, svg } from "./core.js";
import { number, runTitle } from "./format.js";
import { hint } from "./table.js";

const STATES = ["computed", "reused", "corrected"];
const LETTERS = ["C", "R", "X"];
const KINDS = ["attention", "feed-forward"];
const LEFT = 34; // room for the names of blocks
const RIGHT = 6;
const CURVE = 24; // height of a line above a map
const LINES = [
  ["trend", "r"],
  ["direction", "c"],
];
let patterns = 0;

/** The maps of `parts` ([{run, artefacts}]), drawn when their data has come; "" where no run has one. */
export function cacheMaps(parts) {
  const known = parts.filter((part) => source(part.artefacts));
  if (!known.length) return "";
  const holder = h("div.maps", {}, h("p.muted", {}, "Reading what each step did…"));
  const lines = h("p.muted.fine", { hidden: true }, ABOUT_LINES);
  const planned = h("p.muted.fine", { hidden: true }, "Runs made before this was recorded show what was planned, not what was done.");
  Promise.all(known.map(load))
    .then((maps) => {
      const frame = axes(maps, holder.clientWidth);
      holder.classList.toggle("one", maps.length === 1);
      holder.replaceChildren(...maps.map((map) => figure(map, frame)));
      lines.hidden = !frame.lines.length;
      planned.hidden = maps.every((map) => !map.planned);
    })
    .catch((error) => holder.replaceChildren(h("p.muted", {}, `The map could not be drawn: ${error.message}.`)));
  return h(
    "section.card",
    { "aria-label": "Cache map" },
    h(
      "div.row",
      {},
      h("h2", {}, "Cache map"),
      ...STATES.map((state) => h("span.key", {}, h(`i.swatch.${state}`, { "aria-hidden": "true" }), state)),
    ),
    h(
      "p.muted",
      {},
      "Steps from left (the noisiest) to right, blocks from top to bottom; of each block, attention above feed-forward. " +
        "A peer that forecasts along a Taylor series does so where others reuse.",
    ),
    lines,
    planned,
    holder,
  );
}

const ABOUT_LINES =
  "Above each map, from the calibrated prior: r, how much the averaged outputs change from one step to the next, " +
  "relative to their size; and c, the cosine between two successive changes. Where c is below 0 (marked ▾) they turn " +
  "back, an inflection: going on in the old direction goes astray there. How both choose steps is our reading of the papers.";

function source(artefacts) {
  const has = (role) => artefacts.find((item) => item.role === role && item.mime === "application/json");
  return has("cells") ?? has("schedule");
}

async function load({ run, artefacts }) {
  const item = source(artefacts);
  const answer = await fetch(BASE + item.url.slice(1));
  if (!answer.ok) throw new Error(`${item.name} of ${runTitle(run)} is not there`);
  const saved = await answer.json();
  return { run, ...(item.role === "cells" ? saved : fromSchedule(saved)) };
}

/** Runs made before cells were kept have a heat map of the plan: a row for each module of each block. */
function fromSchedule({ data: [heat] }) {
  const layers = heat.z.length / 2;
  const cells = heat.x.map((_, step) =>
    Array.from({ length: layers }, (_, layer) => [heat.z[2 * layer][step], heat.z[2 * layer + 1][step]]),
  );
  return { cells, trend: null, direction: null, timesteps: null, planned: true };
}

/** One geometry for all maps, so that a step is at the same place in each. */
function axes(maps, room) {
  const steps = Math.max(...maps.map((map) => map.cells.length));
  const layers = Math.max(...maps.map((map) => map.cells[0].length));
  const width = maps.length === 1 ? Math.max(300, Math.min(860, room || 760)) : 380;
  const cell = (width - LEFT - RIGHT) / steps;
  const row = Math.max(3.5, Math.min(9, 230 / (2 * layers)));
  const lines = LINES.filter(([name]) => maps.some((map) => map[name]));
  const peaks = Object.fromEntries(
    lines.map(([name]) => {
      const values = maps.flatMap((map) => map[name] ?? []).filter(Number.isFinite);
      return [name, [Math.min(0, ...values), Math.max(...values, 1e-12)]];
    }),
  );
  const top = lines.length * (CURVE + 6) + 2;
  const block = 2 * row + Math.min(3, row / 2);
  return { steps, layers, width, cell, row, lines, peaks, top, block, height: top + layers * block + 18 };
}

function figure(map, frame) {
  const { cells } = map;
  const name = runTitle(map.run);
  const counts = STATES.map((_, state) => cells.flat(2).filter((value) => value === state).length);
  const total = cells.flat(2).length;
  const told = names(map).map((state, index) => `${state} ${counts[index]} (${share(counts[index] / total)})`);
  const readout = h("p.readout", { "aria-live": "polite" });
  const cursor = svg("rect", { class: "cursor", width: frame.cell, height: frame.row, visibility: "hidden" });
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${frame.width} ${frame.height}`,
      class: "cachemap",
      role: "application",
      tabindex: "0",
      "aria-label": `Cache map of ${name}: ${told.join(", ")}; arrows walk over its cells`,
    },
    hatch((patterns += 1)),
    ...marks(frame),
    ...frame.lines.flatMap(([key, letter], place) => curve(map[key], letter, place, frame, key)),
    ...STATES.map((state, index) => area(cells, index, state, frame)),
    cursor,
  );
  walk(drawing, map, frame, (step, layer, module) => {
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("x", LEFT + step * frame.cell);
    cursor.setAttribute("y", y(frame, layer, module));
    readout.textContent = said(map, step, layer, module);
  });
  const title = map.run.method
    ? h("a", { href: `${BASE}run?id=${map.run.id}` }, name)
    : h("span", {}, name);
  return h(
    "figure",
    {},
    h("figcaption", {}, h("b", {}, title), h("span.muted", {}, told.filter((_, i) => counts[i]).join(" · "))),
    drawing,
    readout,
    twin(map, name),
  );
}

function share(part) {
  return `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}

/** What its states are called: a peer may forecast where others reuse. */
function names(map) {
  return map.states ?? STATES;
}

function said(map, step, layer, module) {
  const { cells, timesteps, trend, direction } = map;
  const time = timesteps ? ` (timestep ${timesteps[step]})` : "";
  const line = (values, letter) => (Number.isFinite(values?.[step]) ? `, ${letter} ${number(values[step])}` : "");
  const state = names(map)[cells[step][layer][module]];
  return `step ${step}, block ${layer}, ${KINDS[module]}: ${state}${time}${line(trend, "r")}${line(direction, "c")}`;
}

function y(frame, layer, module) {
  return frame.top + layer * frame.block + module * frame.row;
}

/** All cells of one state as one path: thousands of cells stay three elements. */
function area(cells, index, state, frame) {
  const gap = frame.cell >= 7 ? 1 : 0.4;
  const inner = `h${(frame.cell - gap).toFixed(2)}v${(frame.row - 0.5).toFixed(2)}h-${(frame.cell - gap).toFixed(2)}z`;
  let path = "";
  cells.forEach((layers, step) =>
    layers.forEach((pair, layer) =>
      pair.forEach((value, module) => {
        if (value === index)
          path += `M${(LEFT + step * frame.cell).toFixed(2)} ${y(frame, layer, module).toFixed(2)}${inner}`;
      }),
    ),
  );
  const fill = state === "corrected" ? { fill: `url(#cells-${patterns})` } : {};
  return svg("path", { d: path, class: `cells ${state}`, ...fill });
}

/** Corrected cells are hatched: they can be told apart without their colour. */
function hatch(id) {
  const pattern = svg(
    "pattern",
    {
      id: `cells-${id}`,
      width: 4,
      height: 4,
      patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)",
    },
    svg("rect", { width: 4, height: 4, class: "cells corrected" }),
    svg("rect", { width: 1.3, height: 4, class: "hatch" }),
  );
  return svg("defs", {}, pattern);
}

/** Names of steps and blocks: few enough to be read. */
function marks(frame) {
  const every = (count, most) => [1, 2, 4, 5, 7, 10, 20, 50, 100, 200].find((by) => count / by <= most) ?? count;
  const text = (words, at) => {
    const node = svg("text", at);
    node.textContent = words;
    return node;
  };
  const bottom = frame.top + frame.layers * frame.block;
  const across = every(frame.steps, frame.width / 36);
  const down = every(frame.layers, 12);
  return [
    ...range(frame.steps, across).map((step) =>
      text(step, { x: LEFT + (step + 0.5) * frame.cell, y: bottom + 12, "text-anchor": "middle" }),
    ),
    ...range(frame.layers, down).map((layer) =>
      text(layer, { x: LEFT - 5, y: frame.top + layer * frame.block + frame.row + 3.5, "text-anchor": "end" }),
    ),
  ];
}

function range(count, by) {
  return Array.from({ length: Math.ceil(count / by) }, (_, place) => place * by);
}

/** A thin line over the steps; undefined steps break it, negative ones of c are marked. */
function curve(values, letter, place, frame, key) {
  const top = place * (CURVE + 6) + 2;
  const label = svg("text", { x: LEFT - 5, y: top + CURVE / 2 + 4, "text-anchor": "end" });
  label.textContent = letter;
  if (!values) {
    label.setAttribute("x", LEFT);
    label.setAttribute("text-anchor", "start");
    label.textContent = "no prior in this run";
    return place ? [] : [label];
  }
  const [low, high] = frame.peaks[key];
  const at = (value) => top + CURVE - ((value - low) / (high - low)) * CURVE;
  const x = (step) => LEFT + (step + 0.5) * frame.cell;
  let open = false;
  const path = values
    .map((value, step) => {
      const known = Number.isFinite(value);
      const part = known ? `${open ? "L" : "M"}${x(step).toFixed(1)} ${at(value).toFixed(1)}` : "";
      open = known;
      return part;
    })
    .join("");
  const turns = values
    .map((value, step) => [value, step])
    .filter(([value]) => key === "direction" && Number.isFinite(value) && value < 0)
    .map(([value, step]) =>
      svg("path", { class: "turn", d: `M${x(step) - 3.5} ${at(value) - 8}h7l-3.5 6z` }),
    );
  const zero = svg("path", { class: "zero", d: `M${LEFT} ${at(0)}H${LEFT + frame.steps * frame.cell}` });
  return [label, zero, svg("path", { class: "stroke", d: path }), ...turns];
}

/** Pointer and arrows choose a cell; `choose(step, layer, module)` shows it. */
function walk(drawing, { cells }, frame, choose) {
  const last = [cells.length - 1, 2 * cells[0].length - 1];
  let [step, line] = [0, 0];
  const go = (to, row) => {
    [step, line] = [Math.max(0, Math.min(last[0], to)), Math.max(0, Math.min(last[1], row))];
    choose(step, line >> 1, line % 2);
  };
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const scale = frame.width / box.width;
    const across = ((event.clientX - box.left) * scale - LEFT) / frame.cell;
    const down = (event.clientY - box.top) * scale - frame.top;
    const layer = Math.floor(down / frame.block);
    if (across < 0 || across >= cells.length || down < 0 || layer >= cells[0].length) return;
    go(Math.floor(across), 2 * layer + ((down % frame.block) >= frame.row ? 1 : 0));
  });
  drawing.addEventListener("focus", () => go(step, line));
  drawing.addEventListener("keydown", (event) => {
    const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    go(step + by[0], line + by[1]);
  });
}

/** The same as a table, made when it is opened: a row a step, two letters a block. */
function twin({ cells, timesteps, trend, direction }, name) {
  const has = (values) => Array.isArray(values);
  const extra = [
    [timesteps, "Timestep"],
    [trend, "r"],
    [direction, "c"],
  ].filter(([values]) => has(values));
  const fill = () =>
    h(
      "table.table.letters",
      {},
      h("caption.offscreen", {}, `What each block of ${name} did at each step`),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Step"),
          ...extra.map(([, title]) => h("th.num", { scope: "col" }, title)),
          ...cells[0].map((_, layer) => h("th", { scope: "col" }, `Block ${layer}`)),
        ),
      ),
      h(
        "tbody",
        {},
        ...cells.map((layers, step) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, step),
            ...extra.map(([values]) => h("td.num", {}, number(values[step]))),
            ...layers.map((pair) => h("td", {}, pair.map((value) => LETTERS[value]).join(" "))),
          ),
        ),
      ),
    );
  const box = h("div.scroll", { tabIndex: 0, role: "region", "aria-label": `Cache map of ${name} as a table` });
  return h(
    "details",
    { ontoggle: () => box.childElementCount || box.append(fill()) },
    h("summary", {}, "As a table"),
    h("p.muted.fine", {}, "Attention and feed-forward of each block. C computed, R reused, X corrected."),
    box,
    hint(box),
  );
}
