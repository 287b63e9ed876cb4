// One pair to look at and decide on: image, prompt, both answers with what CLIP says of them, and what training made of it.

import { copy, h } from "./core.js";
import { open } from "./dialog.js";
import { number } from "./format.js";
import { decision } from "./pairs-decision.js";
import { pictureUrl } from "./pairs-list.js";
import { strip } from "./pairs-strip.js";
import { answers, given, legend } from "./pairs-text.js";

/**
 * `pair`: a row; `place`: words such as "3 of 31"; `act`: what the buttons do (next, previous, keep, flip, drop, help,
 * save(change)). Gives {node, showReview(review), showSteps(steps, run), focus(name)}.
 */
export function pairCard({ pair, run, place, review, act }) {
  const sides = answers(pair);
  const training = h("div");
  const decided = decision(review, act);
  const became = {
    chosen: h("span.tag", { hidden: true }, "becomes rejected"),
    rejected: h("span.tag", { hidden: true }, "becomes chosen"),
  };
  const side = (name, heading) =>
    h(
      "section.side",
      { "aria-label": heading },
      h("h3", {}, heading, " ", became[name], " ", h("small.muted", {}, words(pair[`${name}_words`]))),
      sides[name],
    );
  const node = h(
    "section.card.paircard",
    { "aria-label": `Pair ${pair.position}` },
    head(pair, place, act),
    decided.node,
    h(
      "div.pairbody",
      {},
      picture(pair, run),
      h(
        "div",
        {},
        h("p.prompt", {}, h("b", {}, "Prompt "), pair.prompt),
        h("div.sides", {}, side("chosen", "Chosen"), side("rejected", "Rejected")),
        sides.note,
        sides.readout,
        legend(pair),
        ...pair.warnings.map((warning) => h("p.warning", {}, h("b", {}, "Note: "), warning)),
      ),
    ),
    measures(pair),
    training,
    sides.twin,
  );
  const showReview = (now) => {
    decided.show(now);
    for (const tag of Object.values(became)) tag.hidden = now.verdict !== "flip";
    node.classList.toggle("dropped", now.verdict === "drop");
  };
  showReview(review);
  return {
    node,
    showReview,
    showTraining: (steps, trainer) => training.replaceChildren(...trained(pair, steps, trainer)),
    focus: decided.focus,
  };
}

function words(count) {
  return `${number(count)} ${count === 1 ? "word" : "words"}`;
}

function head(pair, place, act) {
  const button = (label, title, work) =>
    h("button.button", { type: "button", title, "aria-label": title, onclick: work }, label);
  const origin = [pair.level ? `level ${pair.level}` : "", pair.origin].filter(Boolean).join(" · ");
  return h(
    "header.row",
    {},
    h("h2", {}, `Pair ${pair.position}`),
    h("span.muted.fine.origin", {}, [place, origin].filter(Boolean).join(" · ")),
    h(
      "div.actions",
      {},
      button("‹", "Previous pair (k)", act.previous),
      button("›", "Next pair (j)", act.next),
      button("Copy link", "Copy a link to this pair", () => copy(location.href)),
      button("?", "Keys (?)", act.help),
    ),
  );
}

function picture(pair, run) {
  if (!pair.image) return h("div.noimage", {}, "no image");
  const src = pictureUrl(run, pair.image);
  const alt = `Image of pair ${pair.position}`;
  const fit = (event) => event.target.classList.toggle("tiny", event.target.naturalWidth < 160);
  const lost = (event) =>
    event.target.closest("button").replaceWith(h("div.noimage", {}, "The image could not be loaded."));
  return h(
    "button.picture",
    {
      type: "button",
      title: "Enlarge",
      "aria-label": `${alt}; enlarge`,
      onclick: () => open(alt, h("img.enlarged", { src, alt, onload: fit })).classList.add("large"),
    },
    h("img", { src, alt, onload: fit, onerror: lost }),
  );
}

function measures(pair) {
  const against = pair.by_form
    ? "below 0 by form only: the rejected answer repeats the chosen one and goes on"
    : given(pair)
      ? `the given scores are higher for the ${pair.contested ? "rejected" : "chosen"} answer`
      : `CLIP finds more evidence for the ${pair.contested ? "rejected" : "chosen"} answer`;
  const tile = (name, value, about) =>
    h("div", { title: about }, h("dt", {}, name), h("dd", {}, value), h("small", {}, about));
  return h(
    "dl.metrics",
    {},
    tile("Hardness δ", number(pair.delta), against),
    tile(
      "Data factor α_D",
      number(pair.data_factor),
      "multiplies β: below 1 for a pair harder than the mean",
    ),
    tile(
      "Length gap",
      `${pair.length_gap > 0 ? "+" : ""}${number(pair.length_gap)} words`,
      "chosen minus rejected",
    ),
    tile("Sub-sentences", number(pair.pieces), "of both answers"),
  );
}

/** `steps`: null while they load, undefined where they could not be read; `trainer`: the training run with its config. */
function trained(pair, steps, trainer) {
  if (!trainer) return [];
  const heading = h("h3", {}, "In training: ", trainer.title || trainer.method);
  if (steps === null) return [heading, h("p.muted", {}, "Loading …")];
  if (!steps) return [heading, h("p.muted", {}, "Its steps could not be read.")];
  if (!steps.length) return [heading, h("p.muted", {}, "This training run has not seen the pair.")];
  return [heading, product(steps.at(-1), trainer.config), strip(steps)];
}

/** beta_i = beta x alpha_D x alpha_M, where the training says what it began with. */
function product(last, config) {
  const base = config?.beta;
  const floor = config?.min_beta;
  const factor = (name, value, about) =>
    h("span.factor", { title: about }, h("small.muted", {}, name), h("b", {}, number(value)));
  const total = factor("β of the pair", last.beta, `in step ${last.step}`);
  const weight = h(
    "span.factor",
    {},
    h("small.muted", {}, "gradient weight"),
    h("b", {}, number(last.weight)),
  );
  const known = Number.isFinite(base) && base > 0 && last.factor > 0;
  const isFloor = Number.isFinite(floor) && last.beta <= floor * (1 + 1e-6);
  const parts =
    known && !isFloor
      ? [
          factor("β", base, "as set"),
          "×",
          factor("α_D, data", last.factor, "from the pair's hardness"),
          "×",
          factor(
            "α_M, model",
            last.beta / (base * last.factor),
            "from the step's mean gap, the same for the whole batch",
          ),
          "=",
        ]
      : [];
  const note = isFloor ? h("span.muted.fine", {}, "β is at its least allowed value") : "";
  const drew = last.kept
    ? ""
    : h("span.muted.fine", {}, `dropped from the loss in step ${last.step}: no gradient`);
  return h(
    "p.product",
    { "aria-label": `Beta in step ${last.step}` },
    ...parts,
    total,
    note,
    h("span.arrow", {}, "→"),
    weight,
    drew,
  );
}
