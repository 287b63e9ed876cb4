// A metric of a sweep's cells against the strength that varies: a line for each other combination, bars for its 95 %
// interval over seeds, and what has no strength, such as plain reuse, as a dashed line across.

import { COLOURS, CONFIG, MARKS, drawWhenSeen, look, plotly, resolve } from "./chart.js";
import { h } from "./core.js";
import { number, title } from "./format.js";

/** Of lines across that belong to no other line, all in one colour. */
const DASHES = ["dot", "dashdot", "longdash", "longdashdot", "2px,8px", "16px,8px"];

/** The axis to draw along: of those whose values are numbers, the one with most of them; "" if none has two. */
export function strength(cells) {
  const names = [...new Set(cells.flatMap((cell) => Object.keys(cell.cell)))];
  const count = (name) => new Set(cells.map((cell) => cell.cell[name]).filter((v) => typeof v === "number")).size;
  const best = names.reduce((a, b) => (count(b) >= count(a) ? b : a), names[0] ?? "");
  return best && count(best) > 1 ? best : "";
}

/** Cells that differ in nothing but the strength, in its order; those without one apart. */
function grouped(cells, along) {
  const lines = new Map();
  const across = [];
  for (const cell of cells) {
    if (typeof cell.cell[along] !== "number") {
      across.push(cell);
      continue;
    }
    const { [along]: _, ...rest } = cell.cell;
    const key = JSON.stringify(rest);
    if (!lines.has(key)) lines.set(key, { rest, cells: [] });
    lines.get(key).cells.push(cell);
  }
  for (const line of lines.values()) line.cells.sort((a, b) => a.cell[along] - b.cell[along]);
  return { lines: [...lines.values()], across };
}

function named(cell, along) {
  const parts = cell.title.split(" · ");
  const at = Object.keys(cell.cell).indexOf(along);
  const own = parts.length === Object.keys(cell.cell).length && at >= 0;
  return (own ? parts.filter((_, index) => index !== at) : parts).join(" · ") || "what varies";
}

/** The line that a cell without strength is closest to: the one that shares most of its settings. */
function nearest(cell, lines) {
  const shared = (line) => Object.entries(line.rest).filter(([name, value]) => cell.cell[name] === value).length;
  const counts = lines.map(shared);
  const most = Math.max(0, ...counts);
  return most > 0 && counts.filter((count) => count === most).length === 1 ? counts.indexOf(most) : -1;
}

const half = (mean) => (mean.high === null ? 0 : mean.high - mean.mean);
const said = (mean) =>
  number(mean.mean) + (mean.high === null ? "" : ` ± ${number(Number(half(mean).toPrecision(2)))}`) + `, n = ${mean.n}`;

function traces(cells, along, metric) {
  const { lines, across } = grouped(cells, along);
  const ends = lines.flatMap((line) => line.cells.map((cell) => cell.cell[along]));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const solid = lines.map((line, index) => {
    const known = line.cells.filter((cell) => cell.metrics[metric]);
    const colour = COLOURS[index % COLOURS.length];
    return {
      name: named(line.cells[0], along),
      x: known.map((cell) => cell.cell[along]),
      y: known.map((cell) => cell.metrics[metric].mean),
      error_y: { type: "data", array: known.map((cell) => half(cell.metrics[metric])), thickness: 1.5, width: 4 },
      text: known.map((cell) => said(cell.metrics[metric])),
      customdata: known.map((cell) => cells.indexOf(cell)),
      hovertemplate: "%{x}: %{text}",
      mode: "lines+markers",
      marker: { size: 8, symbol: MARKS[index % MARKS.length] },
      line: { width: 2, color: colour },
    };
  });
  const dashed = across
    .filter((cell) => cell.metrics[metric])
    .map((cell, index) => {
      const near = nearest(cell, lines);
      const value = cell.metrics[metric];
      return {
        name: cell.title,
        x: [low, (low + high) / 2, high],
        y: [value.mean, value.mean, value.mean],
        text: [said(value), said(value), said(value)],
        customdata: Array(3).fill(cells.indexOf(cell)),
        hovertemplate: "%{text}",
        mode: "lines",
        line: {
          width: 1.5,
          dash: near >= 0 ? "dash" : DASHES[index % DASHES.length],
          color: near >= 0 ? COLOURS[near % COLOURS.length] : resolve("--v-muted"),
        },
      };
    });
  return [...solid, ...dashed];
}

/** Without a strength: each cell at a place of its own. */
function points(cells, metric) {
  const known = cells.filter((cell) => cell.metrics[metric]);
  return [
    {
      x: known.map((cell) => cell.title),
      y: known.map((cell) => cell.metrics[metric].mean),
      error_y: { type: "data", array: known.map((cell) => half(cell.metrics[metric])), thickness: 1.5, width: 4 },
      text: known.map((cell) => said(cell.metrics[metric])),
      customdata: known.map((cell) => cells.indexOf(cell)),
      hovertemplate: "%{x}: %{text}",
      mode: "markers",
      marker: { size: 9, color: resolve("--v-accent") },
    },
  ];
}

/** A figure of `metric` whose points call `choose(cell)`; `update(cells)` draws it anew. */
export function chart(metric, axisTitle, choose) {
  let cells = [];
  const plot = h("div.plot", { role: "img" });
  const caption = h("figcaption");
  const draw = async () => {
    const Plotly = await plotly();
    const along = strength(cells);
    const data = along ? traces(cells, along, metric) : points(cells, metric);
    const layout = look({ x: along ? axisTitle(along) : "", y: title(metric), legend: data.length > 1 });
    // Long names would squeeze the plot, so they stand below it, one under another.
    layout.legend = { orientation: "v", x: 0, y: -0.22, yanchor: "top", font: { size: 11 } };
    layout.height = 320 + (data.length > 1 ? 19 * data.length : 0);
    plot.style.minHeight = `${layout.height}px`;
    await Plotly.react(plot, data, layout, CONFIG);
    plot.removeAllListeners("plotly_click");
    plot.on("plotly_click", ({ points: [point] }) => choose(cells[point.customdata]));
  };
  drawWhenSeen(plot, draw);
  return {
    node: h("figure.curves", {}, caption, plot),
    update(now) {
      cells = now;
      const along = strength(cells);
      caption.textContent = title(metric) + (along ? ` against ${axisTitle(along).toLowerCase()}` : "");
      plot.setAttribute("aria-label", `${caption.textContent}; the table below has the numbers`);
      if (plot.classList.contains("js-plotly-plot")) draw();
    },
  };
}
