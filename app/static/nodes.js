// <v-nodes run>: the nodes of a graph as a detector ranked them; how many to look at, what counts, why each is there, and what a person
// decides of it.

import { BASE, Element, action, api, complain, h, poll, query, toast } from "./core.js";
import { select } from "./fields.js";
import { number, runTitle } from "./format.js";
import { listenKeys } from "./keys.js";
import { budget } from "./nodes-budget.js";
import { Desk } from "./nodes-desk.js";
import { exportMenu } from "./nodes-exports.js";
import { filters } from "./nodes-filters.js";
import { judgement } from "./nodes-judgement.js";
import { KEYS } from "./nodes-keys.js";
import { banners, overview } from "./nodes-overview.js";
import { VERDICTS } from "./nodes-reviews.js";
import { beginning } from "./nodes-start.js";
import { OPEN, ORDER, cut, readState, writeState } from "./nodes-state.js";
import { weighing } from "./nodes-weight.js";
import { SECOND } from "./nodes-words.js";
import "./live.js";

const WAIT = 140; // ms after a slider's last move
const MOST_BESIDE = 8; // runs of one graph on a comparison
const PLAIN = { plain_percentile: "autoencoder", degree_percentile: "degree", norm_percentile: "feature_norm", forest_percentile: "forest" };

function named(run) {
  const graph = run.graph.split("/").at(-1);
  return [run.id, [run.title || run.detector || run.id, graph, `${number(run.nodes)} nodes`].filter(Boolean).join(" · ")];
}

