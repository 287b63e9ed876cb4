// The ranked table of nodes: sorted, searched and cut into pages by the studio, so that it holds for a million of them.

import { h, svg } from "./core.js";
import { number, title } from "./format.js";
import { VERDICTS } from "./nodes-reviews.js";
import { SECOND, parts, percentile, share, stabilityChip } from "./nodes-words.js";
import { verdictMark } from "./reviews.js";
import { table } from "./table.js";

/**
 * `page`: {rows, total}; `facts`: {nodes, weight, moved, hasParts, hasViews, measure, second: [[field, name, letter], ...]}:
 * what the run has, and the weight of attributes, `moved` where it is not the run's own;
 * `placeOf(row)`: its rank now, or null where it is not known; `reviewOf(row)`; `onopen(index)`, `onsort(key, descending)`.
 */
export function nodesTable({ page, state, facts, placeOf, reviewOf, onopen, onsort }) {
  const { rows } = page;
  return table({
    caption: "Nodes",
    columns: columns({ facts, placeOf, reviewOf, onopen: (row) => onopen(rows.indexOf(row)) }),
    rows,
    sort: state.sort,
    descending: state.descending,
    onsort,
    row: (line, row) => {
      line.dataset.node = row.position;
      line.classList.toggle("flagged", row.flagged);
      line.addEventListener("click", (event) => event.target.closest("button, a") || onopen(rows.indexOf(row)));
    },
  });
}

/** What the letters and shades of the second opinions mean. */
export function legend({ second }) {
  const letters = second.map(([, name, letter]) => `${letter} ${name}`).join(", ");
  return h("p.muted.fine", {}, `Second opinions, bars of percentiles: ${letters}; dark where one ranks the node at least as high as this run.`);
}

/** Every figure that the table can be sorted by: [key, name, whether the largest come first]. */
export function orders({ hasParts, hasViews, measure, second }) {
  return [
    ["rank", "Rank", false],
    ["name", "Name", false],
    ["score", "Score", true],
    ...(hasParts
      ? [
          ["attribute", `Attribute ${measure}`, true],
          ["structure", `Structure ${measure}`, true],
        ]
      : []),
    ["degree", "Out-degree", true],
    ["in_degree", "In-degree", true],
    ["peer_percentile", "Percentile among peers", true],
    ["flagged_neighbours", "Flagged neighbours", true],
    ...(hasViews ? [["stability", "Stability", true]] : []),
    ["apart", "Above the plain scores", true],
    ...second.map(([key, name]) => [key, `${name}, percentile`, true]),
  ];
}

function columns({ facts, placeOf, reviewOf, onopen }) {
  const figure = (key, title, hint, cell) => ({ key, title, hint, num: true, cell });
  return [
    { key: "rank", title: "Rank", hint: "1 is the most anomalous", cell: (row) => rank(row, placeOf(row)) },
    {
      key: "name",
      title: "Node",
      wide: true,
      cell: (row) =>
        h(
          "button.nodename",
          { type: "button", title: row.name, onclick: () => onopen(row), "aria-label": `Show ${row.name}` },
          row.name,
        ),
    },
    {
      key: "review",
      title: "Review",
      sort: false,
      cell: (row) => h("span", { "data-review": row.node_id }, verdictMark(reviewOf(row), VERDICTS)),
    },
    figure("percentile", "Percentile", "the share of the graph's nodes that rank lower, in %; no probability", (row) =>
      percentile(percentileOf(row, placeOf(row), facts)),
    ),
    facts.moved
      ? figure("weighted", title(facts.measure), "what ranks now: both parts under the weight that is set; no probability", (row) => number(row.weighted))
      : figure("score", "Score", `what this run ranks by${facts.hasParts && facts.measure === "evidence" ? ": evidence, in nats" : ", in its own units"}; no probability`, (row) => number(row.score)),
    ...(facts.hasParts
      ? [
          {
            key: facts.weight >= 0.5 ? "attribute" : "structure",
            title: "Attributes | structure",
            hint: `how much of the node's ${facts.measure} is in its features, and how much in its links`,
            cell: (row) => splitBar(row, facts.weight),
          },
        ]
      : []),
    ...(facts.labels
      ? [{ key: "label", title: "Label", sort: false, cell: (row) => label(row) }]
      : []),
    figure("degree", "Degree", "links that go out", (row) => number(row.degree)),
    figure("flagged_neighbours", "Flagged neighbours", "at the run's own budget", (row) => number(row.flagged_neighbours)),
    ...(facts.hasViews
      ? [
          {
            key: "stability",
            title: "Stability",
            hint: "how much the node's percentile moves over noise levels, draws and repeats",
            cell: (row) => stabilityChip(row.stability),
          },
        ]
      : []),
    {
      key: "apart",
      title: "Second opinions",
      hint: `percentiles of scores that need no training: ${facts.second.map(([, name, letter]) => `${letter} ${name}`).join(", ")}; sorted by how far this score is above them`,
      cell: (row) => opinions(row, facts.second),
    },
  ];
}

