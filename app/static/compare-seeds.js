// Runs of the same settings over several seeds, as one row: means, and differences from the control's group paired by seed.

import { h } from "./core.js";
import { number, title } from "./format.js";
import { difference, isSupporting, star, wayOf } from "./metrics.js";
import { table } from "./table.js";

const CAPTION = "Over seeds";

/** `told`: the differences as REST has them. Nothing where no settings were run twice. */
export function seedsCard(told) {
  if (!told?.groups.length) return "";
  const [control] = told.groups;
  const varies = (name) => told.groups.some(({ means }) => means[name] && means[name].mean !== control.means[name]?.mean);
  const names = Object.keys(told.directions).filter((name) => !isSupporting(name) && varies(name));
  const first = {
    key: "group",
    title: "Settings of",
    value: (group) => group.title,
    cell: (group) =>
      h(
        "span.runname",
        {},
        h("span", {}, group.title),
        h("small.muted", {}, group.seeds.length === 1 ? `seed ${group.seeds[0]}` : `${group.seeds.length} seeds: ${group.seeds.join(", ")}`),
        group.apart.length ? h("small.warn", {}, `not comparable: other ${group.apart.join(", ").toLowerCase()}`) : "",
        group === control ? h("small.tag", {}, "control") : "",
      ),
  };
  const measure = (name) => ({
    key: name,
    title: title(name),
    hint: wayOf(told.directions[name]),
    num: true,
    value: (group) => group.means[name]?.mean,
    cell: (group) => {
      const mean = group.means[name];
      if (!mean) return "–";
      const ends = mean.low === null ? "one seed" : `${number(Number(mean.low.toPrecision(3)))} to ${number(Number(mean.high.toPrecision(3)))}`;
      const found = group.differences[name];
      return h("span.measure", {}, h("span", {}, number(mean.mean), group.best.includes(name) ? star() : ""), h("small", {}, ends), found ? difference(found) : "");
    },
  });
  return h(
    "section.card",
    { "aria-label": CAPTION },
    h("h2", {}, CAPTION),
    h("p.muted.fine", {}, "Runs that differ in nothing but the seed are one row: the mean and its 95 % interval, below it the mean difference from the control over the seeds that both have, paired (Student's t)."),
    table({ caption: CAPTION, columns: [first, ...names.map(measure)], rows: told.groups, row: (line, group) => line.classList.toggle("control", group === control) }),
  );
}
