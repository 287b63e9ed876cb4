// A confusion matrix that is pointed at, clicked, and walked over with arrows.

import { h, svg } from "./core.js";
import { fitted } from "./frontier.js";
import { text } from "./scores-classes.js";

const MOST = 760; // px: a wider matrix is no clearer
const CELL = [7, 40];
const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

/**
 * `classes`; `value(label, answer)`: what a cell holds, a count or a change; `tell(label, answer)`: it is pointed at;
 * `pick(label, answer)`: it is chosen. Indices of classes throughout. A change is not darker by size alone but coloured by
 * whether it is for the better.
 */
export function matrix({ classes, value, change, tell, pick, at }) {
  return fitted((width) => drawn({ classes, value, change, tell, pick, at }, Math.min(width, MOST)));
}

function drawn({ classes, value, change, tell, pick, at }, width) {
  const longest = Math.max(...classes.map((name) => name.length));
  const left = Math.min(0.32 * width, 6.4 * longest + 10, 170);
  const top = Math.min(6 * longest + 10, 130);
  const size = Math.max(CELL[0], Math.min(CELL[1], (width - left - 4) / classes.length));
  const side = size * classes.length;
  const plot = svg("svg", {
    class: "confusion",
    viewBox: `0 0 ${left + side + 2} ${top + side + 2}`,
    role: "group",
    tabindex: "0",
    "aria-label": `Confusion of ${classes.length} classes: down the true class, across the answer; arrows walk over it, Enter shows the pictures of a cell`,
  });
  plot.style.width = `${left + side + 2}px`;
  plot.append(svg("rect", { class: "ground", x: left, y: top, width: side, height: side }), ...cells({ classes, value, change }, left, top, size), ...names(classes, left, top, size));
  const cursor = svg("rect", { class: "cursor", width: size, height: size, x: -99, y: -99 });
  plot.append(cursor);

  const put = (label, answer) => {
    Object.assign(at, { label, answer });
    cursor.setAttribute("x", left + answer * size);
    cursor.setAttribute("y", top + label * size);
  };
  if (at.label !== null) put(at.label, at.answer);
  const under = (event) => {
    const box = plot.getBoundingClientRect();
    const scaled = (left + side + 2) / box.width;
    const answer = Math.floor(((event.clientX - box.left) * scaled - left) / size);
    const label = Math.floor(((event.clientY - box.top) * scaled - top) / size);
    return inside(answer) && inside(label) ? [label, answer] : null;
  };
  const inside = (index) => index >= 0 && index < classes.length;
  plot.addEventListener("pointermove", (event) => under(event) && tell(...under(event)));
  plot.addEventListener("click", (event) => {
    const found = under(event);
    if (!found) return;
    put(...found);
    pick(...found);
  });
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && at.label !== null) pick(at.label, at.answer);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const [label, answer] = at.label === null ? [0, 0] : [at.label + step[0], at.answer + step[1]];
    if (!inside(label) || !inside(answer)) return;
    put(label, answer);
    tell(label, answer);
  });
  return h("div.scroll", { role: "region", "aria-label": "Confusion matrix" }, plot);
}

function cells({ classes, value, change }, left, top, size) {
  const all = classes.flatMap((_, label) => classes.map((__, answer) => ({ label, answer, count: value(label, answer) })));
  const most = Math.max(1, ...all.map(({ count }) => Math.abs(count)));
  return all
    .filter(({ count }) => count)
    .flatMap(({ label, answer, count }) => {
      const right = label === answer;
      const kind = change ? (count > 0 === right ? "better" : "worse") : right ? "right" : "wrong";
      const share = Math.sqrt(Math.abs(count) / most); // few are seen too
      const rect = svg("rect", { class: `cell ${kind}`, x: left + answer * size, y: top + label * size, width: size, height: size });
      rect.style.fillOpacity = (0.12 + 0.88 * share).toFixed(3);
      if (size < 18) return [rect];
      const words = change && count > 0 ? `+${count}` : String(count).replace("-", "−");
      const middle = { x: left + (answer + 0.5) * size, y: top + (label + 0.5) * size + 4, "text-anchor": "middle" };
      return [rect, text(words, { ...middle, class: share > 0.6 ? "count onfull" : "count" })];
    });
}

/** As many names as there is room for, the rest is told when pointed at. */
function names(classes, left, top, size) {
  const every = Math.ceil(11 / size);
  const cut = (name, room) => (name.length * 6 > room ? `${name.slice(0, Math.floor(room / 6) - 1)}…` : name);
  return classes.flatMap((name, index) => {
    if (index % every) return [];
    const place = (index + 0.5) * size;
    const x = left + place + 4;
    return [
      text(cut(name, left - 8), { x: left - 5, y: top + place + 4, "text-anchor": "end" }),
      text(cut(name, top - 8), { x, y: top - 5, transform: `rotate(-90 ${x} ${top - 5})` }),
    ];
  });
}
