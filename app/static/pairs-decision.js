// What a person decides of a pair: keep, flip or drop it, tags, a note; kept as they are given.

import { h } from "./core.js";
import { goOnCheck, goesOn as isOn, verdictChips, wordsLine } from "./decision.js";
import { VERDICTS } from "./pairs-reviews.js";

const GO_ON = "vitrine-pairs-go-on";

/** Whether a decision also leads to the next pair. */
export const goesOn = () => isOn(GO_ON);

/** Keep, flip, drop; tags and a note. */
export function decision(review, act) {
  const chips = verdictChips(VERDICTS, act);
  const tags = wordsLine({
    name: "Tags",
    label: "Tags, separated by commas",
    key: "t",
    placeholder: "blurred, counting",
    longest: 200,
    onsave: (words) => act.save({ tags: split(words) }),
  });
  const note = wordsLine({
    name: "Note",
    key: "n",
    placeholder: "why",
    longest: 2000,
    grow: true,
    onsave: (words) => act.save({ note: words }),
  });
  const node = h("div.decision", {}, chips.node, goOnCheck(GO_ON, "then the next"), tags.node, note.node);
  const show = (now) => {
    chips.show(now.verdict);
    tags.input.value = now.tags.join(", ");
    note.input.value = now.note;
  };
  return { node, show, focus: (name) => ({ tags, note })[name].input.focus() };
}

function split(text) {
  return [
    ...new Set(
      text
        .split(",")
        .map((tag) => tag.trim())
        .filter(Boolean),
    ),
  ];
}
