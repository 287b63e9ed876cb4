// The audit trail of a request: what was done, when; marks that follow each other are folded.

import { h } from "./core.js";
import { date } from "./format.js";

const FOLDED = ["marked", "unmarked"];
const LEAST = 4; // marks in a row that are folded

/** Oldest first. */
export function trail(request) {
  const groups = [];
  for (const line of request.trail) {
    const last = groups.at(-1);
    if (last && FOLDED.includes(line.action) && FOLDED.includes(last[0].action)) last.push(line);
    else groups.push([line]);
  }
  return h("section.card", {}, h("h2", {}, "Audit trail"), h("ol.trail", {}, ...groups.flatMap(grouped)));
}

function grouped(lines) {
  if (lines.length < LEAST) return lines.map((line) => h("li", {}, ...words(line)));
  const all = h("ol.trail", {}, ...lines.map((line) => h("li", {}, ...words(line))));
  return [h("li.folded", {}, h("details", {}, h("summary", {}, `${lines.length} marks set or taken back`), all))];
}

function words({ at, action, text }) {
  return [h("time.muted", { dateTime: new Date(at * 1000).toISOString() }, date(at)), h("b", {}, action), h("span", {}, text)];
}
