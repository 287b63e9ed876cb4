// What a person decides of a pair: keep, flip or drop it, tags, a note; kept as they are given.

import { h } from "./core.js";
import { VERDICTS } from "./pairs-reviews.js";

const GO_ON = "vitrine-pairs-go-on";

/** Whether a decision also leads to the next pair: each person's own choice. */
export function goesOn() {
  return localStorage.getItem(GO_ON) === "1";
}

/** Keep, flip, drop; tags and a note. */
export function decision(review, act) {
  const buttons = Object.entries(VERDICTS).map(([key, verdict]) => [
    key,
    h(
      `button.chip.${key}`,
      { type: "button", title: `${verdict.name}: ${verdict.about}`, onclick: act[key] },
      `${verdict.sign} ${verdict.name} `,
      h("kbd", { "aria-hidden": "true" }, verdict.key),
    ),
  ]);
  const tags = h("input", {
    placeholder: "blurred, counting",
    "aria-label": "Tags, separated by commas",
    maxLength: 200,
    onchange: () => act.save({ tags: split(tags.value) }),
  });
  const note = h("input", {
    placeholder: "why",
    "aria-label": "Note",
    maxLength: 2000,
    onchange: () => act.save({ note: note.value.trim() }),
  });
  for (const field of [tags, note])
    field.addEventListener("keydown", (event) => ["Enter", "Escape"].includes(event.key) && field.blur());
  const node = h(
    "div.decision",
    {},
    h("div.chips", { role: "group", "aria-label": "Decision" }, ...buttons.map(([, button]) => button)),
    h(
      "label.check",
      { title: "A decision also leads to the next pair" },
      h("input", {
        type: "checkbox",
        checked: goesOn(),
        onchange: (event) => localStorage.setItem(GO_ON, event.target.checked ? "1" : "0"),
      }),
      "then the next",
    ),
    h("label.field.inline", {}, h("span", {}, "Tags ", h("kbd", { "aria-hidden": "true" }, "t")), tags),
    h("label.field.inline.grow", {}, h("span", {}, "Note ", h("kbd", { "aria-hidden": "true" }, "n")), note),
  );
  const show = (now) => {
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(now.verdict === key));
    tags.value = now.tags.join(", ");
    note.value = now.note;
  };
  return { node, show, focus: (name) => ({ tags, note })[name].focus() };
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
