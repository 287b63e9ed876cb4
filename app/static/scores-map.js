// How accurate each pair of cache weight (alpha) and sharpness (beta) was on what they were tuned on, never on the test pictures.

import { h, svg } from "./core.js";
import { select } from "./fields.js";
import { fitted } from "./frontier.js";
import { number } from "./format.js";
import { text } from "./scores-classes.js";
import { percent, stamp } from "./scores-data.js";
import { table } from "./table.js";

const EDGE = { left: 56, right: 12, top: 22, bottom: 40 };
const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [-1, 0], ArrowUp: [1, 0] };

const TUNED = ["tip", "tip_f", "gda"];

export function mapCard(found, classifier) {
  const maps = found.map.filter((row) => row.classifier === classifier);
  if (!maps.length) return TUNED.includes(classifier) ? untuned(found) : "";
  const box = h("div");
  const choice = select("Support seed", maps.map((row, place) => [String(place), String(row.seed)]), (place) => box.replaceChildren(...parts(maps[Number(place)])));
  box.replaceChildren(...parts(maps[0]));
  return h(
    "section.card",
    { "aria-label": "Alpha and beta" },
    h("div.row", {}, h("h2", {}, "How alpha and beta were chosen"), maps.length > 1 ? choice.node : ""),
    stamp(found),
    box,
  );
}

function untuned(found) {
  return h(
    "section.card",
    { "aria-label": "Alpha and beta" },
    h("h2", {}, "How alpha and beta were chosen"),
    stamp(found),
    h("p.muted", {}, "They were not: nothing was there to choose them on (no class has a second shot), or the settings give them. The published start, or what the settings say, was taken."),
  );
}

function parts(map) {
  const words = h("p.readout", { "aria-live": "polite" }, `${said(map, ...map.chosen)}; the chosen one.`);
    const sharp = map.betas.length ? " Alpha weighs what the support says against the prompts, beta is how near a picture must be to a shot to be moved by it." : " Alpha weighs what the support says against the prompts; this classifier has no beta.";
  const ends = map.at_the_end.length ? h("p.fine", {}, `The largest ${map.at_the_end.join(" and ")} that was tried is the best: more might be better still.`) : "";
  return [
    h("p.muted", {}, "Tuned on ", h("strong", {}, map.tuned_on), "; the test pictures were not looked at.", sharp),
    h("div.kinds", {}, scaleKey(map), h("span.key", {}, h("i.swatch.chosen", { "aria-hidden": "true" }), `chosen: ${pair(map, ...map.chosen)}${map.ties > 1 ? `, the first of ${map.ties} that are equally good` : ""}`)),
    fitted((width) => heat(map, Math.min(width, 960), words)),
    words,
    ends,
    twin(map),
  ];
}

function pair({ alphas, betas }, row, column) {
  return `alpha ${number(alphas[column])}${betas.length ? `, beta ${number(betas[row])}` : ""}`;
}

function said(map, row, column) {
  return `${pair(map, row, column)}: ${percent(map.accuracy[row][column])}`;
}

function scaleKey(map) {
  const values = map.accuracy.flat();
  return h("span.key", {}, percent(Math.min(...values)), h("i.heatkey", { "aria-hidden": "true" }), percent(Math.max(...values)));
}

