// What one run of few-shot accuracy recorded, and how its numbers and settings are written.

import { BASE, api, every, h } from "./core.js";
import { number } from "./format.js";
import { REFINEMENTS } from "./look-data.js";
import { records } from "./records.js";

const DIGEST = /^[0-9a-f]{64}$/;
const KINDS = ["setup", "score", "class", "confusion", "picture", "map"];
export const ORDER = Object.keys(REFINEMENTS);
export const isControl = (key) => !["global", "vcr"].includes(key);

/** {run, setup, verdict, score, class, confusion, picture, map, files, classifiers}; only `run` of one that did not succeed. */
export async function readScores(id, signal) {
  const run = await api(`runs/${id}`, { signal });
  if (run.status !== "succeeded") return { run };
  const [artefacts, verdict, ...rows] = await Promise.all([
    every(`runs/${id}/artefacts`, { signal }),
    records(id, "verdict", signal),
    ...KINDS.map((kind) => records(id, `fewshot_${kind}`, signal)),
  ]);
  const found = Object.fromEntries(KINDS.map((kind, place) => [kind, rows[place]]));
  const files = new Map(artefacts.map((item) => [item.name, BASE + item.url.slice(1)]));
  const classifiers = [...new Set(found.score.map((row) => row.classifier))];
  return { ...found, run, verdict, files, classifiers, setup: await named(found.setup[0] ?? {}, signal) };
}

/** A set that was uploaded is told by its file's name: a run knows it by its sha256. */
async function named(setup, signal) {
  if (!DIGEST.test(setup.set)) return setup;
  const upload = (await every("datasets", { signal })).find(({ sha256 }) => sha256 === setup.set);
  return { ...setup, title: upload?.name ?? `upload ${setup.set.slice(0, 8)}` };
}

const written = [0, 1].map((digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven", useGrouping: false }));

/** As Python rounds, so that a figure reads the same in a verdict and in a table: 31.25 is 31.2. */
export const rounded = (value, digits = 1) => written[digits].format(value);

export function percent(share, digits = 1) {
  return known(share) ? `${rounded(100 * share, digits)} %` : "–";
}

/** A difference of shares in points, with its sign. */
export function points(share) {
  if (!known(share)) return "–";
  const text = rounded(Math.abs(100 * share));
  return `${Number(text) === 0 ? "±" : share > 0 ? "+" : "−"}${text}`;
}

/** "2.1 to 8.8", or "" where a value has no interval. */
export function between(low, high, write) {
  return known(low) && known(high) ? `${write(low)} to ${write(high)}` : "";
}

export function pValue(p) {
  if (!known(p)) return "–";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

export function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** What every figure stands on: the prompt, the model, the pictures, the shots. */
export function stamp({ setup }) {
  const { seeds = [] } = setup;
  const facts = [
    setup.model,
    setup.title ?? setup.set,
    drawn(setup),
    known(setup.test_pictures) ? `${number(setup.test_pictures)} test pictures` : "",
    seeds.length ? `support ${seeds.length > 1 ? "seeds" : "seed"} ${seeds.join(", ")}` : "",
  ].filter(Boolean);
  return h("p.stamp", {}, ...templates(setup), ` · ${facts.join(" · ")}`);
}

function templates({ template }) {
  const given = [template ?? []].flat();
  return [given.length > 1 ? "Prompts: " : "Prompt: ", ...given.flatMap((text, place) => [place ? ", " : "", h("q", {}, text)])];
}

export function shots(given) {
  return given === 1 ? "1 shot a class" : `${given} shots a class`;
}

/** The shots of the classes, which are fewer than asked for where a class has not so many. */
function drawn({ shots: asked, shots_of: given = {} }) {
  const least = Math.min(asked, ...Object.values(given));
  return least < asked ? `${least} to ${shots(asked)}` : shots(asked);
}
