// The table of a comparison's metrics: a row a run, each metric against the first run, the control.

import { BASE, h } from "./core.js";
import { badge, number, runTitle, title } from "./format.js";
import { table } from "./table.js";

const SECONDARY = /_(uncached|plain|before|low|high)$|^(finetune|ascent|npo|retrain|retrain_2)_/;
const CAPTION = "Metrics";

/** Whether a metric supports another: its interval, or what it is of a control. */
export function isSupporting(name) {
  return SECONDARY.test(name);
}

/** "+12 %": how `value` stands to the control's, without a judgement. */
export function change(value, control) {
  if (!Number.isFinite(value) || !Number.isFinite(control)) return "";
  if (value === control) return "same";
  if (control === 0) return ""; // a distance to the control itself: it has none, and any other has some
  const percent = Math.abs(value / control - 1) * 100;
  return percent >= 1000 || value * control < 0 ? signed(value - control) : `${value > control ? "+" : "−"}${number(Number(percent.toPrecision(2)))} %`;
}

export function signed(value) {
  return value === 0 ? "0" : `${value > 0 ? "+" : "−"}${number(Math.abs(Number(value.toPrecision(3))))}`;
}

/** A difference in words: by how much, between what, and whether that is better. */
export function difference(found, exact = "") {
  const judged = { better: " · better", worse: " · worse" }[found.verdict] ?? "";
  const kind = judged ? (found.verdict === "better" ? ".good" : ".bad") : "";
  if (found.over === "exact") return h(`small${kind}`, { title: "A count, in which there is no chance" }, exact + (exact === "same" ? "" : judged));
  const ends = found.low === null ? "" : h("span.ends", {}, ` (${signed(found.low)} to ${signed(found.high)})`);
  const told = found.verdict === "unclear" ? (found.low !== null ? "; the interval includes no difference" : found.n === 1 ? "; a single pair tells nothing of chance" : "; so few pairs that all differ by the same tell nothing of chance") : "";
  return h(`small${kind}`, { title: `Mean difference of ${found.n} pairs (${found.over})${found.low === null ? "" : " and its 95 % interval"}${told}` }, signed(found.mean) + judged, ends);
}

export function star() {
  return h("b.good", { title: "Better than every other here: each paired interval excludes zero" }, " ★");
}

export const wayOf = (better) => (better > 0 ? "More is better" : better < 0 ? "Less is better" : undefined);

/** Metrics that say something about the difference, those that support them, and those that are the same for all. */
export function sorted(metrics) {
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
  const found = view.runs.map((run, index) => ({ run, gain: speed[index], due: 1 / flop[index] })).filter(({ gain, due }) => gain > 1.1 * due);
  if (!found.length) return "";
  const listed = found.map(({ run, gain, due }) => `${runTitle(run)} (${gain.toFixed(2)}x; they account for ${due.toFixed(2)}x)`).join(", ");
  return `Timed faster than the multiply-adds saved account for: ${listed}. Most often the machine was busy with something else; run it again before you trust the time.`;
}

/** `told`: the differences as REST has them, or null while they are not there; `choose(run)` makes a run the control. */
export function metricTable(view, told, choose) {
  const several = view.runs.length > 1;
  const rows = view.runs.map((run, index) => ({ run, index, of: told?.runs[index] }));
  const values = new Map(view.metrics.map((item) => [item.name, item.values]));
  const groups = sorted(view.metrics);
  const name = { key: "run", title: "Run", value: (row) => runTitle(row.run), cell: (row) => named(row, several, choose) };
  const measure = (item) => ({
    key: `metric ${item.name}`,
    title: title(item.name),
    hint: wayOf(item.better),
    num: true,
    value: (row) => item.values[row.index],
    cell: (row) => measured(item, row),
  });
  const draw = (metrics) =>
    table({ caption: CAPTION, columns: [name, ...metrics.map(measure)], rows, row: (line, row) => line.classList.toggle("control", row.index === 0 && several) });
  const box = h("div", {}, draw(groups.main));
  const all = groups.more.length
    ? h("label.check", {}, h("input", { type: "checkbox", onchange: (event) => box.replaceChildren(draw(event.target.checked ? [...groups.main, ...groups.more] : groups.main)) }), `Also the ${groups.more.length} supporting metrics`)
    : "";
  const same = groups.same.length
    ? h("p.muted.fine", {}, several ? "The same for all: " : "", groups.same.map((item) => `${title(item.name)} ${number(item.values[0])}`).join(" · "))
    : "";
  const doubt = doubtful(view, values);
  return h("div", {}, box, h("div.under", {}, all, same), doubt ? h("p.muted.fine.doubt", {}, doubt) : "", several ? h("p.muted.fine", {}, explained(told)) : "");
}

/** The name of a run, what it is here, and why it does not compare. */
function named({ run, index, of }, several, choose) {
  const control = !several ? "" : index ? h("button.link.fine", { type: "button", title: "Measure the others against this run", onclick: () => choose(run) }, "set as control") : h("small.tag", {}, "control");
  const why = of?.apart.length ? `not comparable: other ${of.apart.join(", ").toLowerCase()}` : of?.other_seed ? "another seed: nothing pairs item by item" : "";
  return h(
    "span.runname",
    {},
    h("a", { href: `${BASE}run?id=${run.id}` }, h(`i.swatch.c${index % 8}`, { "aria-hidden": "true" }), runTitle(run)),
    run.status === "succeeded" ? "" : badge(run.status),
    why ? h(`small${of.apart.length ? ".warn" : ".muted"}`, {}, why) : "",
    control,
  );
}

function measured(item, { index, of }) {
  const value = item.values[index];
  const [low, high] = [item.low[index], item.high[index]];
  const interval = Number.isFinite(low) && Number.isFinite(high) ? h("small", { title: "95 % interval of the run itself" }, `${number(low)} to ${number(high)}`) : "";
  const shown = h("span", {}, number(value), of?.best.includes(item.name) ? star() : "");
  return h("span.measure", {}, shown, interval, against(item, index, of));
}

function against(item, index, of) {
  if (!index || !of || of.apart.length || of.unlike.includes(item.name)) return "";
  const plain = change(item.values[index], item.values[0]);
  const found = of.differences[item.name];
  if (found) return difference(found, plain);
  return plain ? h("small", { title: "One run each and nothing that pairs: whether that is more than chance is not known" }, plain) : "";
}

function explained(told) {
  if (!told) return "Comparing …";
  const pairs = [...new Set(told.runs.flatMap((run) => Object.values(run.differences).map(({ over }) => over)))].filter((over) => over !== "exact");
  const paired = pairs.length
    ? `In brackets the 95 % interval of a difference from the control, paired over the same ${pairs.join(", ")} (Student's t; not corrected for how many are looked at). `
    : "";
  return `${paired}Better and worse are said where that interval excludes zero, and of exact counts; a bare percentage is one run against another.`;
}
