// What leaves the studio: the ranking as a file, the flagged nodes as a graph for Gephi, the reviews as labels.

import { BASE, h } from "./core.js";
import { menu } from "./menu.js";
import { cut, listParameters } from "./nodes-state.js";

const FILES = [
  ["nodes.csv", "All ranked nodes, CSV", cut],
  ["nodes.json", "All ranked nodes, JSON", cut],
  ["nodes.csv", "The nodes that are listed, CSV", listed],
  ["nodes.gexf", "Flagged nodes and their neighbours, GEXF", cut],
  ["reviews.csv", "Reviewed nodes as labels, CSV", () => ""],
];

/** What narrows the table, without its order and page: files are in the order of the ranking. */
function listed(state) {
  const asked = listParameters(state);
  for (const name of ["sort", "descending", "offset", "limit"]) asked.delete(name);
  return asked;
}

/** Files hold to the budget, the weight and the filters of `state` as they are when the menu is opened. */
export function exportMenu(run, state) {
  const links = FILES.map(([file, words]) => h("a", { role: "menuitem", download: `${run.id}-${file}` }, words));
  const point = () =>
    FILES.forEach(([file, , ask], at) => {
      const asked = ask(state).toString();
      links[at].href = `${BASE}api/v1/runs/${run.id}/${file}${asked ? `?${asked}` : ""}`;
    });
  point();
  const node = menu("Export ▾", links, { kind: ".button" });
  node.addEventListener("toggle", point);
  return node;
}
