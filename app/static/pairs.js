// <v-pairs>: a set of preference pairs, its hardness, what training makes of each, and what a person decides of them.

import { BASE, Element, action, api, complain, h, poll, query, toast } from "./core.js";
import { select } from "./fields.js";
import { number, runTitle } from "./format.js";
import { listenKeys } from "./keys.js";
import { Desk } from "./pairs-desk.js";
import { exportDialog } from "./pairs-export.js";
import { filters } from "./pairs-filters.js";
import { KEYS } from "./pairs-keys.js";
import { overview } from "./pairs-overview.js";
import { QUEUES } from "./pairs-queues.js";
import { beginning, setOf, trainLink } from "./pairs-start.js";
import { OPEN, readState, selectionOf, writeState } from "./pairs-state.js";
import { shareDialog } from "./share-dialog.js";
import "./live.js";

const MOST_POINTS = 5000;
const BINS = 40;
const OF_TRAINING = ["gap", "beta", "weight", "kept_share"];
const FIGURES = [
  {
    key: "delta",
    title: "Hardness δ",
    about: "CLIP's evidence for the chosen answer minus that for the rejected one; outlined below 0",
    split: true,
  },
  {
    key: "gap",
    title: "Reward gap",
    about: "how much more the model prefers the chosen answer than its reference does",
    split: true,
  },
  {
    key: "length_gap",
    title: "Length gap, words",
    about: "words of the chosen answer minus words of the rejected one",
    split: false,
  },
];

/** A run to choose: [id, words]; runs of a sweep differ by their seed only. */
function named(run) {
  return [
    run.id,
    `${runTitle(run)} · seed ${run.seed}${run.pairs === undefined ? "" : ` · ${number(run.pairs)} pairs`}`,
  ];
}

