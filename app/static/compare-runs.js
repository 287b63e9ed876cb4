// The runs of a comparison in their order: which is the control, moved, taken out, added.

import { BASE, action, h } from "./core.js";
import { addDialog } from "./compare-add.js";
import { ordered } from "./compare-draft.js";
import { badge, runTitle } from "./format.js";

/** `page` is the v-compare. Alt with the arrows moves the run that has the focus. */
export function runsCard(page) {
  const { draft, view } = page;
  const shown = ordered(draft);
  const move = async (id, by) => {
    const runs = [...draft.runs];
    const from = runs.indexOf(id);
    const to = from + by;
    if (to < 0 || to >= runs.length) return;
    [runs[from], runs[to]] = [runs[to], runs[from]];
    await page.change({ runs, baseline: draft.baseline || draft.runs[0] });
    page.querySelector(`[data-run="${id}"] a`)?.focus();
  };
  const item = (id) => {
    const run = view.runs.find((each) => each.id === id);
    const place = shown.indexOf(id);
    const button = (words, label, work, props = {}) => h("button.button.quiet", { type: "button", title: label, "aria-label": `${label}: ${runTitle(run)}`, onclick: action(work), ...props }, words);
    const at = draft.runs.indexOf(id);
    return h(
      "li",
      {
        "data-run": id,
        onkeydown: (event) => {
          const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
          if (!event.altKey || !by) return;
          event.preventDefault();
          move(id, by).catch((error) => page.fail(error));
        },
      },
      h(`i.swatch.c${place % 8}`, { "aria-hidden": "true" }),
      h("a", { href: `${BASE}run?id=${id}` }, runTitle(run)),
      run.status === "succeeded" ? "" : badge(run.status),
      place ? button("set as control", "Measure the others against it", () => page.change({ baseline: id })) : h("small.tag", {}, "control"),
      h(
        "span.acts",
        {},
        button("↑", "Move up", () => move(id, -1), { disabled: at === 0 }),
        button("↓", "Move down", () => move(id, 1), { disabled: at === draft.runs.length - 1 }),
        button("✕", "Take out", () => page.change({ runs: draft.runs.filter((each) => each !== id) }), { disabled: draft.runs.length === 1 }),
      ),
    );
  };
  const add = h("button.button", { type: "button", onclick: action(() => addDialog(view.runs, (runs) => page.change({ runs: [...draft.runs, ...runs], baseline: draft.baseline }))) }, "Add runs …");
  return h(
    "details.card.compared",
    { open: draft.runs.length === 1 },
    h("summary", {}, `Runs (${draft.runs.length}): order, control, add`),
    h("ol", {}, ...draft.runs.map(item)),
    h("div.actions", {}, add),
  );
}
