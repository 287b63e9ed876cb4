// The keys of the Pairs page. None while typing, in a dialog, with a modifier, or where the focus has a use for the key itself.

import { h } from "./core.js";
import { open } from "./dialog.js";

const KEYS = {
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
const AFTER_G = 1200; // ms: "g" and a letter go to another page

/** Calls `act[name]()` for the keys above, until `signal` aborts. */
export function listenKeys(act, signal) {
  let went = 0;
  const onkey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "g") went = Date.now();
    if (Date.now() - went < AFTER_G) return;
    const name = KEYS[event.key];
    if (!name || used(target, event.key)) return;
    event.preventDefault();
    act[name]();
  };
  document.addEventListener("keydown", onkey, { signal });
}

/** Space presses what has the focus; arrows scroll a table. */
function used(target, key) {
  if (key === " ") return Boolean(target.closest("button, a, summary, [role=button]"));
  return key.startsWith("Arrow") && Boolean(target.closest(".scroll, [role=slider]"));
}

export function keysHelp() {
  open(
    "Keys",
    h(
      "dl.pairs",
      {},
      ...MEANINGS.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)]),
    ),
    h("p.muted.fine", {}, "They rest while you type. Decisions are kept at once."),
  );
}
