// One answer: its text with every object marked as there or made up, and what it leaves out.

import { h } from "./core.js";

const SIDES = { before: "Before", after: "After", answers: "" };
const BECAME = {
  fixed: ["✓ fixed", "good", "Wrong before, and no longer"],
  broken: ["✕ broken", "bad", "Not wrong before, and wrong now"],
  still: ["✕ still hallucinates", "bad", "Names something that is not there, before and after"],
  hallucinates: ["✕ hallucinates", "bad", "Names something that is not there"],
  clean: ["✓ clean", "good", "Nothing was found that is not there"],
};
// A question with one right answer: a wrong "no" is no hallucination.
const ANSWERED = {
  ...BECAME,
  still: ["✕ still wrong", "bad", "Wrong before and after"],
  hallucinates: ["✕ wrong", "bad", ""],
  clean: ["✓ right", "good", ""],
};

/** What became of an item, as a badge. */
export function become(row) {
  const [text, kind, about] = (isQuestion(row) ? ANSWERED : BECAME)[row.change] ?? [];
  return text ? h(`span.became.${kind}`, { title: about }, text) : "";
}

/** A question with one right answer, which no judge had to rate. */
export function isQuestion(row) {
  return row.correct !== null && row.correct !== undefined && row.rating === undefined;
}

/** `name` heads the answer: before or after, or the run that gave it. */
export function answered(row, name = SIDES[row.variant]) {
  const missed = row.missed.length
    ? h("p.missed.fine", {}, "− not named: ", row.missed.join(", "))
    : "";
  return h(
    "section.side",
    { "aria-label": name || "Answer" },
    name ? h("h3", {}, name) : "",
    h("p.text", {}, ...(row.text ? marked(row.text, row.mentions) : [h("em.muted", {}, "no answer")])),
    right(row),
    unplaced(row),
    missed,
  );
}

/** The text with its mentions as marks; characters are counted as Python does, by code point. */
function marked(text, mentions) {
  const letters = Array.from(text);
  const parts = [];
  let at = 0;
  for (const mention of mentions) {
    if (mention.start < at || mention.end <= mention.start) continue;
    parts.push(letters.slice(at, mention.start).join(""), mark(letters.slice(mention.start, mention.end).join(""), mention));
    at = mention.end;
  }
  parts.push(letters.slice(at).join(""));
  return parts.filter((part) => part !== "");
}

function mark(text, mention) {
  const means = mention.node.toLowerCase() === text.toLowerCase() ? "" : ` (${mention.node})`;
  return mention.correct
    ? h("mark.there", { title: `There${means}` }, text)
    : h("mark.madeup", { title: `Not in the picture${means}` }, text, h("span.offscreen", {}, " (not in the picture)"));
}

/** Objects that somebody extracted in words that the answer does not hold. */
function unplaced(row) {
  const lone = row.mentions.filter((mention) => mention.end <= mention.start);
  return lone.length ? h("p.fine", {}, "extracted: ", ...lone.flatMap((mention) => [mark(mention.text, mention), " "])) : "";
}

function right(row) {
  if (row.correct === null || row.correct === undefined) return "";
  if (isQuestion(row))
    return row.correct ? h("p.fine.good", {}, "✓ right") : h("p.fine.bad", {}, `✕ wrong: the answer is ${row.label}`);
  return h(
    row.correct ? "p.fine.good" : "p.fine.bad",
    {},
    `${row.correct ? "✓ without hallucination" : "✕ hallucinates"}, rated ${row.rating} of 6`,
  );
}
