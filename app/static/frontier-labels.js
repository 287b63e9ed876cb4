// Names beside the points of a chart, as many as fit without covering a point or each other.

import { svg } from "./core.js";

const LETTER = 6.1; // about the width of one, at the chart's size
const HIGH = 13;
const MOST = 34;
const REACH = 10; // of a point, around it

/** `points`: [{x, y, name, wanted, reach}]; those wanted are named where there is room within the frame; `reach` is a radius. */
export function labels(points, { left, right, top, bottom }) {
  const taken = points.map(({ x, y, reach = REACH }) => ({ x: x - reach, y: y - reach, w: 2 * reach, h: 2 * reach }));
  return points
    .filter((point) => point.wanted)
    .flatMap((point) => {
      const name = point.name.length > MOST ? `${point.name.slice(0, MOST - 1).trimEnd()}…` : point.name;
      const spot = places(point, name.length * LETTER).find(
        (box) =>
          box.x >= left &&
          box.x + box.w <= right &&
          box.y >= top &&
          box.y + box.h <= bottom &&
          !taken.some((other) => overlap(box, other)) &&
          points.every((other) => gap(other, box) >= gap(point, box)), // else it reads as the name of another
      );
      if (!spot) return [];
      taken.push(spot);
      const node = svg("text", { class: "name", x: spot.x, y: spot.y + HIGH - 3, "aria-hidden": "true" });
      node.textContent = name;
      return [node];
    });
}

/** Right of the point, left of it, above, below. */
function places({ x, y, reach = REACH }, w) {
  const h = HIGH;
  return [
    { x: x + reach + 4, y: y - h / 2, w, h },
    { x: x - reach - 4 - w, y: y - h / 2, w, h },
    { x: x - w / 2, y: y - reach - 3 - h, w, h },
    { x: x - w / 2, y: y + reach + 3, w, h },
  ];
}

function gap({ x, y }, box) {
  return Math.hypot(Math.max(box.x - x, x - box.x - box.w, 0), Math.max(box.y - y, y - box.y - box.h, 0));
}

function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
