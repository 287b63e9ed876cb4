// What a family shows of its runs beyond metrics and images: elements of its own, by method.

import { BASE, h } from "./core.js";
import { runTitle } from "./format.js";
import "./answers-beside.js";
import "./edit.js";
import "./edits-beside.js";
import "./evaluations.js";
import "./figures-beside.js";
import "./nodes-beside.js";
import "./nodes-summary.js";
import "./training.js";
import "./look.js";
import "./looks-beside.js";
import "./fewshot-scores.js";
import "./scores-beside.js";
import "./afr.js";
import "./afr-beside.js";

const TRAININGS = ["alignment.train"];
const HARDNESS = "alignment.hardness";
const ERASURES = ["unlearning.erase"];
const DETECTIONS = ["anomaly.detect"];
const LOOKS = ["fewshot.look"];
const SCORES = ["fewshot.evaluate"];
const REGULARISED = ["fewshot.regularise"];
const EVALUATIONS = ["alignment.evaluate", "alignment.train"];

const trainings = (runs) => runs.filter((run) => TRAININGS.includes(run.method));
const erased = (runs) => runs.filter((run) => ERASURES.includes(run.method) && run.status === "succeeded");

/** Whether the elements of these runs draw their curves. */
export const drawsCurves = (runs) => trainings(runs).length > 0 || tellsResults(runs);

/** Whether the elements of these runs tell their summary and their metrics, each where it belongs. */
export const tellsResults = (runs) => runs.length > 0 && erased(runs).length + done(runs, [...LOOKS, ...SCORES, ...REGULARISED]).length === runs.length;

/** For runs that stand on one page. */
export function views(runs) {
  const answered = runs.filter((run) => EVALUATIONS.includes(run.method) && run.finished);
  const shown = { runs: ids(answered) };
  return [
    training(runs),
    edits(runs),
    nodes(runs),
    ...looks(runs),
    ...scores(runs),
    ...regularised(runs),
    ...(answered.length > 1 ? [h("v-figures-beside", shown), h("v-answers-beside", shown)] : []),
    answered.length ? h("v-evaluations", shown) : "",
    pairs(runs),
  ].filter(Boolean);
}

/** What an edit of an adapter did, or what several did, side by side. */
function edits(runs) {
  const found = erased(runs);
  if (found.length > 1) return h("v-edits-beside", { runs: ids(found) });
  return found.length ? h("v-edit", { run: found[0].id }) : "";
}

/** The first nodes of a detection, or what several detectors say of one graph. */
function nodes(runs) {
  const found = runs.filter((run) => DETECTIONS.includes(run.method) && run.status === "succeeded");
  if (found.length > 1) return h("v-nodes-beside", { runs: ids(found) });
  return found.length ? h("v-nodes-summary", { run: found[0].id }) : "";
}

/** What looking closer changed of each picture. */
function looks(runs) {
  const found = done(runs, LOOKS);
  if (found.length > 1) return [h("v-looks-beside", { runs: ids(found) })];
  return found.map((run) => h("v-look", { run: run.id }));
}

/** The accuracy of few-shot classifiers, of one run or side by side. */
function scores(runs) {
  const found = done(runs, SCORES);
  if (found.length > 1) return [h("v-fewshot-scores-beside", { runs: ids(found) })];
  return found.map((run) => h("v-fewshot-scores", { run: run.id }));
}

/** What attentive feature regularisation did, or what several did, side by side. */
function regularised(runs) {
  const found = done(runs, REGULARISED);
  if (found.length > 1) return [h("v-afr-beside", { runs: ids(found) })];
  return found.map((run) => h("v-afr", { run: run.id }));
}

const done = (runs, methods) => runs.filter((run) => methods.includes(run.method) && run.status === "succeeded");

/** Where the pairs of measuring runs are looked at. */
function pairs(runs) {
  const measured = runs.filter((run) => run.method === HARDNESS);
  const link = (run) => h("a.button.primary", { href: `${BASE}pairs?run=${run.id}` }, runs.length > 1 ? `The pairs of ${runTitle(run)}` : "Look at the pairs");
  return measured.length ? h("p.actions", {}, ...measured.map(link)) : "";
}

export function training(runs) {
  const found = trainings(runs);
  return found.length ? h("v-training", { runs: ids(found) }) : "";
}

const ids = (runs) => runs.map((run) => run.id).join(",");
