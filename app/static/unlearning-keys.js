// What each key of the Unlearning page does.

import { keysHelp } from "./keys.js";

export const KEYS = {
  j: "next",
  ArrowRight: "next",
  k: "previous",
  ArrowLeft: "previous",
  x: "remove",
  e: "prompt",
  Enter: "answer",
  a: "answer",
  u: "undo",
  "?": "help",
};
const MEANINGS = [
  ["j or →", "next row"],
  ["k or ←", "previous row"],
  ["x", "mark the row for removal, or take that back"],
  ["e", "edit its prompt"],
  ["a or enter", "correct its answer"],
  ["Ctrl + enter", "in a text: done, keep it"],
  ["Esc", "in a text: leave it as it was"],
  ["u", "undo the last mark"],
  ["/", "search"],
  ["?", "these keys"],
];

export function help() {
  keysHelp(MEANINGS, "Marks are kept at once, in the request; nothing is changed before it is approved and run.");
}
