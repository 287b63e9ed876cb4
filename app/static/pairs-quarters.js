// The four quarters of a set, by what CLIP says of the label and whether the model follows it.

import { h } from "./core.js";
import { number } from "./format.js";

export const QUARTERS = {
  easy: {
    name: "easy and learnt",
    about: "CLIP agrees with the label, and the model has learnt it",
    filters: ["delta:ge:0", "gap:gt:0"],
  },
  hard: {
    name: "hard and learnt",
    about: "CLIP disagrees with the label, the model has learnt it all the same",
    filters: ["delta:lt:0", "gap:gt:0"],
  },
  contested: {
    name: "contested",
    about: "neither CLIP nor the model agrees with the label: look here for wrong labels",
    filters: ["delta:lt:0", "gap:le:0"],
  },
  stuck: {
    name: "stuck",
    about: "CLIP agrees with the label, the model does not: not learnt yet",
    filters: ["delta:ge:0", "gap:le:0"],
  },
};

export function quarterOf(delta, gap) {
  if (gap > 0) return delta < 0 ? "hard" : "easy";
  return delta < 0 ? "contested" : "stuck";
}

/** A button for each quarter with how many of `points` {delta, gap, sampled} are in it. Gives {node, show(chosen)}. */
export function quarters(points, onchoose) {
  const counts = Object.fromEntries(Object.keys(QUARTERS).map((key) => [key, 0]));
  const byForm = { ...counts };
  points.delta.forEach((delta, at) => {
    const quarter = quarterOf(delta, points.gap[at]);
    counts[quarter] += 1;
    byForm[quarter] += points.by_form[at] ? 1 : 0;
  });
  const all = points.delta.length || 1;
  const count = (key) =>
    points.sampled ? `${Math.round((100 * counts[key]) / all)} %` : number(counts[key]);
  const buttons = Object.entries(QUARTERS).map(([key, { name, about }]) => {
    const button = h(
      "button.quarterbutton",
      { type: "button", onclick: () => onchoose(button.getAttribute("aria-pressed") === "true" ? "" : key) },
      h("b", {}, name, " ", h("span.muted", {}, count(key))),
      h("small.muted", {}, about, byForm[key] ? `; ${number(byForm[key])} of them by form only, which says nothing of the label` : ""),
    );
    return [key, button];
  });
  const show = (chosen) => {
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(key === chosen));
  };
  return {
    node: h(
      "div.quarters",
      { role: "group", "aria-label": "Quarters" },
      ...buttons.map(([, button]) => button),
    ),
    show,
  };
}
