// What each key of the Anomaly page does.

import { keysHelp } from "./keys.js";

export const KEYS = {
  j: "next",
  ArrowDown: "next",
  k: "previous",
  ArrowUp: "previous",
  n: "unreviewed",
  c: "confirm",
  d: "dismiss",
  u: "unsure",
  e: "note",
  z: "undo",
  "?": "help",
};
const MEANINGS = [
  ["j or ↓", "next node of the table"],
  ["k or ↑", "previous node"],
  ["n", "next flagged node without a verdict"],
  ["c", "confirm: it is anomalous"],
  ["d", "dismiss: nothing is wrong with it"],
  ["u", "unsure: looked at, and stays open"],
  ["e", "note"],
  ["z", "undo the last decision"],
  ["/", "search"],
  ["?", "these keys"],
];

export function help() {
  keysHelp(MEANINGS, "Decisions are kept at once, for this node in every run of the same graph.");
}
