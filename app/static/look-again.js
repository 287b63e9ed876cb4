// A second look at the same pictures: other class names, another template, margin or merge. No picture is encoded again.

import { action, api, h } from "./core.js";
import { MARGINS, MERGES } from "./look-data.js";

const LONGEST = 200; // of a title
const NTH = / · look \d+$/; // at the end of a title

/** `place`: of the look that is asked for, 2 for a second one; `onlaunched(run)` gets its run. Gives {node, focus()}. */
export function lookAgain({ run, setup }, place, onlaunched) {
  const { config } = run;
  const classes = h("textarea", { rows: 7, value: (setup.classes ?? []).join("\n"), spellcheck: false, "aria-describedby": "again-note" });
  const template = h("input", { value: config.template ?? "", placeholder: (setup.templates ?? []).join(" | ") || "a photo of a {}.", spellcheck: false });
  const margin = choice(MARGINS, config.margin);
  const merge = choice(MERGES, config.merge_norm);
  const go = h("button.button.primary", { type: "submit", title: "Ctrl + Enter" }, "Look again");
  const start = async () => {
    const changed = { classes: classes.value, template: template.value, margin: margin.value, merge_norm: merge.value };
    const body = { method: run.method, config: { ...config, ...changed }, seed: run.seed, title: titleOf(run, place), parent_id: run.id };
    onlaunched(await api("runs", { method: "POST", body }));
  };
  const submit = action(start);
  const node = h(
    "form.card.lookagain",
    {
      "aria-label": "Look again",
      onsubmit: (event) => {
        event.preventDefault();
        submit({ currentTarget: go });
      },
      onkeydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) node.requestSubmit();
      },
    },
    h("h3", {}, "Look again"),
    h("label.field", {}, "Class names, one a line", classes),
    h("label.field", {}, "Template", template),
    h("div.twofields", {}, h("label.field", {}, "Margin of", margin), h("label.field", {}, "Merge", merge)),
    h("div.actions", {}, go),
    h("p.muted.fine", { id: "again-note" }, "Same pictures, same shots, same crops: their features are kept, so only the texts are encoded anew."),
  );
  return { node, focus: () => classes.focus() };
}

function titleOf({ title, method }, place) {
  const nth = ` · look ${place}`;
  return (title || method).replace(NTH, "").slice(0, LONGEST - nth.length) + nth;
}

function choice(options, value) {
  return h("select", {}, ...Object.entries(options).map(([key, words]) => h("option", { value: key, selected: key === value }, words)));
}
