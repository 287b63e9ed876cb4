// Accuracy of each class before and after looking closer: a dumbbell a class, and the same as a table.

import { h, svg } from "./core.js";
import { select } from "./fields.js";
import { fitted } from "./frontier.js";
import { percent, points, shots, stamp } from "./scores-data.js";
import { table } from "./table.js";

const FIRST = 24; // classes drawn before the rest is asked for
const LINE = 22;
const EDGE = { top: 20, bottom: 6, right: 52 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const change = (row) => row.after - row.before;
const ORDERS = {
  change: ["largest change", (a, b) => Math.abs(change(b)) - Math.abs(change(a))],
  gained: ["most gained", (a, b) => change(b) - change(a)],
  lost: ["most lost", (a, b) => change(a) - change(b)],
  after: ["worst after", (a, b) => a.after - b.after],
  name: ["name", (a, b) => a.class.localeCompare(b.class, "en", { numeric: true })],
};

/** `order` is kept between classifiers: {value}. */
export function classesCard(found, classifier, order) {
  const rows = found.class.filter((row) => row.classifier === classifier);
  if (!rows.length) return "";
  const box = h("div");
  const words = h("p.readout", { "aria-live": "polite" });
  let all = false;
  const draw = () => {
    const sorted = [...rows].sort(ORDERS[order.value][1]);
    const shown = all ? sorted : sorted.slice(0, FIRST);
    const more = h("button.button", { type: "button", onclick: () => ((all = true), draw()) }, `All ${rows.length} classes`);
    box.replaceChildren(fitted((width) => dumbbells(shown, width, words)), shown.length < rows.length ? h("p.actions", {}, more) : "");
  };
  const choice = select("Order by", Object.entries(ORDERS).map(([key, [name]]) => [key, name]), (value) => {
    order.value = value;
    draw();
  });
  choice.input.value = order.value;
  draw();
  return h(
    "section.card",
    { "aria-label": "Accuracy by class" },
    h("div.row", {}, h("h2", {}, "By class"), choice.node),
    stamp(found),
    h("div.kinds", {}, key("before", "whole picture"), key("after better", "after looking closer, better"), key("after worse", "worse"), key("after same", "the same")),
    box,
    words,
    twin(rows),
  );
}

function key(kind, name) {
  return h("span.key", {}, svg("svg", { viewBox: "-7 -7 14 14", class: "dumbbells", "aria-hidden": "true" }, svg("circle", { class: kind, r: 5 })), name);
}

function dumbbells(rows, width, words) {
  const left = Math.min(190, Math.max(96, 0.3 * width));
  const height = EDGE.top + rows.length * LINE + EDGE.bottom;
  const at = (share) => left + 8 + share * (width - left - EDGE.right - 8);
  const plot = svg("svg", { class: "dumbbells", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Accuracy of ${rows.length} classes before and after; the table below has the numbers` });
  for (const tick of TICKS)
    plot.append(svg("path", { class: "gridline", d: `M${at(tick)} ${EDGE.top - 4}V${height - EDGE.bottom}` }), text(percent(tick, 0), { x: at(tick), y: 11, "text-anchor": "middle" }));
  rows.forEach((row, place) => plot.append(dumbbell(row, EDGE.top + (place + 0.5) * LINE, { left, at, width }, words)));
  return plot;
}

function dumbbell(row, y, { left, at, width }, words) {
  const gained = change(row);
  const kind = gained > 0 ? "better" : gained < 0 ? "worse" : "same";
  const room = Math.floor((left - 4) / 6.6);
  const name = row.class.length > room ? `${row.class.slice(0, room - 1)}…` : row.class;
  const node = svg(
    "g",
    { class: "dumbbell" },
    svg("rect", { class: "ground", x: 0, y: y - LINE / 2, width, height: LINE }),
    text(name, { x: left - 4, y: y + 4, "text-anchor": "end", class: "name" }),
    svg("path", { class: `link ${kind}`, d: `M${at(row.before)} ${y}H${at(row.after)}` }),
    svg("circle", { class: "before", cx: at(row.before), cy: y, r: 5 }),
    svg("circle", { class: `after ${kind}`, cx: at(row.after), cy: y, r: 5 }),
    text(points(gained), { x: width, y: y + 4, "text-anchor": "end", class: `change ${kind}` }),
  );
  node.addEventListener("pointerenter", () => {
    words.textContent = `${row.class}: ${percent(row.before)} before, ${percent(row.after)} after, ${points(gained)} points, ${row.n} test ${row.n === 1 ? "picture" : "pictures"}, ${shots(row.shots)}.`;
  });
  return node;
}

export function text(words, attributes) {
  const node = svg("text", attributes);
  node.textContent = words;
  return node;
}

function twin(rows) {
  const share = (name, title) => ({ key: name, title, num: true, value: (row) => row[name], cell: (row) => percent(row[name]) });
  const columns = [
    { key: "class", title: "Class", value: (row) => row.class, cell: (row) => row.class },
    { key: "n", title: "Test pictures", num: true, value: (row) => row.n, cell: (row) => row.n },
    { key: "shots", title: "Shots", num: true, value: (row) => row.shots, cell: (row) => row.shots },
    share("before", "Before"),
    share("after", "After"),
    { key: "change", title: "Change, points", num: true, value: change, cell: (row) => points(change(row)) },
  ];
  const box = h("div");
  const fill = () => box.childElementCount || box.append(table({ caption: "Accuracy by class", columns, rows, sort: "change", descending: true }));
  return h("details", { ontoggle: fill }, h("summary", {}, "As a table"), box);
}
