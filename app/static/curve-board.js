// The curves of several runs, overlaid: smoothed or not, along steps or time, with a logarithmic side or without.

import { api, complain, h } from "./core.js";
import { curves } from "./chart.js";
import { runTitle, title } from "./format.js";
import { smoothed } from "./training-curves.js";

const SMOOTH = [1, 5, 10, 25, 100];

/** `drawn`: the parts whose curves are drawn; `all`: those of the page, whose places say the colours. */
export function curveBoard(drawn, all) {
  const state = { width: 1, log: false, clock: null };
  const figures = new Map();
  const first = h("div.plots");
  const rest = h("div.plots");
  const more = h("details", {}, h("summary", {}, "More curves"), rest);
  let parts = drawn;

  const linesOf = (name) =>
    parts
      .filter((part) => part.series[name]?.length > 1)
      .flatMap((part) => {
        const along = points(part, name);
        const own = { name: runTitle(part.run), place: all.indexOf(part) };
        if (state.width < 2) return [{ ...own, points: along }];
        return [{ ...own, points: along, faint: true }, { ...own, points: smoothed(along, state.width) }];
      });

  /** Points along steps, or along the seconds since the run began where these are known. */
  const points = (part, name) => {
    if (!state.clock) return part.series[name];
    const times = new Map(state.clock.get(part.run.id)?.[name]);
    return part.series[name].filter(([step]) => times.has(step)).map(([step, value]) => [times.get(step), value]);
  };

  const look = () => ({ x: state.clock ? "seconds since the run began" : "step", log: state.log });
  const update = (now = parts) => {
    parts = now;
    const names = [...new Set(parts.flatMap((part) => Object.keys(part.series)))].filter((name) => linesOf(name).length);
    const main = names.filter((name) => /error|loss/.test(name) && !/_plain$/.test(name));
    const others = names.filter((name) => !main.includes(name));
    for (const name of names) {
      const lines = linesOf(name);
      if (figures.has(name)) figures.get(name).update(lines, look());
      else {
        const runs = new Set(lines.map((line) => line.name)).size;
        const only = runs === 1 && parts.length > 1 ? ` of ${lines[0].name}` : "";
        figures.set(name, curves(title(name) + only, lines, { legend: parts.length > 1, ...look() }));
      }
    }
    put(first, main.map((name) => figures.get(name)));
    put(rest, others.map((name) => figures.get(name)));
    more.hidden = !others.length;
    more.querySelector("summary").textContent = `More curves (${others.length})`;
    if (!main.length) more.open = true;
    node.hidden = !names.length;
  };

  const smooth = h("select", { onchange: () => ((state.width = Number(smooth.value)), update()) }, ...SMOOTH.map((width) => h("option", { value: width }, width === 1 ? "each point" : `mean of ${width}`)));
  const log = h("input", { type: "checkbox", onchange: () => ((state.log = log.checked), update()) });
  const along = h(
    "select",
    {
      onchange: async () => {
        try {
          state.clock = along.value === "time" ? new Map(await Promise.all(parts.map(async ({ run }) => [run.id, await api(`runs/${run.id}/clock`)]))) : null;
          update();
        } catch (error) {
          complain(error);
        }
      },
    },
    h("option", { value: "step" }, "steps"),
    h("option", { value: "time" }, "time"),
  );
  const node = h(
    "section.card.curveboard",
    { "aria-label": "Curves" },
    h("div.row", {}, h("h2", {}, "Curves"), h("label.field.inline", {}, "Shown", smooth), h("label.field.inline", {}, "Along", along), h("label.check", {}, log, "Logarithmic")),
    h("p.muted.fine", {}, "A press on a name hides or shows its run, two presses show it alone."),
    first,
    more,
  );
  update();
  return { node, update };
}

/** Children in this order, without moving those that are there: a plot that moves is drawn anew. */
function put(box, nodes) {
  if (nodes.length !== box.children.length || nodes.some((node, at) => node !== box.children[at])) box.replaceChildren(...nodes);
}
