// The edit beside its controls: one table of figures, what it means where a figure is missing, and forgetting against harm.

import { h, svg } from "./core.js";
import { change, known, loss, percent, shortName } from "./edit-data.js";
import { duration, number } from "./format.js";
import { labels } from "./frontier-labels.js";
import { SHAPES, fitted, scale } from "./frontier.js";
import { hint } from "./table.js";

const three = (value) => value.toFixed(3);
const share = (value) => `${(100 * value).toFixed(0)} %`;
/** As the verdict says it: what leads far away is not counted to the percent. */
export const reach = (value) => (value < -1 ? "far off" : share(value));
export const FIGURES = [
  {
    title: "Asked for",
    rows: [
      { key: "forget_loss", name: "Old answers, loss", about: "Mean loss of the marked rows as they were, nats per token. Should rise, about as far as the retrain's.", write: loss },
      { key: "corrected_loss", name: "Corrected rows, loss", about: "Mean loss of the rows as they should be. Should fall.", write: loss },
      { key: "exact", name: "Say the old answer", about: "Share of marked rows whose old answer is what the model says.", write: share },
      { key: "corrected_exact", name: "Say the new answer", about: "Share of corrected rows whose new answer is what the model says to the prompt as it should be.", write: share },
      { key: "token_accuracy", name: "Old answers, token accuracy", about: "Share of the old answers' tokens that are likeliest, each after the true ones before.", write: three },
      { key: "extraction", name: "Extraction strength", about: "Mean share of the old answer that the model continues by itself once it is given the beginning.", write: three },
      { key: "rouge_l", name: "ROUGE-L", about: "Of what the model says to the old answer.", write: three },
    ],
  },
  {
    title: "To be kept",
    rows: [
      { key: "retain_loss", name: "Retained rows, loss", about: "Should stay.", write: loss, relative: true },
      { key: "neighbour_loss", name: "Their neighbours, loss", about: "Retained rows whose prompts resemble those of marked rows. Should stay.", write: loss, relative: true },
      { key: "held_out_loss", name: "Never trained on, loss", about: "Rows of the same kind that the adapter has not seen. Should stay.", write: loss, relative: true },
      { key: "kl", name: "KL(before ‖ after)", about: "Per token of the retained rows, nats: how far all predictions moved.", write: loss },
    ],
  },
  {
    title: "Membership, AUC",
    rows: [
      { key: "mia_loss", name: "By loss", about: "How well the loss tells marked rows from rows never trained on. The aim is the retrain's value: less is over-forgetting.", write: three, aim: true },
      { key: "mia_min_k", name: "By min-k %", about: "By the least likely tokens. The aim is the retrain's value.", write: three, aim: true },
      { key: "mia_zlib", name: "By loss over zlib length", about: "The aim is the retrain's value.", write: three, aim: true },
      { key: "privleak", name: "PrivLeak, by loss", about: "(AUC − the retrain's AUC) / the retrain's AUC: 0 is the aim, below it is over-forgetting.", write: share },
    ],
  },
  {
    title: "Against the retrain",
    retrained: true,
    rows: [
      { key: "reached", name: "Reached of its change", about: "1 − |log-probabilities − the retrain's| over how far the adapter was from it: 100 % coincides, below 0 it is further off than before, below −100 % far off.", write: reach },
      { key: "kl_from_retrain", name: "KL(retrain ‖ this)", about: "Per token of the marked and the retained rows, nats.", write: loss },
      { key: "logp_cosine", name: "Cosine, log-probabilities", about: "Between the change of this and of the retrain, in what is predicted.", write: three },
      { key: "ba_cosine", name: "Cosine, ΔW = BA", about: "In the products that LoRA adds to the weights.", write: three },
      { key: "theta_cosine", name: "Cosine, parameters", about: "Of A and B themselves; depends on how each product is split between them.", write: three },
      { key: "norm_ratio", name: "Length over the retrain's", about: "Of the change of the log-probabilities.", write: three },
      { key: "ba_norm_ratio", name: "Length over the retrain's, ΔW", about: "Of the change of BA.", write: three },
    ],
  },
  {
    title: "Cost",
    rows: [
      { key: "seconds", name: "Time", about: "", write: duration },
      { key: "steps", name: "Steps", about: "Optimiser steps.", write: number },
    ],
  },
];
const LOOK = {
  before: ["c7", SHAPES.circle],
  edit: ["c0", SHAPES.square],
  finetune: ["c1", SHAPES.diamond],
  ascent: ["c3", SHAPES.up],
  npo: ["c4", SHAPES.down],
  retrain: ["c2", SHAPES.cross],
  retrain_2: ["c2", SHAPES.circle],
};
const UNPAID = /no retrain was paid for[^.]*\.?/i; // said once, for all of them
const BEYOND = 1.5; // times the retrain's rise of the forget loss, and
const NOTICEABLE = 0.1; // nats above it, is more than a retrain forgets

