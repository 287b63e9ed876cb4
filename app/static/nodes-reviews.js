// What may be decided of a flagged node.

import { goOnCheck, goesOn as isOn, verdictChips, wordsLine } from "./decision.js";
import { h } from "./core.js";

export const VERDICTS = {
  confirm: { name: "Confirm", said: "Confirmed", key: "c", sign: "✓", about: "the node is anomalous" },
  dismiss: { name: "Dismiss", said: "Dismissed", key: "d", sign: "✕", about: "nothing is wrong with it" },
  unsure: { name: "Unsure", said: "Unsure", key: "u", sign: "?", about: "it was looked at, and stays open" },
};
const GO_ON = "vitrine-nodes-go-on";

/** Whether a decision also leads to the next unreviewed node. */
export const goesOn = () => isOn(GO_ON);

/** Confirm, dismiss, unsure, and a note: {node, show(review), focus()}. */
export function decision(act) {
  const chips = verdictChips(VERDICTS, act);
  const note = wordsLine({
    name: "Note",
    key: "e",
    placeholder: "why",
    longest: 2000,
    grow: true,
    onsave: (words) => act.save({ note: words }),
  });
  const next = h(
    "button.button",
    { type: "button", title: "The next flagged node without a verdict", onclick: act.unreviewed },
    "Next unreviewed ",
    h("kbd", { "aria-hidden": "true" }, "n"),
  );
  const node = h("div.nodedecision", {}, chips.node, goOnCheck(GO_ON, "then the next unreviewed"), next, note.node);
  const show = (now) => {
    chips.show(now.verdict);
    note.input.value = now.note;
  };
  return { node, show, focus: () => note.input.focus() };
}
