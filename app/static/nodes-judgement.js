// "How did it do?": precision, recall, AUC and AP against labels or reviews, the plain scores beside. Hidden until asked for.

import { ApiError, action, api, h } from "./core.js";
import { number } from "./format.js";
import { cut } from "./nodes-state.js";
import { SECOND } from "./nodes-words.js";
import { table } from "./table.js";

const AGAINST = { labels: ["By its labels", "the graph's labels"], reviews: ["By my reviews", "your reviews"] };

/**
 * `onlabels(shown)` once a person wants the labels in the table too. Gives {node, result, recut()}: `node` asks, `result` is
 * the answer, which follows the budget and the weight.
 */
export function judgement({ run, hasLabels, state, signal, onlabels }) {
  const result = h("section.card.judged", { "aria-label": "How it did", "aria-live": "polite", hidden: true });
  let against = "";
  const ask = async (what) => {
    against = what;
    result.hidden = false;
    hint.hidden = true;
    const asked = cut(state);
    asked.set("against", what);
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(key === what));
    try {
      result.replaceChildren(...told(await api(`runs/${run.id}/nodes/judgement?${asked}`, { signal })));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500 || !error.status) throw error;
      result.replaceChildren(h("p", {}, error.message)); // not enough was decided yet
    }
    if (what === "labels" && hasLabels) result.append(shown);
  };
  const ways = hasLabels ? ["labels", "reviews"] : ["reviews"];
  const buttons = ways.map((what) => [
    what,
    h("button.chip", { type: "button", "aria-pressed": "false", onclick: action(() => ask(what)) }, AGAINST[what][0]),
  ]);
  const tick = h("input", { type: "checkbox", onchange: () => onlabels(tick.checked) });
  const shown = h("label.check", {}, tick, "Show the labels in the table");
  const hint = h("p.muted.fine", {}, "Hidden until you ask: knowing the labels steers a review.");
  const node = h(
    "section.card.nodejudgement",
    { "aria-label": "How did it do?" },
    h("div.row", {}, h("h2", {}, "How did it do?"), h("div.chips", {}, ...buttons.map(([, button]) => button))),
    hint,
  );
  return { node, result, recut: () => (against ? ask(against) : undefined) };
}

function told(found) {
  const [one, many] = found.against === "labels" ? ["labelled anomalous", "with a label"] : ["confirmed", "confirmed or dismissed"];
  return [
    h("h2", {}, `Against ${AGAINST[found.against][1]}`),
    h("p", {}, `Of ${number(found.judged)} nodes ${many}, ${number(found.positives)} ${is(found.positives)} ${one}. At a budget of ${number(found.top)}:`),
    h(
      "dl.metrics",
      {},
      figure("Precision", found.precision, `${number(found.flagged_positives)} of ${number(found.flagged_judged)} flagged ${is(found.flagged_positives)} ${one}`),
      figure("Recall", found.recall, `${number(found.flagged_positives)} of ${number(found.positives)} ${one} ${is(found.flagged_positives)} flagged`),
    ),
    found.auc ? beside(found) : "",
    h("ul.fine.muted", {}, h("li", {}, "in brackets: 95 % intervals, left out where the nodes are too few for one"), ...found.notes.map((note) => h("li", {}, note))),
  ];
}

const is = (count) => (count === 1 ? "is" : "are");

function figure(name, found, about) {
  if (!found) return "";
  const [value, ...ends] = [found.value, found.low, found.high].map((share) => `${Math.round(100 * share)} %`);
  return h("div", {}, h("dt", {}, name), h("dd", {}, `${value} `, open(found) ? h("small", {}, `[${ends.join(", ")}]`) : ""), h("small", {}, about));
}

/** The run's score and the plain ones, the best AUC first. */
function beside(found) {
  const rows = [{ ...found, mine: true }, ...found.controls];
  const plain = (value) => value?.value ?? value ?? null;
  const figures = (key, title, hint) => ({ key, title, hint, num: true, value: (row) => plain(row[key]), cell: (row) => ranged(row[key]) });
  const title = (row) => (row.mine ? "This run" : (SECOND.find(([key]) => key === `${row.name}_percentile`)?.[1] ?? row.name));
  const columns = [
    { key: "name", title: "Score", value: title, cell: title },
    figures("auc", "AUC", "0.5 is chance, 1 is perfect"),
    figures("ap", "AP", `average precision; a random order has ${decimal(found.chance)}`),
    figures("precision", "Precision", "at the budget"),
    figures("recall", "Recall", "at the budget"),
    { ...figures("difference", "This run's AUC minus its"), cell: (row) => (row.mine ? "" : ranged(row.difference)) },
  ];
  return table({ caption: "Beside the plain scores", columns, rows, sort: "auc", descending: true });
}

/** A number, with its interval below where it has one. */
function ranged(found) {
  if (found === null || found === undefined) return "–";
  if (typeof found === "number") return decimal(found);
  return h("span.ranged", {}, decimal(found.value), open(found) ? h("small.muted", {}, `[${decimal(found.low)}, ${decimal(found.high)}]`) : "");
}

/** Whether an interval says something: where all resamples agree, as with a single positive, it is no certainty. */
function open({ low, high }) {
  return low < high;
}

function decimal(value) {
  return value.toFixed(3).replace("-", "−");
}