/** `variants`: rows of kind edit_variant; `tolerance`: what the guard lets the retained rows lose, as a share. */
export function variantsCard({ variants, run }) {
  const tolerance = run.config.retain_tolerance;
  const flags = new Map(variants.map((variant) => [variant.name, flagsOf(variant, variants, tolerance)]));
  return h(
    "section.card",
    { "aria-label": "Beside the controls" },
    h("div.row", {}, h("h2", {}, "Beside the controls")),
    h("p.muted.fine", {}, "Each starts at the same adapter. What a control does better, the edit need not be made for."),
    h("div.variantparts", {}, figures(variants, flags), chart(variants, flags)),
    unknowns(variants),
  );
}

/** What is wrong with a variant, in words. */
export function flagsOf(variant, variants, tolerance = 0.02) {
  const of = (name) => variants.find((item) => item.name === name);
  const [before, retrain] = [of("before"), of("retrain")];
  if (["before", "retrain", "retrain_2"].includes(variant.name)) return [];
  const found = [];
  const allowed = before && Math.max(tolerance * before.retain_loss, tolerance);
  if (before && known(variant.retain_loss) && variant.retain_loss > before.retain_loss + allowed)
    found.push("harms the retained rows");
  if (before && overForgot(variant, before, retrain)) found.push("over-forgets");
  return found;
}

/** As the verdict has it: the old answers became unlikelier than a retrain makes them, or than answers never trained on. */
function overForgot(variant, before, retrain) {
  const rise = (item) => item.forget_loss - before.forget_loss;
  const above = retrain && rise(variant) > BEYOND * Math.max(rise(retrain), 0) && rise(variant) - rise(retrain) > NOTICEABLE;
  return Boolean(above) || (known(variant.mia_loss_high) && variant.mia_loss_high < Math.min(retrain?.mia_loss ?? 0.5, 0.5));
}

function figures(variants, flags) {
  const before = variants.find((item) => item.name === "before");
  const retrain = variants.find((item) => item.name === "retrain");
  const head = (variant) =>
    h(
      `th.num${variant.name === "edit" ? ".own" : ""}`,
      { scope: "col", title: variant.title },
      shortName(variant),
      ...flags.get(variant.name).map((text) => h("small.bad", {}, `✕ ${text}`)),
    );
  const groups = FIGURES.map((group) => ({ ...group, rows: group.rows.filter(({ key }) => variants.some((item) => known(item[key]))) }));
  const body = groups
    .filter((group) => group.rows.length)
    .flatMap((group) => [
      h("tr.group", {}, h("th", { scope: "rowgroup", colSpan: variants.length + 1 }, group.title)),
      ...group.rows.map((figure) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", title: figure.about }, figure.name),
          ...variants.map((variant) => cell(figure, variant, before, retrain)),
        ),
      ),
    ]);
  const caption = "Figures of the edit and of its controls";
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h(
      "table.table.variants",
      {},
      h("caption.offscreen", {}, caption),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Figure"), ...variants.map(head))),
      h("tbody", {}, ...body),
    ),
  );
  return h("div.wide", {}, scroll, hint(scroll));
}

function cell(figure, variant, before, retrain) {
  const value = variant[figure.key];
  const own = variant.name === "edit" ? ".own" : "";
  if (!known(value)) return h(`td.num.muted${own}`, { title: variant.note || "Does not apply" }, "–");
  const notes = [];
  if (figure.write === loss && /_loss$/.test(figure.key) && before && variant !== before)
    notes.push(figure.relative ? percent(value, before[figure.key]) : change(value, before[figure.key]));
  const [low, high] = [variant[`${figure.key}_low`], variant[`${figure.key}_high`]];
  if (known(low) && known(high)) notes.push(`95 %: ${figure.write(low)} to ${figure.write(high)}`);
  if (figure.aim && variant === retrain) notes.push("the aim");
  return h(`td.num${own}`, {}, h("span.measure", {}, figure.write(value), ...notes.map((text) => h("small", {}, text))));
}

