// The keys of a page. None while typing, in a dialog, with a modifier, or where the focus has a use for the key itself.

import { h } from "./core.js";
import { open } from "./dialog.js";

const AFTER_G = 1200; // ms: "g" and a letter go to another page

/** Calls `act[keys[key]]()` for the keys in `keys`, until `signal` aborts. */
export function listenKeys(keys, act, signal) {
  let went = 0;
  const onkey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "g") went = Date.now();
    if (Date.now() - went < AFTER_G) return;
    const name = keys[event.key];
    if (!name || used(target, event.key)) return;
    event.preventDefault();
    act[name]();
  };
  document.addEventListener("keydown", onkey, { signal });
}

/** Space and Enter press what has the focus; arrows scroll a table. */
function used(target, key) {
  if (key === " " || key === "Enter") return Boolean(target.closest("button, a, summary, [role=button]"));
  return key.startsWith("Arrow") && Boolean(target.closest(".scroll, [role=slider]"));
}

/** A dialog that says what the keys do: `meanings` is [[key, meaning], ...]. */
export function keysHelp(meanings, note) {
  open(
    "Keys",
    h(
      "dl.pairs",
      {},
      ...meanings.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)]),
    ),
    h("p.muted.fine", {}, `They rest while you type. ${note}`),
  );
}
