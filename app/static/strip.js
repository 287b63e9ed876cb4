// A few images of several runs, a row a run, and the figures that say most: a comparison at a glance.

import { BASE, h } from "./core.js";
import { badge, number, runTitle, title } from "./format.js";
import { columnsOf } from "./grid.js";

const ROWS = 6;
const COLUMNS = 10;
const FIGURES = 3;
const ALONE = 6; // figures where there are no images
const SUPPORTING = /_(uncached|before|low|high)$/;

/** The metrics a method reports first, of the run that has most of them; what all runs share says nothing here. */
function headline(runs, count) {
  const names = Object.keys(runs.reduce((best, run) => (size(run) > size(best) ? run : best)).metrics);
  return names.filter((name) => !SUPPORTING.test(name)).slice(0, count);
}

function size(run) {
  return Object.keys(run.metrics).length;
}

/** `artefacts`: those of each run by its id; runs without are shown by their state. */
export function strip(runs, artefacts) {
  const shown = runs.slice(0, ROWS);
  const images = shown.map((run) => columnsOf(artefacts.get(run.id) ?? []));
  const classes = [...new Set(images.flatMap((found) => [...found.keys()]))].slice(0, COLUMNS);
  const figures = headline(shown, classes.length ? FIGURES : ALONE);
  const heads = [
    ...classes.map((name) => h("th", { scope: "col" }, name)),
    ...figures.map((name) => h("th.num", { scope: "col" }, title(name))),
  ];
  const rows = shown.map((run, place) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("a", { href: `${BASE}run?id=${run.id}` }, runTitle(run)),
        run.status === "succeeded" ? "" : badge(run.status),
      ),
      ...classes.map((name) => h("td", {}, picture(images[place].get(name)?.[0], run, name))),
      ...figures.map((name) => h("td.num", {}, run.finished ? number(run.metrics[name]) : "")),
    ),
  );
  return h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": "Runs at a glance" },
    h(
      "table.grid.strip",
      {},
      h("caption.offscreen", {}, "An image of each class, and figures, by run"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Run"), ...heads)),
      h("tbody", {}, ...rows),
    ),
    runs.length > ROWS ? h("p.muted", {}, `and ${runs.length - ROWS} more`) : "",
  );
}

function picture(item, run, name) {
  if (!item) return "";
  return h("img", { src: BASE + item.url.slice(1), alt: `${runTitle(run)}, ${name}`, loading: "lazy" });
}
