// How much a node's percentile depends on the noise: one dot for each level, draw and repeat.

import { h, svg } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";
import { fitted } from "./frontier.js";
import { table } from "./table.js";

const LEFT = 78;
const WIDEST = 620;
const RIGHT = 14;
const ROW = 15;

export function stability(why) {
  const views = why.views ?? [];
  if (views.length < 2) return "";
  const { stability: spread } = why.node;
  const values = views.map((view) => view.percentile);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return h(
    "section.whypart",
    { "aria-label": "How stable it is" },
    h("h4", {}, "How stable it is"),
    h(
      "p.muted.fine",
      {},
      `Its percentile in each of ${number(views.length)} views: from ${percent(low)} to ${percent(high)}`,
      spread === null || spread === undefined ? "." : `, standard deviation ${number(Number((100 * spread).toPrecision(2)))} points.`,
    ),
    fitted((width) => strip(views, Math.min(WIDEST, width))),
    twin(views),
  );
}

function strip(views, width) {
  const levels = [...new Set(views.map((view) => view.level))].sort((a, b) => a - b);
  const height = levels.length * ROW + 26;
  const across = (share) => LEFT + share * (width - LEFT - RIGHT);
  const bottom = height - 18;
  const dots = views.map((view) => {
    const y = levels.indexOf(view.level) * ROW + ROW / 2 + 2;
    const dot = svg("circle", { class: `view c${(view.repeat ?? 0) % 8}`, cx: across(view.percentile).toFixed(1), cy: y + (((view.draw ?? 0) % 3) - 1) * 2.5, r: 3.2 });
    dot.append(titled(`level ${view.level}, draw ${view.draw}, repeat ${view.repeat}: ${percent(view.percentile)}`));
    return dot;
  });
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, class: "whyviews", role: "img", "aria-label": "Percentile by level, one dot for each draw and repeat; the table below has the numbers" },
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      svg("path", { class: "gridline", d: `M${across(share)} 2V${bottom}` }),
      text(`${100 * share}`, { x: across(share), y: bottom + 13, "text-anchor": "middle" }),
    ]),
    ...levels.map((level, row) => text(level < 0 ? "no noise" : `level ${level}`, { x: LEFT - 10, y: row * ROW + ROW / 2 + 6, "text-anchor": "end" })),
    ...dots,
  );
}

function titled(words) {
  const node = svg("title");
  node.textContent = words;
  return node;
}

function text(words, attributes) {
  const node = svg("text", attributes);
  node.textContent = words;
  return node;
}

function twin(views) {
  const column = (key, title, write = number) => ({ key, title, num: true, value: (row) => row[key], cell: (row) => write(row[key]) });
  const box = h("div");
  const fill = () =>
    box.append(
      table({
        caption: "Percentile in each view",
        columns: [column("level", "Noise level"), column("draw", "Draw"), column("repeat", "Repeat"), column("percentile", "Percentile", percent)],
        rows: views,
      }),
    );
  return h("details", { ontoggle: () => box.childElementCount || fill() }, h("summary", {}, "As a table"), box);
}
