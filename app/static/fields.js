// Fields that narrow a list: a choice, and words to search for.

import { h } from "./core.js";

const WAIT = 250; // ms after the last key

/** A labelled choice of [[value, title], ...]: {node, input}. */
export function select(name, options, onchoose) {
  const input = h(
    "select",
    { onchange: () => onchoose(input.value) },
    ...options.map(([value, title]) => h("option", { value }, title)),
  );
  return { node: h("label.field.inline", {}, name, input), input };
}

/** A search field that tells `onsearch` the words once typing rests: {input, show(words)}. */
export function search(name, placeholder, onsearch) {
  let waiting;
  const input = h("input", {
    type: "search",
    maxLength: 200,
    placeholder,
    "aria-label": name,
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => onsearch(input.value.trim()), WAIT);
    },
  });
  const show = (words) => {
    if (document.activeElement !== input) input.value = words;
  };
  return { input, show };
}
