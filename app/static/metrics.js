// The table of a comparison: a row a run; settings that differ come first, then metrics, each against the control.

import { BASE, h } from "./core.js";
import { badge, number, runTitle, setting, title } from "./format.js";
import { table } from "./table.js";

// What is better, by a word of the metric's name; a metric without one is shown without a verdict.
const LOWER = [
  "seconds",
  "time",
  "error",
  "fid",
  "frechet",
  "distance",
  "macs",
  "gmacs",
  "flop",
  "memory",
  "mse",
  "mae",
  "l2",
  "lpips",
  "loss",
  "forwards",
  "overhead",
  "chair",
  "hallucination",
  "hal",
];
const HIGHER = ["right", "speedup", "psnr", "ssim", "accuracy", "precision", "recall", "score", "is", "auc", "gain", "cosine", "reached"];
const OBJECTIVE = ["objective", "losses", "loss_weights", "beta"]; // where these differ, so does what is minimised,
const OF_OBJECTIVE = ["loss", "reward_margin"]; // and these are numbers of different things
const SECONDARY = /_(uncached|plain|before|low|high)$|^(finetune|ascent|npo|retrain|retrain_2)_/;

/** Whether a metric supports another: its interval, or what it is of a control. */
export function isSupporting(name) {
  return SECONDARY.test(name);
}

export function better(name) {
  const words = name.toLowerCase().split(/[_.\s]/);
  if (words.includes("forget") || words.includes("mia") || name === "token_accuracy") return 0; // as far as a retrain would, no further
  if (words.some((word) => HIGHER.includes(word))) return 1;
  return words.some((word) => LOWER.includes(word)) ? -1 : 0;
}

/** "+12 % · better": how `value` stands to the control's. */
export function against(name, value, control) {
  if (!Number.isFinite(value) || !Number.isFinite(control)) return "";
  if (value === control) return "same";
  if (control === 0) return ""; // a distance to the control itself: it has none, and any other has some
  const sign = value > control ? "+" : "−";
  const percent = Math.abs(value / control - 1) * 100;
  const change =
    control === 0 || percent >= 1000
      ? `${sign}${number(Math.abs(value - control))}`
      : `${sign}${number(Number(percent.toPrecision(2)))} %`;
  // Below a hundredth, one run says nothing about better or worse.
  const way = percent < 1 ? 0 : better(name) * Math.sign(value - control);
  return change + (way > 0 ? " · better" : way < 0 ? " · worse" : "");
}

/** Metrics that say something about the difference, those that support them, and those that are the same for all. */
function sorted(metrics) {
  const same = ({ values }) => values.length > 1 && values.every((value) => value === values[0]);
  const rest = metrics.filter((item) => !same(item));
  return {
    main: rest.filter((item) => !isSupporting(item.name)),
    more: rest.filter((item) => isSupporting(item.name)),
    same: metrics.filter((item) => same(item) && !isSupporting(item.name)),
  };
}

/** Names of runs timed much faster than the multiply-adds they save account for, and in words what that means. */
function doubtful(view, values) {
  const [speed, flop] = ["speedup", "flop_share"].map((name) => values.get(name));
  if (!speed || !flop) return "";
  const found = view.runs
    .map((run, index) => ({ run, gain: speed[index], due: 1 / flop[index] }))
    .filter(({ gain, due }) => gain > 1.1 * due);
  if (!found.length) return "";
  const listed = found
    .map(({ run, gain, due }) => `${runTitle(run)} (${gain.toFixed(2)}x; they account for ${due.toFixed(2)}x)`)
    .join(", ");
  return `Timed faster than the multiply-adds saved account for: ${listed}. Most often the machine was busy with something else; run it again before you trust the time.`;
}

export function metricTable(view, control, widgets) {
  const rows = view.runs.map((run, index) => ({ run, index }));
  const at = rows.find((row) => row.run.id === control.id).index;
  const isControl = (row) => row.index === at;
  const values = new Map(view.metrics.map((item) => [item.name, item.values]));
  const groups = sorted(view.metrics);
  const objectives = view.differing.some((item) => OBJECTIVE.includes(item.name));

  const name = {
    key: "run",
    title: "Run",
    value: (row) => runTitle(row.run),
    cell: (row) =>
      h(
        "span.runname",
        {},
        h("a", { href: `${BASE}run?id=${row.run.id}` }, runTitle(row.run)),
        isControl(row) && rows.length > 1 ? h("small.tag", {}, "control") : "",
        row.run.status === "succeeded" ? "" : badge(row.run.status),
      ),
  };
  const settings = view.differing.map((item) => ({
    key: `setting ${item.name}`,
    title: item.title,
    value: (row) => item.values[row.index],
    cell: (row) => {
      const text = setting(item.values[row.index], widgets[item.name]);
      return h("div.cut", { title: text }, text);
    },
  }));

  const measure = (item) => ({
    key: `metric ${item.name}`,
    title: title(item.name),
    num: true,
    value: (row) => item.values[row.index],
    cell: (row) => {
      const value = item.values[row.index];
      const [low, high] = ["_low", "_high"].map((ending) => values.get(item.name + ending)?.[row.index]);
      const interval =
        Number.isFinite(low) && Number.isFinite(high)
          ? h("small", {}, `${number(low)} to ${number(high)}`)
          : "";
      const alike = !(objectives && OF_OBJECTIVE.includes(item.name));
      const said = isControl(row) || !alike ? "" : against(item.name, value, item.values[at]);
      const kind = said.endsWith("better") ? ".good" : said.endsWith("worse") ? ".bad" : "";
      return h("span.measure", {}, number(value), interval, said ? h(`small${kind}`, {}, said) : "");
    },
  });

  const draw = (metrics) =>
    table({
      caption: "Settings that differ, and metrics",
      columns: [name, ...settings, ...metrics.map(measure)],
      rows,
      row: (line, row) => line.classList.toggle("control", isControl(row) && rows.length > 1),
    });
  const box = h("div", {}, draw(groups.main));
  const all = groups.more.length
    ? h(
        "label.check",
        {},
        h("input", {
          type: "checkbox",
          onchange: (event) =>
            box.replaceChildren(draw(event.target.checked ? [...groups.main, ...groups.more] : groups.main)),
        }),
        `Also the ${groups.more.length} supporting metrics`,
      )
    : "";
  const same = groups.same.length
    ? h(
        "p.muted.fine",
        {},
        "The same for all: ",
        groups.same.map((item) => `${title(item.name)} ${number(item.values[0])}`).join(" · "),
      )
    : "";
  const doubt = doubtful(view, values);
  return h("div", {}, box, h("div.under", {}, all, same), doubt ? h("p.muted.fine.doubt", {}, doubt) : "");
}
