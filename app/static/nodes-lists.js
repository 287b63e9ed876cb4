// The first nodes of several detectors, list beside list: which all of them name, and which only one.

import { BASE, h } from "./core.js";
import { number } from "./format.js";
import { hint } from "./table.js";

/** `detectors`: [{run, place, name}]; `rows`: of each the first nodes, best first. */
export function lists(detectors, rows, choose) {
  const found = new Map(); // position -> places of the detectors that list it
  rows.forEach((list, place) => list.forEach(({ position }) => found.set(position, [...(found.get(position) ?? []), place])));
  const most = Math.max(...rows.map((list) => list.length));
  const all = [...found.values()].filter((places) => places.length === detectors.length).length;
  const lines = Array.from({ length: most }, (_, rank) =>
    h("tr", {}, h("th", { scope: "row" }, number(rank + 1)), ...rows.map((list, place) => h("td", {}, list[rank] ? cell(list[rank], place, found, detectors) : "–"))),
  );
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": "First nodes of each detector" },
    h(
      "table.table.nodelists",
      {},
      h("caption.offscreen", {}, "First nodes of each detector"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Rank"), ...detectors.map((detector) => h("th", { scope: "col" }, named(detector))))),
      h("tbody", {}, ...lines),
    ),
  );
  light(scroll);
  return h(
    "section.card",
    { "aria-label": "First nodes of each detector" },
    h("div.row", {}, h("h2", {}, "First nodes of each detector"), choose),
    h("p.muted.fine", {}, `${number(found.size)} nodes in all; ${number(all)} are in ${detectors.length === 2 ? "both lists" : "every list"}. Squares say who else lists a node; the others leave it out.`),
    scroll,
    hint(scroll),
  );
}

export function named({ run, place, name }) {
  return h("a.nodedetector", { href: `${BASE}run?id=${run.id}` }, swatch(place), name);
}

export function swatch(place) {
  return h(`i.swatch.c${place % 8}`, { "aria-hidden": "true" });
}

export function nodeLink(run, { position, name }) {
  return h("a.whyname", { href: `${BASE}anomaly?run=${run.id}&node=${position}`, title: name }, name);
}

function cell(row, place, found, detectors) {
  const others = found.get(row.position).filter((other) => other !== place);
  const names = others.map((other) => detectors[other].name).join(", ");
  const marks = others.length
    ? h("span.also", { title: `Also listed by ${names}` }, ...others.map(swatch), h("span.offscreen", {}, `also listed by ${names}`))
    : h("small.tag", {}, "only here");
  return h("span.listed", { "data-position": row.position }, nodeLink(detectors[place].run, row), marks);
}

/** Pointing at a node marks it in the other lists. */
function light(scroll) {
  const mark = (event, on) => {
    const position = event.target.closest?.("[data-position]")?.dataset.position;
    if (position) for (const other of scroll.querySelectorAll(`[data-position="${position}"]`)) other.classList.toggle("lit", on);
  };
  for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) scroll.addEventListener(name, (event) => mark(event, on));
}