class Nodes extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    this.replaceChildren(h("p.muted", {}, "Loading …"));
    this.state = readState();
    const { items: runs } = await api("anomaly/runs", { signal });
    this.state.run = this.getAttribute("run") || this.state.run || runs[0]?.id;
    if (!this.state.run) return beginning(this, signal);
    this.run = await api(`runs/${this.state.run}`, { signal });
    if (!this.run.finished) return this.wait(signal);
    await this.open(runs, signal);
    return undefined;
  }

  async wait(signal) {
    const back = h("button.button.quiet", { type: "button", onclick: () => this.goTo("") }, "Other runs");
    this.replaceChildren(h("v-live", { run: this.run.id, compact: true }), h("p.actions", {}, back));
    await poll(async () => !(await api(`runs/${this.run.id}`, { signal })).finished, { every: 1500, signal });
    await this.start(signal);
  }

  async open(runs, signal) {
    const { run } = this;
    const known = runs.find((each) => each.id === run.id);
    if (!known) {
      this.replaceChildren(this.toolbar(runs, null), this.nothing());
      return;
    }
    const view = await api(`runs/${run.id}/nodes/overview?${cut(this.state)}`, { signal });
    this.facts = await this.factsOf(known, view, signal);
    const { facts, state } = this;
    const set = (change) => this.set(change);
    this.desk = new Desk({
      run,
      facts,
      state,
      set,
      signal,
      onshow: (row) => this.budget.mark(row),
      oncount: (counts) => this.budget.count(counts),
    });
    this.budget = budget({ view, own: facts.top, onset: (top) => this.recut({ top: top === facts.top ? null : top }), onown: () => this.recut({ top: null }) });
    this.weighing = facts.hasParts ? weighing({ weight: state.weight, own: facts.own, measure: facts.measure, onset: (weight) => this.recut({ weight }) }) : null;
    this.overview = overview(view, set);
    this.filters = filters({ state, facts, set, bulk: this.bulk() });
    this.judgement = judgement({ run, hasLabels: view.has_labels, state, signal, onlabels: (shown) => this.showLabels(shown) });
    this.build(runs, known, view);
    const acts = this.desk.acts();
    listenKeys(KEYS, acts, signal);
    document.addEventListener("progress", (event) => event.detail.finished && this.offer().catch(complain), { signal });
    await this.desk.load();
    document.title = `Anomalies: ${runTitle(run)} · Vitrine`;
    if (query("from")) document.getElementById("launch-anomaly")?.scrollIntoView(); // the panel that the address fills
  }

  /** What the table has to know of the run, whatever is filtered. */
  async factsOf(known, view, signal) {
    const { rows } = await api(`runs/${this.run.id}/nodes?limit=1`, { signal });
    const has = (key) => rows.length > 0 && rows[0][key] !== null && rows[0][key] !== undefined;
    return {
      nodes: view.nodes,
      top: known.top,
      own: view.alpha,
      weight: view.weight,
      moved: this.state.weight !== null,
      hasParts: view.has_parts,
      measure: view.measure,
      hasViews: has("stability"),
      second: SECOND.filter(([key]) => has(key) && PLAIN[key] !== known.detector),
    };
  }

  build(runs, known, view) {
    this.noteBox = h("div.nodebanners", {}, ...banners(view.notes));
    const failed =
      this.run.status === "succeeded"
        ? ""
        : h("div.notice.bad", {}, h("strong", {}, `The scoring ${this.run.status}`), h("p", {}, this.run.error || "The nodes that it had recorded are below."));
    this.replaceChildren(
      this.toolbar(runs, known),
      failed,
      this.run.summary ? h("p.nodesummary", {}, this.run.summary) : "",
      this.noteBox,
      h("div.nodecontrols", {}, this.budget.node, h("div.nodeside", {}, this.weighing?.node ?? "", this.judgement.node)),
      this.judgement.result,
      this.filters.node,
      this.desk.node,
      this.overview.node,
    );
  }

  toolbar(runs, known) {
    const all = known || !this.run ? runs : [{ ...this.run, detector: this.run.method, graph: "no nodes", nodes: 0 }, ...runs];
    this.choice = select("Scores of", all.map(named), (run) => this.goTo(run));
    this.choice.input.value = this.run.id;
    const others = known ? runs.filter((each) => each.graph === known.graph && each.id !== known.id && each.status === "succeeded") : [];
    const beside = async () => {
      const ids = [known, ...others].slice(0, MOST_BESIDE).map(({ id }) => id);
      const made = await api("comparisons", { method: "POST", body: { run_ids: ids } });
      location.href = BASE + made.url.replace(/^\//, "");
    };
    return h(
      "div.toolbar.choose",
      {},
      this.choice.node,
      h("a.button.quiet", { href: `${BASE}run?id=${this.run.id}` }, "Its run"),
      others.length ? h("button.button", { type: "button", title: "This run and the others on the same graph, side by side: where they disagree", onclick: action(beside) }, "Beside other detectors") : "",
      known ? exportMenu(this.run, this.state) : "",
    );
  }

  nothing() {
    const failed = this.run.status !== "succeeded";
    return h(
      `div.notice${failed ? ".bad" : ""}`,
      {},
      h("strong", {}, failed ? `The scoring ${this.run.status}` : "This run recorded no nodes"),
      h("p", {}, this.run.error || "Choose another run above, or score a graph below."),
      h("a.button", { href: `${BASE}anomaly?from=${this.run.id}` }, "Change its settings"),
    );
  }

  /** One verdict for all that is listed. */
  bulk() {
    const choice = h(
      "select",
      { "aria-label": "Decide for all listed", onchange: () => this.decideAll(choice).catch(complain) },
      h("option", { value: "" }, "All listed …"),
      ...Object.entries(VERDICTS).map(([value, { name }]) => h("option", { value }, `${name} all listed`)),
    );
    return h("label.field.inline.bulk", {}, choice);
  }

  async decideAll(choice) {
    const verdict = choice.value;
    choice.value = "";
    if (verdict) await this.desk.decideAll(verdict);
  }

  /** Another budget or weight: the order anew, once the slider rests. */
  recut(change) {
    Object.assign(this.state, change, { page: 1 });
    Object.assign(this.facts, { weight: this.state.weight ?? this.facts.own, moved: this.state.weight !== null });
    writeState(this.state);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.recutNow().catch(complain), WAIT);
  }

  async recutNow() {
    this.asking?.abort();
    this.asking = new AbortController();
    const signal = AbortSignal.any([this.stop.signal, this.asking.signal]);
    const asked = cut(this.state);
    await this.desk.load("listed");
    const view = await api(`runs/${this.run.id}/nodes/overview?${asked}`, { signal });
    this.budget.show(view);
    this.budget.mark(this.desk.shown);
    this.overview.show(view);
    this.noteBox.replaceChildren(...banners(view.notes));
    await this.judgement.recut();
  }

  showLabels(shown) {
    this.state.labels = this.facts.labels = shown;
    this.desk.load("listed").catch(complain);
  }

  /** Narrow or order the list. */
  set(change) {
    Object.assign(this.state, change, { page: 1 });
    writeState(this.state);
    this.filters.show(this.state);
    this.desk.load("listed").catch(complain);
    if ("only" in change && change.only) this.desk.node.scrollIntoView({ block: "start" });
  }

  /** Runs that ended on this page meanwhile can be chosen. */
  async offer() {
    const { items: runs } = await api("anomaly/runs", { signal: this.stop.signal });
    const { input } = this.choice;
    const had = [...input.options].map((option) => option.value);
    const fresh = runs.filter((run) => !had.includes(run.id)).map(named);
    input.prepend(...fresh.map(([value, words]) => h("option", { value }, words)));
    if (fresh.length) toast(`Scored, and can be chosen above: ${fresh[0][1]}`);
  }

  /** Another run: everything anew. */
  goTo(run) {
    Object.assign(this.state, { run, node: "", top: null, weight: null, page: 1, ...OPEN, ...ORDER });
    writeState(this.state);
    this.connectedCallback();
  }
}

customElements.define("v-nodes", Nodes);
