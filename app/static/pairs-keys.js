// What each key of the Pairs page does.

import { keysHelp } from "./keys.js";

export const KEYS = {
  j: "next",
  ArrowRight: "next",
  k: "previous",
  ArrowLeft: "previous",
  x: "keep",
  " ": "keep",
  f: "flip",
  d: "drop",
  t: "tags",
  n: "note",
  u: "undo",
  "?": "help",
};
const MEANINGS = [
  ["j or →", "next pair"],
  ["k or ←", "previous pair"],
  ["x or space", "keep: the label is right"],
  ["f", "flip: the rejected answer is the better one"],
  ["d", "drop the pair"],
  ["t", "tags"],
  ["n", "note"],
  ["u", "undo the last decision"],
  ["/", "search"],
  ["?", "these keys"],
];

export function help() {
  keysHelp(MEANINGS, "Decisions are kept at once.");
}
