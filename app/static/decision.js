// What a person decides with from: chips of verdicts, whether a decision leads on, and one line of words.

import { h } from "./core.js";

/** A chip for each verdict {name, about, sign, key}; `act[key]()` where one is pressed. Gives {node, show(verdict)}. */
export function verdictChips(verdicts, act) {
  const buttons = Object.entries(verdicts).map(([key, verdict]) => [
    key,
    h(
      `button.chip.${key}`,
      { type: "button", title: `${verdict.name}: ${verdict.about}`, onclick: act[key] },
      `${verdict.sign} ${verdict.name} `,
      h("kbd", { "aria-hidden": "true" }, verdict.key),
    ),
  ]);
  const node = h("div.chips", { role: "group", "aria-label": "Decision" }, ...buttons.map(([, button]) => button));
  const show = (verdict) => {
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(verdict === key));
  };
  show(null);
  return { node, show };
}

/** Whether a decision also leads on: each person's own choice, kept in this browser under `name`. */
export function goesOn(name) {
  return localStorage.getItem(name) === "1";
}

/** The choice itself, as a checkbox called `words`. */
export function goOnCheck(name, words) {
  const box = h("input", {
    type: "checkbox",
    checked: goesOn(name),
    onchange: () => localStorage.setItem(name, box.checked ? "1" : "0"),
  });
  return h("label.check", { title: `A decision also leads ${words.replace("then ", "to ")}` }, box, words);
}

/** A line of words that is kept when it is left; Enter and Escape leave it. Gives {node, input}. */
export function wordsLine({ name, label = name, key, placeholder, longest, grow, onsave }) {
  const input = h("input", {
    placeholder,
    "aria-label": label,
    maxLength: longest,
    onchange: () => onsave(input.value.trim()),
  });
  input.addEventListener("keydown", (event) => ["Enter", "Escape"].includes(event.key) && input.blur());
  const node = h(
    `label.field.inline${grow ? ".grow" : ""}`,
    {},
    h("span", {}, `${name} `, h("kbd", { "aria-hidden": "true" }, key)),
    input,
  );
  return { node, input };
}
