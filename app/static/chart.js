// Curves of several runs in one plot, and the same numbers as a table. plotly.js loads when the first plot is drawn.

import { BASE, h } from "./core.js";
import { number } from "./format.js";

let loading;
export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { src: BASE + "static/plotly.min.js" });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.js could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

export const CONFIG = {
  displaylogo: false,
  responsive: true,
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f6bd1", "#a0522d"];
export const MARKS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon"];
const DASHES = ["solid", "dash", "dot", "dashdot"];

/**
 * `lines`: [{name, points: [[step, value], ...], place, dash, faint}]; of one `place`, one colour, whatever else is drawn;
 * what is faint stands behind another line of its name. The figure's `update(lines, look)` draws it anew, maybe along
 * another `x` or with a logarithmic side (`log`). Without a `legend` the page around says which colour is whose; points are marked
 * on lines of at most `marked` of them.
 */
export function curves(heading, lines, { legend = lines.length > 1, height = 290, marked = 60, x = "step", log = false } = {}) {
  const plot = h("div.plot", { role: "img" });
  plot.style.minHeight = `${height}px`;
  const numbers = h("div");
  const draw = async () => {
    const Plotly = await plotly();
    const alone = lines.length === 1 && lines[0].place === undefined;
    const data = lines.map((line, at) => [line, line.place ?? at]).map(([line, index]) => ({
      name: line.name,
      opacity: line.faint ? 0.25 : 1,
      showlegend: !line.faint,
      hoverinfo: line.faint ? "skip" : undefined,
      legendgroup: line.name + index, // a press on the name takes the faint line along
      x: line.points.map(([step]) => step),
      y: line.points.map(([, value]) => value),
      mode: line.faint || line.points.length > marked ? "lines" : "lines+markers",
      marker: { size: 5, symbol: MARKS[index % MARKS.length] },
      line: {
        width: 2,
        color: alone ? resolve("--v-accent") : COLOURS[index % COLOURS.length],
        dash: line.dash ?? DASHES[Math.floor(index / COLOURS.length) % DASHES.length],
      },
    }));
    const layout = look({
      x,
      log,
      legend,
      hovermode: "x unified",
      height: height + (legend ? 20 * legendRows(lines.filter((line) => !line.faint), plot.clientWidth) : 0),
    });
    await Plotly.react(plot, data, layout, CONFIG);
  };
  const tell = () => {
    const clear = lines.filter((line) => !line.faint);
    const count = clear.length === 1 ? "one curve" : `${clear.length} curves`;
    plot.setAttribute("aria-label", `${heading}, ${count}; the table below has the numbers`);
    if (!numbers.querySelector("details[open]")) numbers.replaceChildren(twin(heading, clear, x));
  };
  tell();
  drawWhenSeen(plot, draw);
  const figure = h("figure.curves", {}, h("figcaption", {}, heading), plot, numbers);
  figure.update = (now, wanted = { x, log }) => {
    lines = now;
    ({ x, log } = wanted);
    tell();
    return plot.classList.contains("js-plotly-plot") ? draw() : undefined;
  };
  return figure;
}

/** How every plot of numbers looks now: colours, type, axes named `x` and `y`. */
export function look({ x, y = "", log = false, legend, hovermode = "closest", height = 300 }) {
  const style = getComputedStyle(document.body);
  const shade = resolve("--v-text");
  const grid = resolve("--v-line");
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, automargin: true };
  return {
    uirevision: "keep",
    height,
    margin: { t: 32, r: 12, b: 40, l: 48 }, // on top the toolbar, which must cover nothing when it comes
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: {
      family: style.getPropertyValue("--v-font").trim() || "sans-serif",
      size: 12,
      color: shade,
    },
    xaxis: { ...axis, title: { text: x } },
    yaxis: { ...axis, type: log ? "log" : "linear", title: { text: y }, exponentformat: "power" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: resolve("--v-muted"), activecolor: resolve("--v-accent") },
    legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" },
    showlegend: legend,
    hovermode,
    hoverlabel: { bgcolor: resolve("--v-surface"), font: { color: shade } },
  };
}

/** About how many rows the names take below the plot. */
function legendRows(lines, width) {
  if (lines.length < 2) return 0;
  const needed = lines.reduce((sum, line) => sum + 50 + 7 * line.name.length, 0);
  return Math.ceil(needed / Math.max(width, 200));
}

/** A figure that a method saved as plotly JSON. */
export function figure(item) {
  const plot = h("div.plot", { role: "img", "aria-label": item.name });
  const draw = async () => {
    const [Plotly, saved] = await Promise.all([
      plotly(),
      fetch(BASE + item.url.slice(1)).then((answer) => answer.json()),
    ]);
    const look = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: resolve("--v-text") },
      uirevision: "keep",
    };
    await Plotly.react(plot, saved.data, { ...saved.layout, ...look }, CONFIG);
  };
  drawWhenSeen(plot, draw);
  return h(
    "figure.curves",
    {},
    h("figcaption", {}, item.meta.caption ?? item.name.replace(/\.json$/, "")),
    plot,
  );
}

/** Call `draw` when the plot is first seen, and again when light turns dark. */
export function drawWhenSeen(plot, draw) {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    draw().catch((error) =>
      plot.replaceChildren(h("p.muted", {}, `This plot could not be drawn: ${error.message}.`)),
    );
  });
  seen.observe(plot);
  document.addEventListener("vitrine:theme", () => window.Plotly && plot.isConnected && draw());
}

/** The colour a variable has now, as plotly wants it. */
export function resolve(name) {
  const probe = document.body.appendChild(h("i", { hidden: true }));
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function twin(heading, lines, x) {
  const steps = [...new Set(lines.flatMap((line) => line.points.map(([step]) => step)))].sort(
    (a, b) => a - b,
  );
  const values = lines.map((line) => new Map(line.points));
  const fill = () =>
    h(
      "table.table",
      {},
      h("caption.offscreen", {}, heading),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, x[0].toUpperCase() + x.slice(1)),
          ...lines.map((line) => h("th.num", { scope: "col" }, line.name)),
        ),
      ),
      h(
        "tbody",
        {},
        ...steps.map((step) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, Number.isInteger(step) ? step : number(step)),
            ...values.map((map) => h("td.num", {}, number(map.get(step)))),
          ),
        ),
      ),
    );
  const box = h("div.scroll");
  const details = h(
    "details",
    { ontoggle: () => box.childElementCount || box.append(fill()) },
    h("summary", {}, "As a table"),
    box,
  );
  return details;
}
