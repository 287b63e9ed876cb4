// What each classifier answers to the whole picture, to the closer look and to its controls; here and over all pictures.

import { h } from "./core.js";
import { BEFORE, REFINEMENTS, classifierName, first, percent, refinementName, tally } from "./look-data.js";
import { hint } from "./table.js";

/** `onchoose(refinement)`: that one stands as "after" in the answers. */
export function controls(picture, pictures, refinement, onchoose) {
  const classifiers = Object.keys(picture.answers);
  const found = Object.keys(REFINEMENTS).filter((name) => classifiers.some((each) => first(picture, each, name)));
  const row = (name) => {
    const choose = name === BEFORE ? refinementName(name) : h("button.link", { type: "button", onclick: () => onchoose(name), "aria-pressed": String(name === refinement) }, refinementName(name));
    return h(`tr${name === refinement ? ".chosen" : ""}`, { title: REFINEMENTS[name][1] }, h("th", { scope: "row" }, choose), ...classifiers.map((each) => cell(picture, each, name)));
  };
  const all = pictures.length > 1 ? overall(pictures, classifiers, found) : "";
  return h(
    "section.controls",
    { "aria-label": "Controls" },
    h("h3", {}, "Is it looking closer that helps?"),
    h("p.muted.fine", {}, "The same views, chosen otherwise or not at all. Choose a row to see its top five."),
    frame("First answers of this picture", classifiers, found.map(row)),
    all,
  );
}

function frame(caption, classifiers, rows) {
  const heads = classifiers.map((name) => h("th", { scope: "col" }, classifierName(name)));
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h("table.table.controltable", {}, h("caption.offscreen", {}, caption), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Given to the classifier"), ...heads)), h("tbody", {}, ...rows)),
  );
  return h("div", {}, scroll, hint(scroll));
}

function cell(picture, classifier, refinement) {
  const answer = first(picture, classifier, refinement);
  if (!answer) return h("td", {}, "–");
  const [name, probability] = answer;
  const other = refinement !== BEFORE && name !== first(picture, classifier, BEFORE)?.[0];
  const known = picture.label !== null && picture.label !== undefined;
  const mark = known ? h(`span.${name === picture.label ? "good" : "bad"}`, { "aria-label": name === picture.label ? "right" : "wrong" }, name === picture.label ? " ✓" : " ✗") : "";
  return h(`td${other ? ".other" : ""}`, {}, name, mark, h("small.muted", {}, ` ${percent(probability)}`));
}

function overall(pictures, classifiers, found) {
  const known = pictures.some(({ label }) => label !== null && label !== undefined);
  const rows = found.map((name) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, refinementName(name)),
      ...classifiers.map((each) => {
        const { pictures: asked, changed, known: labelled, right } = tally(pictures, each, name);
        const words = [known ? `${right} of ${labelled} right` : "", name === BEFORE ? "" : `${changed} of ${asked} changed`].filter(Boolean);
        return h("td", {}, words.join(" · ") || "–");
      }),
    ),
  );
  return h(
    "details",
    { open: known },
    h("summary", {}, `Over all ${pictures.length} pictures`),
    frame("Over all pictures", classifiers, rows),
    h("p.muted.fine", {}, "A handful of pictures tells how it works, not how well: for that there are intervals and paired tests on the Evaluate page."),
  );
}
