// <v-afr-beside runs="a,b">: several regularisations beside each other, the first is what the others are compared with: AFR's
// accuracy paired by episode where they were measured on the same ones, and the novel classes for which they took others.

import { BASE, Element, api, every, h } from "./core.js";
import { known, percent, points, readAfr, runAddress, sided, underSetting } from "./afr-data.js";
import { runTitle, setting } from "./format.js";
import { table } from "./table.js";

const Z95 = 1.959964; // of a normal distribution
const EPISODES = "episodes.csv";

class AfrBeside extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = (this.getAttribute("runs") ?? "").split(",").filter(Boolean);
    const read = await Promise.all(ids.map((id) => readAfr(id, signal)));
    const found = read.filter((afr) => afr.arms?.length);
    if (found.length < 2) {
      this.replaceChildren();
      return;
    }
    const asked = new URLSearchParams(found.map(({ run }) => ["run", run.id]));
    const [{ differing }, ...columns] = await Promise.all([api(`compare?${asked}`, { signal }), ...found.map((afr) => episodesOf(afr, signal))]);
    const runs = found.map((afr, place) => ({ ...afr, place, name: runTitle(afr.run), episodes: columns[place], ...arms(afr) }));
    const settings = this.closest("v-compare") ? [] : differing; // a comparison has them above
    this.replaceChildren(...[figures(runs, settings), related(runs)].filter(Boolean));
  }
}

function arms({ arms: rows }) {
  return Object.fromEntries(["base", "afr", "afr_random"].map((name) => [name, rows.find((row) => row.arm === name) ?? {}]));
}

/** AFR's accuracy on each episode; null where the run kept none. */
async function episodesOf({ run }, signal) {
  const files = await every(`runs/${run.id}/artefacts`, { signal });
  const file = files.find((item) => item.name === EPISODES);
  if (!file) return null;
  const text = await fetch(BASE + file.url.slice(1), { signal }).then((answer) => answer.text());
  return column(text, "afr");
}

/** Numbers of a column of CSV; the columns of accuracies stand last, so that quoted commas before them do no harm. */
export function column(text, name) {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const names = head.split(",");
  const fromEnd = names.length - names.indexOf(name);
  return lines.map((line) => Number(line.split(",").at(-fromEnd)));
}

/** Mean of second − first over episodes with its 95 % interval. */
export function paired(first, second) {
  const gaps = second.map((value, place) => value - first[place]);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const spread = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (gaps.length - 1));
  const half = (Z95 * spread) / Math.sqrt(gaps.length);
  return { mean, low: mean - half, high: mean + half };
}

function same(first, other) {
  return first.setup.drawn && first.setup.drawn === other.setup.drawn && first.episodes?.length === other.episodes?.length;
}

function figures(runs, differing) {
  const [first] = runs;
  const interval = (value, low, high, write) => h("span.measure", {}, write(value), known(low) ? h("small", {}, `${write(low)} to ${write(high)}`) : "");
  const against = (run) => {
    if (run === first) return "the measure";
    if (!same(first, run)) return h("small.muted", {}, "other episodes");
    const { mean, low, high } = paired(first.episodes, run.episodes);
    const side = sided(low, high);
    const tone = { better: ".good", worse: ".bad" }[side] ?? "";
    return h("span.measure", {}, h(`span${tone}`, {}, `${points(mean)} ${side}`), h("small", {}, `${points(low)} to ${points(high)}`));
  };
  const change = (key, title, hint) => ({
    key,
    title,
    hint,
    num: true,
    value: (run) => run[key].difference,
    cell: (run) => interval(run[key].difference, run[key].difference_low, run[key].difference_high, points),
  });
  const columns = [
    { key: "run", title: "Run", value: (run) => run.name, cell: (run) => h("span.runname", {}, h("a", { href: runAddress(run.run.id) }, run.name), run === first ? h("small.tag", {}, "the measure") : "") },
    { key: "against", title: "AFR against the first", hint: `AFR of each run against AFR of ${first.name}, paired by episode`, num: true, sort: false, cell: against },
    { key: "base", title: "Alone", hint: "Accuracy of the classifier alone", num: true, value: (run) => run.base.accuracy, cell: (run) => interval(run.base.accuracy, run.base.low, run.base.high, percent) },
    { key: "accuracy", title: "AFR", num: true, value: (run) => run.afr.accuracy, cell: (run) => interval(run.afr.accuracy, run.afr.low, run.afr.high, percent) },
    change("afr", "AFR against alone", "Paired by episode"),
    change("afr_random", "Random base classes against alone", "The control: the same without knowing what is related"),
    ...differing.map((item) => ({ key: `setting ${item.name}`, title: item.title, wide: item.name === "vetoes", value: (run) => item.values[run.place], cell: (run) => h("div.afrvalue", {}, setting(item.values[run.place])) })),
  ];
  const settings = new Set(runs.map(underSetting));
  return h(
    "section.card",
    { "aria-label": "Regularisations side by side" },
    h("h2", {}, "Side by side"),
    h("p.muted.fine", {}, "Differences in percentage points with 95 % intervals, paired by episode; where an interval holds zero it may be chance. Between runs only those of the same features and episodes are compared."),
    table({ caption: "Regularisations side by side", columns, rows: runs }),
    ...[...settings].map((text) => h("p.muted.fine.afrsetting", {}, settings.size > 1 ? `${runs.filter((run) => underSetting(run) === text).map((run) => run.name).join(", ")}: ${text}` : text)),
  );
}

/** Novel classes for which the runs mixed in others. */
function related(runs) {
  const used = runs.map(({ related: rows }) => new Map(rows.map((row) => [row.class, row.related.filter((base) => !base.vetoed).map((base) => base.name)])));
  const shared = [...used[0].keys()].filter((name) => used.every((map) => map.has(name)));
  const rows = shared.map((name) => ({ name, taken: used.map((map) => map.get(name)) })).filter(({ taken }) => taken.some((names) => names.join("\n") !== taken[0].join("\n")));
  if (!rows.length) return "";
  const marked = (names, first) => h("span", {}, ...names.flatMap((name, place) => [place ? ", " : "", first.includes(name) ? name : h("strong", {}, name)]));
  const columns = [
    { key: "class", title: "Novel class", value: (row) => row.name, cell: (row) => row.name },
    ...runs.map(({ name, place }) => ({ key: `run ${place}`, title: name, wide: true, sort: false, cell: (row) => marked(row.taken[place], row.taken[0]) })),
  ];
  return h("section.card", { "aria-label": "Where they took others" }, h("h2", {}, `Where they took others (${rows.length} of ${shared.length} classes)`), h("p.muted.fine", {}, "The base classes that each mixed in, the most similar first; bold is what the first run did not take."), table({ caption: "Where they took others", columns, rows }));
}

customElements.define("v-afr-beside", AfrBeside);
