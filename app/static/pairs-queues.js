// The contested pairs in two queues: those whose label CLIP disputes, and those that only their form makes contested.

import { h } from "./core.js";
import { number } from "./format.js";

export const QUEUES = {
  disputed: {
    name: "Contested queue",
    about: "CLIP finds more evidence for the rejected answer: where wrong labels are, the strongest disagreement first",
    filters: ["delta:lt:0", "by_form:ne:true"],
  },
  form: {
    name: "By form only",
    about: "δ < 0 only because the rejected answer repeats the chosen one and goes on: it says nothing of the label",
    filters: ["delta:lt:0", "by_form:eq:true"],
  },
};

const WHY_FORM =
  "their rejected answer repeats every sub-sentence of the chosen one and adds to it. Both share the evidence for what they have in common, so that whatever is added, true or false, tips δ below 0. That is no sign of a wrong label: these pairs are a queue of their own.";

/** A button for each queue; `counts`: {disputed, form}. `onchoose(name)`, empty for none. Gives {nodes, note, show(chosen)}. */
export function queues(counts, onchoose) {
  const shown = Object.entries(QUEUES).filter(([key]) => key === "disputed" || counts[key]);
  const buttons = shown.map(([key, { name, about }]) => {
    const button = h(
      "button.chip",
      {
        type: "button",
        title: about,
        onclick: () => onchoose(button.getAttribute("aria-pressed") === "true" ? "" : key),
      },
      `${name}: ${number(counts[key])}${key === "disputed" ? " with δ < 0" : ""}`,
    );
    return [key, button];
  });
  const note = counts.form
    ? h(
        "p.muted.fine.queuenote",
        {},
        `${number(counts.form)} of ${number(counts.form + counts.disputed)} pairs with δ < 0 are contested by form only: ${WHY_FORM}`,
      )
    : "";
  const show = (chosen) => {
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(key === chosen));
  };
  return { nodes: buttons.map(([, button]) => button), note, show };
}
