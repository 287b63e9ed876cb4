// What a family shows of its runs beyond metrics and images: elements of its own, by method.

import { BASE, h } from "./core.js";
import { runTitle } from "./format.js";
import "./answers-beside.js";
import "./evaluations.js";
import "./figures-beside.js";
import "./training.js";

const TRAININGS = ["alignment.train"];
const HARDNESS = "alignment.hardness";
const EVALUATIONS = ["alignment.evaluate", "alignment.train"];

export const trainings = (runs) => runs.filter((run) => TRAININGS.includes(run.method));

/** For runs that stand on one page. Trainings draw their curves themselves. */
export function views(runs) {
  const answered = runs.filter((run) => EVALUATIONS.includes(run.method) && run.finished);
  const shown = { runs: ids(answered) };
  return [
    training(runs),
    ...(answered.length > 1 ? [h("v-figures-beside", shown), h("v-answers-beside", shown)] : []),
    answered.length ? h("v-evaluations", shown) : "",
    pairs(runs),
  ].filter(Boolean);
}

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
