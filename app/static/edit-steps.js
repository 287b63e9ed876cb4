// How far the edit goes: losses along the update, the guard, and a slider over the step lengths that were measured.

import { h, svg } from "./core.js";
import { change, known, loss, percent, stepName } from "./edit-data.js";
import { EDGE, plotted } from "./edit-plot.js";
import { fitted } from "./frontier.js";

const PANELS = [
  {
    name: "Asked for: loss since before, nats per token",
    since: true,
    lines: [
      { key: "forget", name: "old answers", colour: 1 },
      { key: "corrected", name: "corrected rows", colour: 2 },
    ],
  },
  {
    name: "To be kept: loss since before, nats per token",
    since: true,
    lines: [
      { key: "retain", name: "retained rows", colour: 0 },
      { key: "held_out", name: "rows never trained on", colour: 3, dash: "5 4" },
      { key: "objective", name: "objective, since before", colour: 6, dash: "2 3", since: true },
    ],
  },
];

/** A part of the page: `node`, `index` (of the step length that is looked at), `move(index)`. */
export class Steps {
  /** `curve`: points in the order of the step lengths; `onmove(index)` is called at each move. */
  constructor(curve, { onmove }) {
    this.curve = curve;
    this.onmove = onmove;
    this.chosen = curve.findIndex((point) => point.chosen);
    this.index = Math.max(0, this.chosen);
    this.panels = PANELS.map((panel) => ({ ...panel, lines: panel.lines.filter(({ key }) => curve.some((point) => known(point[key]))) })).filter(
      (panel) => panel.lines.length,
    );
    this.lines = this.panels.flatMap((panel) => panel.lines);
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: curve.length - 1,
      step: 1,
      value: this.index,
      "aria-label": "Step length",
      oninput: () => this.move(Number(this.slider.value)),
    });
    this.said = h("p.readout", { "aria-live": "polite" });
    this.losses = h("dl.steplosses");
    this.node = h("div.steps", {}, this.legend(), fitted((width) => this.draw(width)), h("div.slide", {}, this.slider), this.said, this.losses);
    this.tell();
  }

  move(index) {
    const next = Math.max(0, Math.min(this.curve.length - 1, index));
    if (next === this.index) return;
    this.index = next;
    this.slider.value = next;
    this.tell();
    this.mark?.();
    this.onmove(next);
  }

  tell() {
    const [point, first] = [this.curve[this.index], this.curve[0]];
    const at = point.alpha === 0 ? "No step: the adapter as it was" : `Step length ${stepName(point.alpha)}`;
    const notes = [
      this.index === this.chosen ? "; what this run wrote" : "",
      point.allowed ? "" : "; the guard forbids it: the retained rows lose too much",
    ];
    this.said.textContent = `${at}${notes.join("")}.`;
    this.said.classList.toggle("bad", !point.allowed);
    const now = ({ key, since }) => (since ? change(point[key], first[key]) : loss(point[key]));
    const words = this.lines.map((line) => `${line.name} ${now(line)}`).join(", ");
    this.slider.setAttribute("aria-valuetext", `${this.said.textContent} ${words}`);
    this.losses.replaceChildren(
      ...this.lines.map((line) =>
        h(
          "div",
          {},
          h("dt", {}, h(`i.swatch.c${line.colour}`, { "aria-hidden": "true" }), line.name),
          h("dd", {}, now(line), h("small.muted", {}, line.since ? "" : since(line.key, point, first))),
        ),
      ),
    );
  }

  draw(width) {
    const asked = {
      alphas: this.curve.map((point) => point.alpha),
      panels: this.panels.map((panel) => ({ ...panel, lines: panel.lines.map((line) => ({ ...line, values: along(this.curve, line.key, panel.since) })) })),
      forbidden: this.curve.map((point) => !point.allowed),
      label: "Losses by step length; the slider below tells the numbers",
    };
    const { plot, x, top, bottom, take } = plotted(asked, width);
    if (this.chosen >= 0) take(this.chosen, "own");
    const cursor = svg("path", { class: "cursor" });
    plot.append(cursor);
    this.mark = () => cursor.setAttribute("d", `M${x(this.index)} ${top}V${bottom}`);
    this.mark();
    this.slider.style.marginInline = `${EDGE.left - 8}px ${EDGE.right - 8}px`; // its thumb below the cursor
    this.drag(plot, x, width);
    return plot;
  }

  drag(plot, x, width) {
    const to = (event) => {
      const box = plot.getBoundingClientRect();
      const at = ((event.clientX - box.left) * width) / box.width;
      const gaps = this.curve.map((_, index) => Math.abs(x(index) - at));
      this.move(gaps.indexOf(Math.min(...gaps)));
    };
    plot.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      plot.setPointerCapture(event.pointerId);
      this.slider.focus({ preventScroll: true });
      to(event);
    });
    plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && to(event));
  }

  legend() {
    const sign = ({ colour, dash }) => {
      const line = svg("path", { d: "M-8 0H8", class: "stepline", "stroke-dasharray": dash ?? "" });
      return svg("svg", { viewBox: "-8 -8 16 16", class: `c${colour}`, "aria-hidden": "true" }, line);
    };
    const forbids = this.curve.some((point) => !point.allowed);
    return h(
      "div.kinds",
      {},
      ...this.lines.map((line) => h("span.key", {}, sign(line), line.name)),
      forbids ? h("span.key", {}, h("i.swatch.forbidden", { "aria-hidden": "true" }), "forbidden by the guard") : "",
      this.chosen >= 0 ? h("span.key", {}, "▼ what the run wrote") : "",
    );
  }
}

/** Values of a curve, or what they have changed by since its first point. */
export function along(curve, key, since) {
  const first = since ? curve[0][key] : 0;
  return curve.map((point) => (known(point[key]) && known(first) ? point[key] - first : null));
}

function since(key, point, first) {
  if (!known(point[key]) || point === first) return "";
  const gap = change(point[key], first[key]);
  return key === "retain" ? `${gap} (${percent(point[key], first[key])})` : gap;
}
