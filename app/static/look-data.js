// What a closer look recorded, and what follows from it: nothing here touches the page.

import { api, every } from "./core.js";
import { records } from "./records.js";

export const BEFORE = "global";
export const AFTER = "vcr";
/** What a classifier is given of a picture: a name, and what it is in a sentence. */
export const REFINEMENTS = {
  global: ["Whole picture", "plain CLIP, without a closer look"],
  vcr: ["Looking closer (VCR)", "of every scale the view of largest margin, merged with the whole picture"],
  random: ["Random views", "control: of every scale any view, merged likewise"],
  mean: ["Mean of all views", "control: nothing is chosen"],
  entropy: ["Lowest entropy", "control: of every scale the view whose probabilities are the most uneven"],
  min_margin: ["Smallest margin", "control: of every scale the view that CLIP is least sure of"],
};
export const CLASSIFIERS = {
  zero_shot: "Zero-shot",
  tip: "Tip-Adapter",
  tip_f: "Tip-Adapter-F",
  gda: "GDA",
  linear: "Linear probe",
};
export const MARGINS = { cosine: "cosines", prob: "probabilities" };
export const MERGES = { unit: "unit views", official_raw: "raw views, as published" };

export const refinementName = (name) => REFINEMENTS[name]?.[0] ?? name;
export const classifierName = (name) => CLASSIFIERS[name] ?? name;
export const isWhole = (scale) => scale === "global" || scale === 1;
export const scaleName = (scale) => (isWhole(scale) ? "whole" : `${Number((100 * scale).toFixed(1))} %`);
/** One of nine colours by the share of the area, the same on every page; the whole picture has none. */
export const scaleClass = (scale) => (isWhole(scale) ? "whole" : `s${Math.min(9, Math.max(1, Math.round(10 * scale)))}`);
/** A probability in percent; none is ever said to be certain, or impossible. */
export const percent = (probability) => (probability >= 0.9995 ? "> 99.9" : probability < 0.0005 ? "< 0.1" : (100 * probability).toFixed(1));
const written = (probability) => Math.round(1000 * probability); // those that read alike count as equal
export const shareOf = (share) => `${(100 * share).toFixed(1)} %`;

/** A picture's name without the folder that only says that it is asked about. */
export const pictureName = ({ name }) => name.replace(/^queries\//, "");

/** {run, setup, pictures: [record with its url]} of a finished look. */
export async function readLook(id, signal) {
  const [run, artefacts, rows, setups] = await Promise.all([
    api(`runs/${id}`, { signal }),
    every(`runs/${id}/artefacts`, { signal }),
    records(id, "look", signal),
    records(id, "look_setup", signal),
  ]);
  const urls = new Map(artefacts.map((item) => [item.name, item.url]));
  const pictures = rows.map((row) => ({ ...row, url: urls.get(row.picture) ?? "" }));
  return { run, setup: setups[0] ?? {}, pictures };
}

/** The looks that led to this one on the same pictures, the first one first, this one last. */
export async function trailOf(run, signal, most = 8) {
  const trail = [run];
  while (trail.length < most && trail[0].parent_id) {
    const parent = await api(`runs/${trail[0].parent_id}`, { signal }).catch(() => null); // deleted meanwhile
    if (!parent || parent.method !== run.method || parent.config.pictures !== run.config.pictures) break;
    trail.unshift(parent);
  }
  return trail;
}

/** The first answer of a classifier to what a refinement gave it: [class, probability], or undefined. */
export const first = (picture, classifier, refinement) => picture.answers[classifier]?.[refinement]?.[0];

/** Whether the first answer is another one than that to the whole picture. */
export function changes(picture, classifier, refinement = AFTER) {
  const [before, after] = [first(picture, classifier, BEFORE), first(picture, classifier, refinement)];
  return Boolean(before && after) && before[0] !== after[0];
}

/**
 * The classes of both top fives with their probabilities before and after, in the order of the latter:
 * [{name, before, after}]; null where a class is not among the first five, and then at most `beforeLeast` / `afterLeast`.
 */
export function beside(picture, classifier, refinement) {
  const before = picture.answers[classifier]?.[BEFORE] ?? [];
  const after = picture.answers[classifier]?.[refinement] ?? [];
  const [was, is] = [new Map(before), new Map(after)];
  const names = [...new Set([...after, ...before].map(([name]) => name))];
  const rows = names.map((name) => ({ name, before: was.get(name) ?? null, after: is.get(name) ?? null }));
  rows.sort((a, b) => written(b.after) - written(a.after) || b.before - a.before);
  return { rows, beforeLeast: before.at(-1)?.[1] ?? 0, afterLeast: after.at(-1)?.[1] ?? 0 };
}

/** Of the merged feature, how much comes from views that name each class: [[class, share], ...], the largest first. */
export function sharesByClass(picture) {
  const sums = new Map();
  for (const { share, top } of picture.shares) sums.set(top, (sums.get(top) ?? 0) + share);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** The chosen views that name another class than the merged feature does: [{scale, top, share}]. */
export const dissenting = (picture) => picture.shares.filter(({ scale, top }) => !isWhole(scale) && top !== picture.top);

/** Over all pictures: how often each refinement changes the first answer, and how often it is right where that is known. */
export function tally(pictures, classifier, refinement) {
  const asked = pictures.filter((picture) => first(picture, classifier, refinement));
  const known = asked.filter((picture) => picture.label !== null && picture.label !== undefined);
  return {
    pictures: asked.length,
    changed: asked.filter((picture) => changes(picture, classifier, refinement)).length,
    known: known.length,
    right: known.filter((picture) => first(picture, classifier, refinement)[0] === picture.label).length,
  };
}
