// How many related classes are mixed in, how much of them and how evenly: sliders that are moved before the next run.

import { h } from "./core.js";

const KAPPA = { min: 0, max: 10, step: 0.1 };
const TEMPERATURES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** `now`: {k, kappa, temperature} of the run; `most`: largest k; `shots`: of an episode; `onmove` gets the three. Gives {node, reset()}. */
export function mixing(now, { most, shots }, onmove) {
  const values = { ...now };
  const stops = [...new Set([...TEMPERATURES, now.temperature])].sort((a, b) => a - b);
  const parts = {
    k: slider("Related classes, k", { min: 1, max: most, step: 1 }, String),
    kappa: slider("Kappa", { ...KAPPA, max: Math.max(KAPPA.max, now.kappa) }, (kappa) => `${kappa}${share(kappa, shots)}`),
    temperature: slider("Temperature of the attention", { min: 0, max: stops.length - 1, step: 1 }, (value) => `${value}${value >= 1 ? " (nearly even)" : ""}`, stops),
  };
  for (const [name, part] of Object.entries(parts)) {
    part.show(now[name]);
    part.input.addEventListener("input", () => {
      values[name] = part.value();
      part.show(values[name]);
      onmove({ ...values });
    });
  }
  const reset = () => {
    for (const [name, part] of Object.entries(parts)) part.show((values[name] = now[name]));
  };
  return { node: h("div.afrmixing", {}, ...Object.values(parts).map((part) => part.node)), reset };
}

/** With `stops` the slider goes from one of them to the next. */
function slider(name, attributes, write, stops = null) {
  const said = h("span.value", { "aria-hidden": "true" });
  const input = h("input", { type: "range", ...attributes, "aria-label": name });
  const value = () => (stops ? stops[Number(input.value)] : Number(input.value));
  const show = (now) => {
    input.value = stops ? stops.indexOf(now) : now;
    said.textContent = write(now);
    input.setAttribute("aria-valuetext", said.textContent);
  };
  return { input, value, show, node: h("label.field.afrslide", {}, name, said, input) };
}

/** What a support feature gives of itself to its related classes. */
function share(kappa, shots) {
  return typeof shots === "number" ? ` (share ${(kappa / (kappa + shots)).toFixed(2)})` : "";
}
