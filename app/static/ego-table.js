// The same neighbourhood as two tables: its nodes and its links.

import { h } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";
import { table } from "./table.js";

/** Filled when it is opened; stays open while one walks. `read()` gives {ego, links, directed}. */
export function twin(read, act) {
  const box = h("div.egotables");
  const fill = () => box.replaceChildren(...tables(read(), act));
  const node = h("details", { ontoggle: () => node.open && fill() }, h("summary", {}, "As tables"), box);
  return { node, update: () => node.open && fill() };
}

function hidden({ position, name }, { more }, onopen) {
  if (!more[position]) return "";
  const open = () => onopen(position);
  return h("button.link", { type: "button", "aria-label": `Open ${more[position]} more neighbours of ${name}`, onclick: open }, `+${number(more[position])}`);
}

function tables({ ego, links, directed }, { onwalk, onopen }) {
  const names = new Map(ego.nodes.map((node) => [node.position, node.name]));
  const go = (position) =>
    position === ego.centre || !names.has(position)
      ? (names.get(position) ?? `node ${position}`)
      : h("button.link", { type: "button", onclick: () => onwalk(position) }, names.get(position));
  const figure = (key, title, write = number) => ({ key, title, num: true, value: (row) => row[key], cell: (row) => write(row[key]) });
  const nodes = table({
    caption: "Nodes of the neighbourhood",
    sort: "rank",
    columns: [
      { key: "name", title: "Node", value: (node) => node.name, cell: (node) => go(node.position) },
      { key: "hop", title: "Steps from the centre", num: true, value: (node) => node.hop, cell: (node) => (node.linked ? number(node.hop) : "not linked") },
      figure("rank", "Rank"),
      figure("percentile", "Percentile", percent),
      figure("degree", "Neighbours"),
      { key: "hidden", title: "Not shown", num: true, value: (node) => ego.more[node.position], cell: (node) => hidden(node, ego, onopen) },
      { key: "flagged", title: "Flagged", value: (node) => Number(node.flagged), cell: (node) => (node.flagged ? "flagged" : "") },
      { key: "verdict", title: "Review", value: (node) => node.verdict, cell: (node) => node.verdict ?? "" },
    ],
    rows: ego.nodes,
  });
  const rows = [
    ...links.map((edge) => ({ ...edge, kind: edge.surprising ? "surprising" : "" })),
    ...ego.absent.map((edge) => ({ ...edge, count: 0, kind: "expected, but absent" })),
  ];
  const end = (key, title) => ({ key, title, value: (edge) => names.get(edge[key]) ?? edge[key], cell: (edge) => go(edge[key]) });
  return [
    nodes,
    table({
      caption: "Links of the neighbourhood",
      sort: "part",
      descending: true,
      columns: [
        end("source", directed ? "From" : "Between"),
        end("target", directed ? "To" : "And"),
        figure("count", "Links"),
        figure("expected", "Expected"),
        { ...figure("part", `Part of the ${ego.measure}`), hint: `What this link adds to the ${ego.measure} of the centre, or of the node that it leaves` },
        { key: "kind", title: "Kind", value: (edge) => edge.kind, cell: (edge) => edge.kind },
      ],
      rows,
    }),
  ];
}