/** The share of nodes below it: the run's own, or that of its rank under a moved weight. */
function percentileOf(row, place, { moved, nodes }) {
  if (!moved) return row.percentile;
  return place === null ? null : (nodes - place + 0.5) / nodes;
}

/** The rank now, and how far it moved from the run's own. */
function rank(row, now) {
  const mark = row.flagged
    ? h("span.flag", { title: "flagged: within the budget" }, h("span", { "aria-hidden": "true" }, "⚑"), h("span.offscreen", {}, "flagged"))
    : h("span.flag");
  if (now === null || now === row.rank) return h("span.noderank", {}, mark, number(row.rank));
  const up = row.rank - now;
  const words = `${up > 0 ? "up" : "down"} ${number(Math.abs(up))} from rank ${number(row.rank)}`;
  const moved = h(
    `small.${up > 0 ? "up" : "down"}`,
    { title: words },
    h("span", { "aria-hidden": "true" }, `${up > 0 ? "▲" : "▼"} ${number(Math.abs(up))}`),
    h("span.offscreen", {}, words),
  );
  return h("span.noderank", {}, mark, number(now), moved);
}

/** What the graph's own labels say. */
function label({ label: known, kind }) {
  if (known === null || known === undefined) return h("span.muted", {}, "–");
  return known ? h("b", {}, kind || "anomalous") : h("span.muted", {}, "normal");
}

function splitBar(row, weight) {
  const found = parts(row, weight);
  if (!found) return h("span.muted", {}, "–");
  const words = `attributes ${share(found.share)}, structure ${share(1 - found.share)}`;
  const fill = h("i");
  fill.style.width = `${100 * found.share}%`;
  return h(
    "span.splitbar",
    { title: `${words}: ${number(found.attribute)} and ${number(found.structure)}` },
    h("span.track", { "aria-hidden": "true" }, fill),
    h("span.offscreen", {}, words),
    h("small", { "aria-hidden": "true" }, share(found.share)),
  );
}

const [BAR, GAP, TALL] = [9, 4, 18];

/** A bar a score: its height is the node's percentile in it. */
function opinions(row, second) {
  const known = second.filter(([key]) => row[key] !== null && row[key] !== undefined);
  if (!known.length) return h("span.muted", {}, "–");
  const words = known.map(([key, name]) => `${name} ${percentile(row[key])}`).join(", ");
  const width = known.length * (BAR + GAP);
  const drawn = known.flatMap(([key, , letter], at) => {
    const x = at * (BAR + GAP);
    const tall = Math.max(1, TALL * row[key]);
    const name = svg("text", { x: x + BAR / 2, y: TALL + 10, "text-anchor": "middle" });
    name.textContent = letter;
    return [
      svg("rect", { class: "track", x, y: 0, width: BAR, height: TALL }),
      svg("rect", { class: row[key] >= row.percentile ? "level above" : "level", x, y: TALL - tall, width: BAR, height: tall }),
      name,
    ];
  });
  const picture = svg("svg", { width, height: TALL + 12, viewBox: `0 0 ${width} ${TALL + 12}`, "aria-hidden": "true" }, ...drawn);
  return h("span.opinions", { title: words }, picture, h("span.offscreen", {}, words));
}
