// A curve of a few points, drawn as it grows: no library, no axis, its last value in words.

import { h, svg } from "./core.js";
import { number } from "./format.js";

const WIDTH = 240;
const HEIGHT = 40;

export function sparkline(name, points) {
  const known = points.filter(([, value]) => Number.isFinite(value));
  const last = known.at(-1)?.[1];
  const steps = known.map(([step]) => step);
  const values = known.map(([, value]) => value);
  const [x0, x1] = [Math.min(...steps), Math.max(...steps)];
  const [y0, y1] = [Math.min(...values), Math.max(...values)];
  const place = ([step, value]) => {
    const x = ((step - x0) / (x1 - x0 || 1)) * WIDTH;
    const y = HEIGHT - 2 - ((value - y0) / (y1 - y0 || 1)) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const line = svg("polyline", {
    points: known.map(place).join(" "),
    class: "stroke",
    "vector-effect": "non-scaling-stroke",
  });
  const text = `${name}: ${number(last)} now, between ${number(y0)} and ${number(y1)}`;
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
    line,
  );
  return h("figure", {}, h("figcaption", {}, h("span", { title: name }, name), h("b", {}, number(last))), picture);
}