/** Why figures are missing. */
function unknowns(variants) {
  const has = (name) => variants.some((item) => item.name === name);
  const said = [];
  if (!has("retrain") && variants.length > 1)
    said.push("No retrain was paid for: how much of a retrain's change the edit reached, and which membership AUC to aim at, is not known. The setting “retrain” buys one.");
  else if (has("retrain") && !has("retrain_2"))
    said.push("One retrain: how far two retrains differ by chance alone is not known. Set “retrain” to 2 for that noise floor.");
  const own = (item) => (item.note ?? "").replace(UNPAID, "").trim();
  const notes = Object.groupBy(variants.filter(own), own);
  for (const [note, items] of Object.entries(notes)) said.push(`${items.map(shortName).join(", ")}: ${note}`);
  return said.length ? h("ul.unknown.muted.fine", {}, ...said.map((text) => h("li", {}, text))) : "";
}

/** What an axis must hold: the edit and what it is set against; a control that went off far is put on the edge. */
function near(points, side) {
  const main = points.filter(({ variant }) => !["ascent", "npo"].includes(variant.name)).map((point) => point[side]);
  const [low, high] = [Math.min(0, ...main), Math.max(0, ...main)];
  const room = 2 * (high - low) || 1;
  return [0, ...points.map((point) => Math.max(low - room, Math.min(high + room, point[side])))];
}

/** Forgetting across, harm up; a point a variant. */
function chart(variants, flags) {
  const before = variants.find((item) => item.name === "before");
  const points = variants
    .filter((item) => known(item.forget_loss) && known(item.retain_loss))
    .map((item) => ({ variant: item, x: item.forget_loss - before.forget_loss, y: item.retain_loss - before.retain_loss }));
  if (points.length < 2) return "";
  const words = h("p.readout", { "aria-live": "polite" });
  return h(
    "figure.curves",
    {},
    h("figcaption", {}, "Forgetting against harm", h("small.muted", {}, " change of loss since before")),
    fitted((width) => drawn(points, flags, words, Math.min(width, 520))),
    words,
  );
}

const HEIGHT = 270;
const EDGE = { left: 56, right: 16, top: 18, bottom: 42 };

function drawn(points, flags, words, width) {
  const bottom = HEIGHT - EDGE.bottom;
  const across = scale(near(points, "x"), [EDGE.left, width - EDGE.right], Math.max(3, Math.round(width / 110)));
  const up = scale(near(points, "y"), [bottom, EDGE.top], 4);
  const text = (content, at) => {
    const node = svg("text", at);
    node.textContent = content;
    return node;
  };
  const plot = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "frontier", role: "img", "aria-label": "Change of the loss of retained rows against that of the old answers; the table has the numbers" });
  plot.style.maxWidth = `${width}px`;
  plot.append(
    ...up.ticks.flatMap((tick) => [
      svg("path", { class: tick === 0 ? "axis" : "gridline", d: `M${EDGE.left} ${up.at(tick)}H${width - EDGE.right}` }),
      text(number(tick), { x: EDGE.left - 7, y: up.at(tick) + 4, "text-anchor": "end" }),
    ]),
    ...across.ticks.map((tick) => text(number(tick), { x: across.at(tick), y: bottom + 16, "text-anchor": "middle" })),
    text("old answers forgotten →", { x: width - EDGE.right, y: HEIGHT - 8, "text-anchor": "end" }),
    text("↑ retained rows lost", { x: 4, y: 10 }),
  );
  const placed = points.map(({ variant, x, y }) => {
    const [colour, shape] = LOOK[variant.name] ?? ["c6", SHAPES.circle];
    const said = `${variant.title}: old answers ${change(x, 0)}, retained rows ${change(y, 0)}${flags.get(variant.name).map((flag) => `; ${flag}`).join("")}.`;
    const [left, top] = [across.inside(x), up.inside(y)];
    const off = Math.abs(across.at(x) - left) + Math.abs(up.at(y) - top) > 1;
    const mark = svg("path", { class: "shape", d: shape(variant.name === "edit" ? 7 : 5), transform: `translate(${left} ${top})` });
    const node = svg("g", { class: `point ${colour} ${variant.name === "edit" ? "chosen" : ""}` }, mark);
    node.addEventListener("pointerenter", () => (words.textContent = said));
    const name = off ? `${shortName(variant)}: ${change(x, 0)}, ${change(y, 0)}` : shortName(variant);
    return { node, x: left, y: top, name, wanted: true };
  });
  plot.append(...labels(placed, { left: EDGE.left, right: width - EDGE.right, top: 0, bottom }));
  plot.append(...placed.map(({ node }) => node));
  return plot;
}
