// What one run of `fewshot.regularise` recorded, and how its numbers and its setting are written.

import { BASE, api, h } from "./core.js";
import { title } from "./format.js";
import { records } from "./records.js";

export const METHOD = "fewshot.regularise";
const ONE = ["afr_attention", "afr_gate", "afr_projection", "afr_setup"];

/** {run, arms, related, verdict, attention, gate, projection, setup, artefacts}; all but the first only of a run that succeeded. */
export async function readAfr(id, signal) {
  const run = await api(`runs/${id}`, { signal });
  if (run.status !== "succeeded") return { run };
  const [arms, related, verdict, ...single] = await Promise.all(
    ["afr_arm", "afr_related", "afr_verdict", ...ONE].map((kind) => records(id, kind, signal)),
  );
  const [attention, gate, projection, setup] = single.map((rows) => rows[0] ?? null);
  return { run, arms, related, verdict, attention, gate, projection, setup: setup ?? {} };
}

export const ARMS = {
  base: ["Classifier alone", "Nothing is mixed in: what AFR has to beat, with the same preprocessing."],
  mixup: ["Manifold mixup", "The support mixed with itself, labels too: a regulariser that knows no base classes."],
  afr: ["AFR", "Support features mixed with the related base classes."],
  afr_random: ["AFR, random base classes", "The same with base classes drawn by lot: what it does without knowing what is related."],
  afr_uniform: ["AFR, uniform attention", "The same related classes, each weighed alike: what the attention adds is the distance to this."],
};
export const CLASSIFIERS = { centroid: "nearest centroid", cosine: "cosine classifier", logistic: "logistic regression" };

const SEMANTICS = { clip_text: "CLIP's texts", vectors: "word vectors", matrix: "the matrix of the file", wordnet: "WordNet" };
const MODELS = { scenes: "the small world's CLIP" };

export function armName({ arm, title: given }) {
  return given ?? ARMS[arm]?.[0] ?? title(arm);
}

export function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** A share, 0 to 1, in percent. */
export function percent(value) {
  return known(value) ? `${(100 * value).toFixed(1)} %` : "–";
}

/** A difference of shares in percentage points, with its sign. */
export function points(value) {
  if (!known(value)) return "–";
  const text = Math.abs(100 * value).toFixed(1);
  return (Number(text) === 0 ? "±" : value > 0 ? "+" : "−") + text;
}

/** "better", "worse", "the same" or "may be chance", by whether the interval of a difference leaves zero out. */
export function sided(low, high) {
  if (!known(low) || !known(high)) return "";
  if (low === 0 && high === 0) return "the same";
  return low > 0 ? "better" : high < 0 ? "worse" : "may be chance";
}

/** Under which setting a figure was measured, in one line. */
export function underSetting({ setup, run }) {
  const { ways, shots, queries, episodes, classifier, source, model, semantics } = setup;
  const seed = setup.seed ?? run.seed;
  const parts = [
    known(ways) && known(shots) ? `${ways}-way ${shots}-shot` : "",
    known(queries) ? `${queries} queries a class` : "",
    known(episodes) ? `${episodes.toLocaleString("en")} episodes` : "",
    CLASSIFIERS[classifier] ?? classifier,
    source ? `features: ${source}` : "",
    model ? `CLIP: ${MODELS[model] ?? model}` : "",
    semantics ? `semantics: ${SEMANTICS[semantics] ?? semantics}` : "",
    known(seed) ? `seed ${seed}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** The line that stands under every figure. */
export function settingNote(afr, ...more) {
  return h("p.muted.fine.afrsetting", {}, [underSetting(afr), ...more].filter(Boolean).join(" · "));
}

export function runAddress(id) {
  return `${BASE}run?id=${id}`;
}

/** Colour of a class by its place among the classes of the shown episode. */
export function colours(classes) {
  const places = new Map([...new Set(classes)].map((name, place) => [name, `c${place % 8}`]));
  return (name) => places.get(name) ?? "muted";
}
