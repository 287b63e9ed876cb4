// <v-fewshot-scores-beside runs="a,b">: several evaluations side by side: what they stand on, their figures, the classes on which
// they differ most.

import { BASE, Element, h } from "./core.js";
import { runTitle } from "./format.js";
import { classifierName, refinementName } from "./look-data.js";
import { between, known, percent, points, readScores, rounded, stamp } from "./scores-data.js";
import { gain, ordered } from "./scores-table.js";
import { hint, table } from "./table.js";

const OF_ONE_TEST = ["set", "test_pictures", "classes"];
const MOST = 12; // classes listed at first

class ScoresBeside extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = (this.getAttribute("runs") ?? "").split(",").filter(Boolean);
    const read = await Promise.all(ids.map((id) => readScores(id, signal)));
    const found = read.filter((each) => each.score?.length);
    if (found.length < 2) {
      this.replaceChildren();
      return;
    }
    found.forEach((each, place) => Object.assign(each, { place, name: runTitle(each.run) }));
    const differ = apart(found);
    this.replaceChildren(...[differ, figures(found), differ ? "" : classes(found)].filter(Boolean));
  }
}

/** What makes them tests of different things. */
function apart(found) {
  const words = { set: "set of pictures", test_pictures: "number of test pictures", classes: "classes" };
  const names = OF_ONE_TEST.filter((key) => new Set(found.map(({ setup }) => JSON.stringify(setup[key]))).size > 1).map((key) => words[key]);
  if (!names.length) return "";
  return h("div.notice", { role: "note" }, h("strong", {}, "Not tested on the same pictures"), h("p", {}, `They differ in ${names.join(", ")}: compare what each gains, not how right each is.`));
}

function head({ run, name, place }) {
  return h("th.num", { scope: "col" }, h("a", { href: `${BASE}run?id=${run.id}` }, h(`i.swatch.c${place % 8}`, { "aria-hidden": "true" }), name));
}

function figures(found) {
  const classifiers = [...new Set(found.flatMap((each) => each.classifiers))];
  const caption = "Accuracy side by side";
  const body = classifiers.flatMap((classifier) => {
    const all = found.map(({ score }) => score.filter((row) => row.classifier === classifier));
    const refinements = [...new Set(ordered(all.flat()).map((row) => row.refinement))];
    return [
      h("tr.group", {}, h("th", { scope: "rowgroup", colSpan: found.length + 1 }, classifierName(classifier))),
      ...refinements.map((refinement) => h(`tr${refinement === "vcr" ? ".own" : ""}`, {}, h("th", { scope: "row" }, refinementName(refinement)), ...all.map((rows) => cell(rows.find((row) => row.refinement === refinement))))),
    ];
  });
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h("table.table.scores", {}, h("caption.offscreen", {}, caption), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Features"), ...found.map(head))), h("tbody", {}, ...body)),
  );
  return h(
    "section.card.beside",
    { "aria-label": caption },
    h("h2", {}, caption),
    ...found.map((each) => h("div.ofrun", {}, h(`i.swatch.c${each.place % 8}`, { "aria-hidden": "true" }), stamp(each))),
    h("div.wide", {}, scroll, hint(scroll)),
    h("p.muted.fine", {}, "Beside an accuracy its 95 % interval, below it what it gains over the whole picture of the same classifier and run, paired: in points, with its interval."),
  );
}

function cell(row) {
  if (!row) return h("td.num.muted", {}, "–");
  const interval = between(row.low, row.high, (value) => rounded(100 * value));
  return h("td.num", {}, h("span.measure", {}, h("span", {}, h("b", {}, percent(row.accuracy)), interval ? h("small", {}, ` ${interval}`) : ""), known(row.difference) ? gain(row) : ""));
}

/** Classes that all of them have, those first whose accuracy after looking closer lies furthest apart. */
function classes(found) {
  const classifier = found[0].classifiers.find((name) => found.every((each) => each.classifiers.includes(name)));
  if (!classifier) return "";
  const maps = found.map((each) => new Map(each.class.filter((row) => row.classifier === classifier).map((row) => [row.class, row])));
  const rows = [...maps[0].keys()]
    .filter((name) => maps.every((map) => map.has(name)))
    .map((name) => ({ name, of: maps.map((map) => map.get(name)) }))
    .map((row) => ({ ...row, spread: Math.max(...row.of.map(({ after }) => after)) - Math.min(...row.of.map(({ after }) => after)) }))
    .sort((a, b) => b.spread - a.spread);
  if (!rows.length) return "";
  const columns = [
    { key: "class", title: "Class", value: (row) => row.name, cell: (row) => row.name },
    ...found.map(({ name, place }) => ({
      key: `run ${place}`,
      title: name,
      num: true,
      value: (row) => row.of[place].after,
      cell: (row) => h("span.measure", {}, percent(row.of[place].after), h("small", {}, `${points(row.of[place].after - row.of[place].before)} by looking closer`)),
    })),
    { key: "spread", title: "Apart, points", num: true, value: (row) => row.spread, cell: (row) => rounded(100 * row.spread) },
  ];
  const draw = (some) => table({ caption: "Classes furthest apart", columns, rows: some });
  const box = h("div", {}, draw(rows.slice(0, MOST)));
  const all = h("button.button", { type: "button", onclick: () => (box.replaceChildren(draw(rows)), all.remove()) }, `All ${rows.length} classes`);
  return h(
    "section.card.beside",
    { "aria-label": "Classes furthest apart" },
    h("h2", {}, "Classes furthest apart"),
    h("p.muted.fine", {}, `${classifierName(classifier)}, after looking closer.`),
    box,
    rows.length > MOST ? h("p.actions", {}, all) : "",
  );
}

customElements.define("v-fewshot-scores-beside", ScoresBeside);
