// What one run of erasure recorded, and how its numbers are written.

import { ApiError, BASE, api, every, h } from "./core.js";
import { number } from "./format.js";
import { records } from "./records.js";

/** {run, verdict, variants, curve, rows, artefacts, series, request}; the parts only of a run that succeeded. */
export async function readEdit(id, signal) {
  const run = await api(`runs/${id}`, { signal });
  if (run.status !== "succeeded") return { run };
  const [verdict, variants, curve, rows, artefacts, series] = await Promise.all([
    records(id, "verdict", signal),
    records(id, "edit_variant", signal),
    records(id, "edit_curve", signal),
    records(id, "edit_row", signal),
    every(`runs/${id}/artefacts`, { signal }),
    api(`runs/${id}/series`, { signal }),
  ]);
  const request = await requestOf(artefacts, signal);
  return { run, verdict, variants, curve, rows, artefacts, series, request };
}

/** The studio's request that a run answers; null for a request that came as a file, or was deleted. */
async function requestOf(artefacts, signal) {
  const file = artefacts.find((item) => item.name === "request.json");
  if (!file) return null;
  const asked = await fetch(fileUrl(file), { signal }).then((answer) => answer.json());
  if (!asked.id) return null;
  try {
    return await api(`requests/${asked.id}`, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function fileUrl(item) {
  return BASE + item.url.slice(1);
}

/** A step length as people write it: parts of 256 are fractions. */
export function stepName(alpha) {
  let [over, under] = [256 * alpha, 256];
  if (alpha <= 0 || alpha >= 1 || !Number.isInteger(over)) return number(alpha);
  while (over % 2 === 0) [over, under] = [over / 2, under / 2];
  return `${over}/${under}`;
}

const NAMES = { finetune: "Fine-tune", ascent: "Gradient ascent", npo: "NPO", retrain: "Retrain", retrain_2: "Second retrain" };

/** What a variant is called where there is little room; its title says more. */
export function shortName({ name, title }) {
  return NAMES[name] ?? title;
}

/** A loss, in nats per token. */
export function loss(value) {
  return known(value) ? value.toFixed(Math.abs(value) < 0.1 ? 4 : 3) : "–";
}

/** What a loss has changed by, with its sign. */
export function change(now, before) {
  if (!known(now) || !known(before)) return "";
  const gap = now - before;
  const text = loss(Math.abs(gap));
  return Number(text) === 0 ? "±0" : (gap > 0 ? "+" : "−") + text;
}

export function percent(now, before) {
  if (!known(now) || !known(before) || before === 0) return "";
  const share = 100 * (now / before - 1);
  if (Math.abs(share) < 0.05) return "±0 %";
  return `${share < 0 ? "−" : "+"}${Math.abs(share).toFixed(1)} %`;
}

export function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function mean(values) {
  const found = values.filter(known);
  return found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : null;
}

const SIGNS = { good: "✓", warning: "!", bad: "✕", info: "i" };
const LEVELS = { good: "good", warning: "take care", bad: "bad", info: "for your information" };

/** What was concluded, the verdict first and large. */
export function verdictList(verdict) {
  return h(
    "ul.verdicts",
    {},
    ...verdict.map(({ level, text }) =>
      h(
        "li",
        { "data-level": level },
        h("span.sign", { role: "img", "aria-label": LEVELS[level] ?? level, title: LEVELS[level] }, SIGNS[level] ?? "i"),
        h("p", {}, text),
      ),
    ),
  );
}
