// What is said of the node that is pointed at.

import { h } from "./core.js";
import { number } from "./format.js";
import { percentile } from "./nodes-words.js";

export class EgoCard {
  constructor() {
    this.node = h("div.egocard", { hidden: true, role: "status", "aria-live": "polite" });
  }

  hide() {
    this.node.hidden = true;
  }

  /** `item`: of `picture`'s items. */
  show(picture, item) {
    this.node.replaceChildren(...(item.stub ? opens(picture, item) : tells(picture, item)));
    this.node.hidden = false;
    const { offsetWidth: wide, offsetHeight: high } = this.node;
    const [x, y] = item.at;
    const beside = x + item.reach + 12 + wide < picture.width ? x + item.reach + 12 : x - item.reach - 12 - wide;
    this.node.style.left = `${Math.max(4, Math.min(picture.width - wide - 4, beside))}px`;
    this.node.style.top = `${Math.max(4, Math.min(picture.height - high - 4, y - high / 2))}px`;
  }
}

function opens({ nodes }, { position, hidden }) {
  return [h("strong", {}, `${number(hidden)} more`), h("p", {}, `neighbours of ${nodes.get(position).name}: open them`)];
}

function tells({ nodes, ego, links, directed }, { position }) {
  const node = nodes.get(position);
  return [
    h("strong", {}, node.name),
    h("p", {}, standing(node)),
    ...links
      .filter((edge) => position !== ego.centre && joins(edge, position, ego.centre))
      .map((edge) => h("p", {}, linkSaid(edge, nodes, directed))),
    ...ego.absent
      .filter((edge) => position !== ego.centre && joins(edge, position, ego.centre))
      .map((edge) => h("p", {}, `No link with ${nodes.get(ego.centre).name}, where the model expected ${number(edge.expected)}`)),
    ego.more[position] ? h("p", {}, `${number(ego.more[position])} of its neighbours are not shown`) : "",
    position === ego.centre ? "" : h("p.muted", {}, "Click or Enter: go there"),
  ].filter(Boolean);
}

const joins = ({ source, target }, a, b) => (source === a && target === b) || (source === b && target === a);

export function standing(node) {
  const verdict = { confirm: "confirmed", dismiss: "dismissed", unsure: "unsure" }[node.verdict];
  return [
    `percentile ${percent(node.percentile)}`,
    `rank ${number(node.rank)}`,
    `${number(node.degree)} ${node.degree === 1 ? "neighbour" : "neighbours"}`,
    node.flagged ? "flagged" : "",
    verdict ?? "",
  ]
    .filter(Boolean)
    .join(" · ");
}

export function percent(share) {
  return share === null || share === undefined ? "–" : `${percentile(share)} %`;
}

/** "A → B, 3 times, expected 0.2, surprising". */
export function linkSaid(edge, nodes, directed) {
  const name = (position) => nodes.get(position)?.name ?? String(position);
  return [
    `${name(edge.source)} ${directed ? "→" : "–"} ${name(edge.target)}`,
    edge.count === 1 ? "" : `${number(edge.count)} times`,
    edge.expected === null || edge.expected === undefined ? "" : `expected ${number(edge.expected)}`,
    edge.surprising ? "surprising" : "",
  ]
    .filter(Boolean)
    .join(", ");
}