/** Alpha across, beta up. */
function heat(map, width, words) {
  const { alphas, accuracy, chosen } = map;
  const rows = accuracy.length;
  const height = EDGE.top + EDGE.bottom + (rows > 1 ? 240 : 34);
  const [wide, high] = [(width - EDGE.left - EDGE.right) / alphas.length, (height - EDGE.top - EDGE.bottom) / rows];
  const x = (column) => EDGE.left + column * wide;
  const y = (row) => EDGE.top + (rows - 1 - row) * high;
  const plot = svg("svg", {
    class: "heatmap",
    viewBox: `0 0 ${width} ${height}`,
    role: "group",
    tabindex: "0",
    "aria-label": `Accuracy by alpha and beta, tuned on ${map.tuned_on}; arrows walk over it, the table below has the numbers`,
  });
  plot.style.maxWidth = `${width}px`;
  plot.append(...levels(accuracy, x, y, wide, high), ...axes(map, x, y, wide, high, { width, height }));
  const [row, column] = chosen;
  plot.append(svg("rect", { class: "chosen", x: x(column) - 2, y: y(row) + high / 2 - 6, width: wide + 4, height: 12, rx: 2 }));
  const cursor = svg("rect", { class: "cursor", width: wide, height: Math.max(high, 3), x: -99, y: -99 });
  plot.append(cursor);

  let at = [...chosen];
  const inside = (line, place) => line >= 0 && place >= 0 && line < rows && place < alphas.length;
  const tell = (line, place) => {
    if (!inside(line, place)) return;
    at = [line, place];
    cursor.setAttribute("x", x(place));
    cursor.setAttribute("y", y(line));
    words.textContent = `${said(map, line, place)}${line === row && place === column ? "; the chosen one" : ""}.`;
  };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const scaled = width / box.width;
    tell(rows - 1 - Math.floor(((event.clientY - box.top) * scaled - EDGE.top) / high), Math.floor(((event.clientX - box.left) * scaled - EDGE.left) / wide));
  });
  plot.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    tell(at[0] + step[0], at[1] + step[1]);
  });
  return plot;
}

/** One path for all cells of a value: thousands of cells, few values. */
function levels(accuracy, x, y, wide, high) {
  const values = accuracy.flat();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const paths = new Map();
  accuracy.forEach((line, row) =>
    line.forEach((value, column) => {
      paths.set(value, `${paths.get(value) ?? ""}M${x(column).toFixed(2)} ${y(row).toFixed(2)}h${wide.toFixed(2)}v${high.toFixed(2)}h${(-wide).toFixed(2)}z`);
    }),
  );
  return [...paths].map(([value, d]) => {
    const path = svg("path", { class: "level", d });
    path.style.fillOpacity = (most > least ? (value - least) / (most - least) : 1).toFixed(3);
    return path;
  });
}

function axes({ alphas, betas }, x, y, wide, high, { width, height }) {
  const bottom = height - EDGE.bottom;
  const across = spaced(alphas, 6).map((column) => text(number(alphas[column]), { x: x(column) + wide / 2, y: bottom + 16, "text-anchor": "middle" }));
  const up = spaced(betas, 6).map((row) => text(number(betas[row]), { x: EDGE.left - 6, y: y(row) + high / 2 + 4, "text-anchor": "end" }));
  return [
    svg("rect", { class: "frame", x: EDGE.left, y: EDGE.top, width: wide * alphas.length, height: bottom - EDGE.top }),
    ...across,
    ...up,
    text("alpha, cache weight →", { x: width - EDGE.right, y: height - 6, "text-anchor": "end" }),
    betas.length ? text("↑ beta, sharpness", { x: 4, y: 12 }) : text("", {}),
  ];
}

/** Indices of about `count` values, evenly spaced, the first and the last among them. */
function spaced(values, count) {
  if (values.length <= count) return values.map((_, index) => index);
  return Array.from({ length: count }, (_, place) => Math.round((place * (values.length - 1)) / (count - 1)));
}

function twin(map) {
  const columns = [
    map.betas.length ? { key: "beta", title: "Beta", num: true, value: ({ row }) => map.betas[row], cell: ({ row }) => number(map.betas[row]) } : { key: "of", title: "", sort: false, cell: () => "Accuracy" },
    ...map.alphas.map((alpha, column) => ({
      key: `alpha ${column}`,
      title: `α ${number(alpha)}`,
      num: true,
      value: ({ row }) => map.accuracy[row][column],
      cell: ({ row }) => (row === map.chosen[0] && column === map.chosen[1] ? h("b", {}, `${percent(map.accuracy[row][column])} ◂`) : percent(map.accuracy[row][column])),
    })),
  ];
  const box = h("div.heattable");
  const fill = () => box.childElementCount || box.append(table({ caption: "Accuracy by alpha and beta", columns, rows: map.accuracy.map((_, row) => ({ row })) }));
  return h("details", { ontoggle: fill }, h("summary", {}, "As a table"), box);
}
