// The curves of trainings, one colour a run, drawn as they grow.

import { curves } from "./chart.js";
import { h } from "./core.js";
import { title } from "./format.js";

const MAIN = [
  {
    title: "Rewards: chosen (solid) and rejected (dotted)",
    about:
      "How much likelier each answer became than under the model as it was, times beta. Only their distance is trained.",
    series: [
      ["rewards/chosen", "chosen", "solid"],
      ["rewards/rejected", "rejected", "dot"],
    ],
  },
  { title: "Reward margin", about: "Chosen minus rejected.", series: [["rewards/margins"]] },
  {
    title: "Reward accuracy",
    about: "Share of the batch whose chosen answer has the larger reward.",
    series: [["rewards/accuracies"]],
  },
  { title: "Loss", about: "Of different objectives not comparable: only its course is.", series: [["loss"]] },
  { title: "Beta", about: "Mean of the batch, after both factors.", series: [["dama/beta"]] },
  { title: "Kept share of the batch", about: "What the filter leaves in the loss.", series: [["dama/kept"]] },
];
const SMOOTH = [1, 5, 10, 25];

/** Mean of the last `width` points at each; with 1 the points themselves. */
export function smoothed(points, width) {
  if (width < 2) return points;
  return points.map(([step], at) => {
    const some = points.slice(Math.max(0, at - width + 1), at + 1);
    return [step, some.reduce((sum, [, value]) => sum + value, 0) / some.length];
  });
}

/** A section that `update(parts)` fills; `parts`: [{name, place, series: {curve: points}}, ...]. */
export class Curves {
  constructor() {
    this.width = 1;
    this.shown = new Map();
    this.main = h("div.plots");
    this.rest = h("div.plots");
    this.more = h("details", { hidden: true }, h("summary", {}, "More curves"), this.rest);
    const choice = h(
      "select",
      { onchange: (event) => ((this.width = Number(event.target.value)), this.update(this.parts)) },
      ...SMOOTH.map((width) => h("option", { value: width }, width === 1 ? "each step" : `mean of ${width} steps`)),
    );
    this.node = h(
      "section.card",
      { "aria-label": "Training curves" },
      h("div.row", {}, h("h2", {}, "Curves"), h("label.field.inline", {}, "Shown", choice)),
      this.main,
      this.more,
    );
  }

  update(parts) {
    this.parts = parts;
    const names = [...new Set(parts.flatMap((part) => Object.keys(part.series)))];
    const known = new Set(MAIN.flatMap((plot) => plot.series.map(([name]) => name)));
    const others = names
      .filter((name) => !known.has(name))
      .sort()
      .map((name) => ({ title: title(name), about: "", series: [[name]] }));
    for (const plot of MAIN) this.draw(plot, this.main);
    for (const plot of others) this.draw(plot, this.rest);
    this.more.hidden = !others.length;
    this.more.firstChild.textContent = `More curves (${others.length})`;
  }

  draw(plot, box) {
    const lines = plot.series.flatMap(([name, what, dash]) =>
      this.parts
        .filter((part) => part.series[name]?.length > 1)
        .map((part) => ({
          name: what ? `${part.name}, ${what}` : part.name,
          points: smoothed(part.series[name], this.width),
          place: part.place,
          dash,
        })),
    );
    if (!lines.length) return;
    if (this.shown.has(plot.title)) {
      this.shown.get(plot.title).update(lines);
      return;
    }
    const figure = curves(plot.title, lines, { legend: false, height: 220, marked: 12 });
    figure.querySelector("figcaption").append(h("small.muted", {}, plot.about));
    this.shown.set(plot.title, figure);
    box.append(figure);
  }
}
