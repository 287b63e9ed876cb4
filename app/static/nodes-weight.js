// How much attributes count against structure: moved, it ranks all nodes anew from the parts that the run kept.

import { h } from "./core.js";
import { number } from "./format.js";

/** `weight`: null while the run's own order holds; `own`: the run's own; `measure`: what is weighed. `onset(weight | null)`. Gives {node, show(weight)}. */
export function weighing({ weight, own, measure, onset }) {
  const slider = h("input", { type: "range", min: 0, max: 1, step: 0.05, id: "nodes-weight", oninput: () => choose(Number(slider.value)) });
  const back = h("button.button.quiet", { type: "button", onclick: () => choose(null) }, "The run's own order");
  const say = h("p.fine.muted", { role: "status" });
  const show = (now) => {
    slider.value = now ?? own;
    const words = `attributes ${number(Number((100 * Number(slider.value)).toFixed(0)))} %, structure ${number(Number((100 - 100 * Number(slider.value)).toFixed(0)))} %`;
    slider.setAttribute("aria-valuetext", words);
    back.hidden = now === null;
    say.textContent =
      now === null
        ? `The run's own order; it weighs ${words}. The slider ranks all nodes anew, at once.`
        : `Ranked by ${number(now)} × attribute ${measure} + ${number(Number((1 - now).toFixed(2)))} × structure ${measure}; arrows in the table say how far each moved.`;
  };
  const choose = (now) => {
    show(now);
    onset(now);
  };
  show(weight);
  const node = h(
    "section.card.nodeweight",
    { "aria-label": "Attributes against structure" },
    h("div.row", {}, h("h2", {}, "What counts"), back),
    h(
      "label.weightline",
      { htmlFor: "nodes-weight" },
      h("span", {}, "Structure"),
      slider,
      h("span", {}, "Attributes"),
    ),
    say,
  );
  return { node, show };
}