function levelsOf({ level }) {
  return [...new Set(level)].filter(Boolean).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** How many pairs each queue has. */
async function inQueues(run, signal) {
  const counted = Object.entries(QUEUES).map(async ([name, { filters: each }]) => {
    const asked = new URLSearchParams([...each.map((filter) => ["filter", filter]), ["limit", 1]]);
    return [name, (await api(`runs/${run}/pairs?${asked}`, { signal })).total];
  });
  return Object.fromEntries(await Promise.all(counted));
}

class Pairs extends Element {
  async start(signal) {
    this.replaceChildren(h("p.muted", {}, "Loading …"));
    this.state = readState();
    const { items: sets } = await api("pairs/sets", { signal });
    if (!this.state.run && !sets.length) return beginning(this, signal);
    if (!this.state.run) this.state.run = (await setOf(this.state.training, sets, signal)).id;
    this.run = await api(`runs/${this.state.run}`, { signal });
    if (!this.run.finished) return this.wait(signal);
    await this.open(sets, signal);
    return undefined;
  }

  async wait(signal) {
    this.replaceChildren(h("v-live", { run: this.run.id }));
    await poll(async () => !(await api(`runs/${this.run.id}`, { signal })).finished, { every: 1500, signal });
    await this.start(signal);
  }

  async open(sets, signal) {
    const run = this.run.id;
    const [{ items: trainings }, { tags }] = await Promise.all([
      api(`pairs/trainings?run=${encodeURIComponent(run)}`, { signal }),
      api("reviews/pair?limit=1", { signal }),
    ]);
    const { training } = this.state;
    this.trainer = training ? await api(`runs/${training}`, { signal }) : null;
    const asked = new URLSearchParams({ limit: MOST_POINTS, ...(training ? { training } : {}) });
    const [points, counts] = await Promise.all([
      api(`runs/${run}/pairs/points?${asked}`, { signal }),
      inQueues(run, signal),
    ]);
    this.points = points;
    this.facts = { counts, levels: levelsOf(points), tags: Object.keys(tags).sort() };
    const { run: measured, trainer, state } = this;
    this.desk = new Desk({ run: measured, trainer, state, set: (...change) => this.set(...change), signal });
    this.build(sets, trainings);
    listenKeys(KEYS, this.desk.acts(), signal);
    this.overviewBox.replaceChildren(...(await this.overview(signal)));
    await this.desk.load();
    if (query("pairs")) document.getElementById("measure")?.scrollIntoView(); // the panel that the address fills
    document.title = `Pairs: ${runTitle(this.run)} · Vitrine`;
  }

  build(sets, trainings) {
    const known = (runs, chosen) =>
      chosen && !runs.some((each) => each.id === chosen.id) ? [chosen, ...runs] : runs;
    const set = select("Pairs of", known(sets, this.run).map(named), (run) =>
      this.goTo({ run, training: "", pair: "", ...OPEN, page: 1 }),
    );
    document.addEventListener(
      "progress",
      (event) => event.detail.finished && this.offer(set.input).catch(complain),
      {
        signal: this.stop.signal,
      },
    );
    set.input.value = this.run.id;
    const gap = select(
      "Gap from",
      [["", "no training run"], ...known(trainings, this.trainer).map(named)],
      (training) =>
        this.goTo({
          training,
          gap: [null, null],
          quarter: "",
          page: 1,
          sort: OF_TRAINING.includes(this.state.sort) ? "position" : this.state.sort,
        }),
    );
    gap.input.value = this.state.training;
    this.overviewBox = h("div", {}, h("p.muted", {}, "Loading …"));
    this.filters = filters(this.state, this.facts, (...change) => this.set(...change));
    const focused = { run: set.input, training: gap.input }[this.chose];
    this.replaceChildren(
      h(
        "div.toolbar.choose",
        {},
        set.node,
        gap.node,
        h("a.button.quiet", { href: `${BASE}run?id=${this.run.id}` }, "Its run"),
        this.desk.progress,
        h("button.button", { type: "button", onclick: action(() => exportDialog(this.run)) }, "Export …"),
        h("button.button", { type: "button", "data-needs": "editor", title: "A read-only page of the pairs that are listed", onclick: action(() => shareDialog("pairs", this.run.id, selectionOf(this.state))) }, "Share …"),
      ),
      trainings.length || this.trainer
        ? ""
        : h(
            "p.muted.fine",
            {},
            "No training run shares these pairs yet; ",
            h("a", { href: trainLink(this.run.config, this.run) }, "train on them"),
            " to see the gap of each.",
          ),
      this.run.status === "succeeded"
        ? ""
        : h(
            "div.notice",
            {},
            h("strong", {}, `The measuring ${this.run.status}`),
            h("p", {}, this.run.error || "What it had measured is below."),
          ),
      this.overviewBox,
      this.filters.node,
      this.desk.cardBox,
      h("section", { "aria-label": "List" }, this.desk.listBox, this.desk.pagers),
    );
    focused?.focus({ preventScroll: true });
  }

  /** Sets that were measured on this page meanwhile can be chosen. */
  async offer(input) {
    const { items: sets } = await api("pairs/sets", { signal: this.stop.signal });
    const had = [...input.options].map((option) => option.value);
    const fresh = sets.filter((set) => !had.includes(set.id)).map(named);
    input.prepend(...fresh.map(([value, words]) => h("option", { value }, words)));
    if (fresh.length) toast(`Measured, and can be chosen above: ${fresh[0][1]}`);
  }

  async overview(signal) {
    if (!this.points.total) return [];
    const figures = await Promise.all(
      FIGURES.filter((figure) => figure.key !== "gap" || this.trainer).map(async (figure) => ({
        ...figure,
        spread: await api(`runs/${this.run.id}/pairs/histogram?${this.histogramOf(figure.key)}`, { signal }),
      })),
    );
    this.desk.view = overview({
      points: this.points,
      figures,
      state: this.state,
      trainer: this.trainer,
      set: (...change) => this.set(...change),
      onopen: (pair) => this.desk.show(pair).catch(complain),
    });
    return [this.desk.view.node];
  }

  histogramOf(field) {
    return new URLSearchParams({ field, bins: BINS, ...(this.trainer ? { training: this.trainer.id } : {}) });
  }

  /** Another set or training: everything anew; the focus stays on what was chosen. */
  goTo(change) {
    this.chose = "run" in change ? "run" : "training";
    Object.assign(this.state, change);
    writeState(this.state);
    this.connectedCallback();
  }

  /** Narrow or order the list; `choose` as the desk's `load` has it. */
  set(change, choose = "listed") {
    const narrows = !("colour" in change); // the list stays as it is where only colours change
    Object.assign(this.state, change, narrows ? { page: 1 } : {});
    writeState(this.state);
    this.desk.view?.show(this.state);
    this.filters.show(this.state);
    if (narrows) this.desk.load(choose).catch(complain);
  }
}

customElements.define("v-pairs", Pairs);
