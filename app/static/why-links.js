// The links that speak for a node's score: those it has, and those that the model expected.

import { h } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";
import { partBar } from "./why-features.js";
import { share } from "./why-parts.js";
import { table } from "./table.js";

export function neighbours(why, go) {
  const rows = why.links ?? [];
  const title = why.error === null ? "Its neighbours" : "Links it has";
  if (!rows.length) return h("section.whypart", { "aria-label": title }, h("h4", {}, title), h("p.muted", {}, "No links start here."));
  const count = { key: "count", title: "Links", num: true, value: (row) => row.count, cell: (row) => number(row.count) };
  const standing = { key: "percentile", title: "Its percentile", num: true, value: (row) => row.percentile, cell: (row) => percent(row.percentile) };
  const about = why.error === null ? "Those with the highest scores." : `The links that add most to its ${why.measure}.`;
  const apart = {
    key: "unlike",
    title: "By being unlike",
    hint: `What of the part is there because this neighbour's features differ from the node's; the rest is the link itself`,
    num: true,
    value: (row) => row.unlike,
    cell: (row) => share(row.unlike, why.error),
  };
  const more = [...((why.unlike ?? null) === null ? [] : [apart]), count, standing];
  return part({ title, about, rows, more, why, rest: why.links_rest, kind: "structure", go });
}

export function absent(why, go) {
  const { links, part: total, itself, exact } = why.absent;
  if (!total) return "";
  const rest = total - links.reduce((sum, row) => sum + row.part, 0) - (itself?.part ?? 0);
  const note = exact ? "" : " The parts of single ones are estimated from some of the views; their sum is exact.";
  const own = itself ? ` A link with itself, which products of factors always expect: ${share(itself.part, why.error)}.` : "";
  const about = `Nodes that the model expected it to be linked with.${note}${own}`;
  return part({ title: "Links it lacks", about, rows: links, more: [], why, rest: exact ? Math.max(0, rest) : null, kind: "lacking", go });
}

function part({ title, about, rows, more, why, rest, kind, go }) {
  const largest = Math.max(...rows.map((row) => row.part ?? 0), 0);
  const columns = [
    { key: "name", title: "Node", value: (row) => row.name, cell: (row) => named(row, go) },
    { key: "part", title: `Part of the ${why.measure}`, value: (row) => row.part, cell: (row) => partBar(row.part, why.error, largest, kind) },
    ...more,
    { key: "expected", title: "Expected", num: true, value: (row) => row.expected, cell: (row) => number(row.expected) },
  ].filter(({ key }) => (key !== "part" || why.error !== null) && (key !== "expected" || (why.error !== null && why.modelled)));
  return h(
    "section.whypart",
    { "aria-label": title },
    h("h4", {}, title),
    h("p.muted.fine", {}, about),
    rows.length ? table({ caption: title, columns, rows, sort: why.error === null ? "percentile" : "part", descending: true }) : "",
    rest ? h("p.muted.fine", {}, `All others together: ${number(rest)} (${share(rest, why.error)}).`) : "",
  );
}

function named(row, go) {
  const button = h("button.link.whyname", { type: "button", title: row.name, onclick: () => go(row.position) }, row.name);
  return row.flagged ? h("span", {}, button, " ", h("small.tag", {}, "flagged")) : button;
}
