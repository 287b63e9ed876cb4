// <v-compare c="id">: runs side by side: settings, metrics, images, curves and what their family shows; or all comparisons.

import { BASE, Element, api, every, h, poll, query } from "./core.js";
import { cacheMaps } from "./cache-map.js";
import { isChanged, ordered, readDraft, writeDraft } from "./compare-draft.js";
import { head } from "./compare-head.js";
import { library } from "./compare-list.js";
import { rowsCard } from "./compare-rows.js";
import { runsCard } from "./compare-runs.js";
import { seedsCard } from "./compare-seeds.js";
import { settingsCard } from "./compare-settings.js";
import { curveBoard } from "./curve-board.js";
import { runTitle, widgets } from "./format.js";
import { frontier } from "./frontier.js";
import { grid } from "./grid.js";
import { metricTable } from "./metrics.js";
import { reported } from "./reported.js";
import { imagesOf } from "./run-parts.js";
import { drawsCurves, views } from "./views.js";

const LOOKED_AT = 8; // runs whose images, curves and rows are laid side by side; of more, the tables

class Compare extends Element {
  heading = "Comparison";
  static observedAttributes = ["version"];

  async start(signal) {
    const id = this.getAttribute("c") ?? query("c");
    this.embedded = this.hasAttribute("embedded");
    if (!id && !query("run")) {
      await library(this, signal);
      return;
    }
    this.saved = id ? await api(`comparisons/${id}`, { signal }) : null;
    this.draft = this.embedded ? { id, runs: this.saved.run_ids, ...this.saved } : readDraft(this.saved);
    this.lost = this.saved?.statuses.deleted ?? 0;
    [this.studio, this.methods] = await Promise.all([api("studio", { signal }), api("methods", { signal })]);
    await this.leaveOutDeleted(signal);
    if (!this.draft.runs.length) {
      this.replaceChildren(gone());
      return;
    }
    await this.load(signal);
    await poll(() => this.follow(signal), { every: 2000, signal });
  }

  /** An address may name runs that were deleted since; those kept of a comparison are left out by REST. */
  async leaveOutDeleted(signal) {
    const unknown = this.draft.runs.filter((run) => !this.saved?.run_ids.includes(run));
    const found = await Promise.all(unknown.map((run) => api(`runs/${run}`, { signal }).then(() => "", (error) => (error.status === 404 ? run : Promise.reject(error)))));
    const missing = found.filter(Boolean);
    this.lost += missing.length;
    this.draft.runs = this.draft.runs.filter((run) => !missing.includes(run));
    if (missing.includes(this.draft.baseline)) this.draft.baseline = "";
  }

  /** The tables at once; differences, images, curves and rows as they come. */
  async load(signal) {
    const asked = new URLSearchParams(ordered(this.draft).map((run) => ["run", run]));
    this.asked = asked.toString();
    const view = await api(`compare?${asked}`, { signal });
    if (this.asked !== asked.toString()) return; // chosen anew meanwhile
    this.show(view);
    await Promise.all([view.runs.length > 1 ? this.tell(view, asked, signal) : null, this.look(view, asked, signal)]);
  }

  async tell(view, asked, signal) {
    const told = await api(`compare/differences?${asked}`, { signal });
    if (this.asked !== asked.toString()) return;
    this.metrics.replaceChildren(metricTable(view, told, this.choose));
    this.seeds.replaceChildren(seedsCard(told));
  }

  async look(view, asked, signal) {
    if (view.runs.length > LOOKED_AT) return;
    const parts = await partsOf(view.runs, signal);
    if (this.asked !== asked.toString()) return;
    this.parts = parts;
    this.board = curveBoard(parts.filter((part) => !drawsCurves([part.run])), parts);
    this.beside.replaceChildren(...this.looks(view.runs));
  }

  /** While runs go on: how far they are, and their curves as they grow; all anew once one has ended. */
  async follow(signal) {
    if (!this.view || this.view.runs.every((run) => run.finished)) return 5000;
    const going = this.view.runs.filter((run) => !run.finished);
    const now = await Promise.all(going.map((run) => api(`runs/${run.id}`, { signal })));
    if (now.some((run, at) => run.status !== going[at].status)) {
      await this.load(signal);
      return 2000;
    }
    this.waiting.replaceChildren(...progress(now, this.view.runs.length));
    const growing = this.parts.filter(({ run }) => now.some(({ id, status }) => id === run.id && status === "running"));
    await Promise.all(growing.map(async (part) => (part.series = await api(`runs/${part.run.id}/series`, { signal }))));
    if (growing.length) this.board?.update(this.parts.filter((part) => !drawsCurves([part.run])));
    return 2000;
  }

  /** Another control, order, title or note: into the address, and shown. */
  change = async (change) => {
    const runs = this.draft.runs.join() + this.draft.baseline;
    Object.assign(this.draft, change);
    if (!this.draft.runs.includes(this.draft.baseline) || this.draft.baseline === this.draft.runs[0]) this.draft.baseline = "";
    writeDraft(this.draft, this.embedded ? null : this.saved);
    if (runs === this.draft.runs.join() + this.draft.baseline) this.heads();
    else await this.load(this.stop.signal);
  };

  choose = (run) => (this.embedded ? this.turn(run) : this.change({ baseline: run.id })).catch((error) => this.fail(error));

  /** On the page of a family the address is that page's own. */
  async turn(run) {
    this.draft.baseline = run.id;
    await this.load(this.stop.signal);
  }

  heads() {
    const changed = !this.embedded && isChanged(this.draft, this.saved);
    this.top.replaceChildren(head(this, changed));
    if (!this.embedded) document.title = `${this.draft.title || "Comparison"} · Vitrine`;
  }

  show(view) {
    this.view = view;
    const { runs } = view;
    const named = widgets(this.methods.filter((method) => runs.some((run) => run.method === method.name)));
    this.top = h("div");
    this.waiting = h("div.notice", { role: "status", hidden: runs.every((run) => run.finished) }, ...progress(runs.filter((run) => !run.finished), runs.length));
    this.metrics = h("div", {}, metricTable(view, null, this.choose));
    this.seeds = h("div.slot");
    this.heads();
    this.beside = h("div.slot", {}, runs.length > LOOKED_AT ? tooMany(this.draft) : h("p.muted", { role: "status" }, "Loading images, curves and rows …"));
    this.parts = [];
    this.board = null;
    this.replaceChildren(
      this.top,
      this.embedded ? "" : runsCard(this),
      ...this.notices(runs),
      settingsCard(view, named),
      h("section.card", { "aria-label": "Metrics" }, h("h2", {}, "Metrics"), view.remark ? h("p.remark", {}, view.remark) : "", this.metrics),
      this.seeds,
      this.beside,
    );
  }

  /** What can be laid side by side of up to eight runs. */
  looks(runs) {
    return [
      grid(this.parts, runs[0]),
      cacheMaps(this.parts),
      this.frontier(runs),
      ...views(runs).filter((node) => !(this.embedded && around(node))),
      rowsCard(runs, this.stop.signal),
      this.board.node,
      ...(this.embedded ? [] : this.papers(runs)), // the page around has them
    ];
  }

  notices(runs) {
    const lost = this.lost ? h("div.notice", { role: "note" }, `${this.lost === 1 ? "A run" : `${this.lost} runs`} of this comparison ${this.lost === 1 ? "was" : "were"} deleted and ${this.lost === 1 ? "is" : "are"} left out.`) : "";
    const ended = runs
      .filter((run) => run.status === "failed" || run.status === "cancelled")
      .map((run) =>
        h(
          `div.notice${run.status === "failed" ? ".bad" : ""}`,
          {},
          h("strong", {}, `${runTitle(run)} ${run.status === "failed" ? "failed" : "was cancelled"}`),
          h("p", {}, run.status === "failed" ? run.error : "What it had reported until then is shown; it has no metrics."),
          h("a", { href: `${BASE}run?id=${run.id}` }, run.status === "failed" ? "See why" : "Its page"),
        ),
      );
    return [lost, this.waiting, ...ended];
  }

  frontier(runs) {
    const done = runs.filter((run) => run.status === "succeeded" && this.methodOf(run)?.tradeoff);
    return done.length ? frontier(done.map((run) => run.id), this.stop.signal) : "";
  }

  /** What the papers of the methods at hand report. */
  papers(runs) {
    const names = [...new Set(runs.map((run) => run.method))];
    return names.map((name) => reported(this.methods.find((method) => method.name === name), runs.filter((run) => run.method === name)));
  }

  methodOf(run) {
    return this.methods.find((method) => method.name === run.method);
  }
}

function partsOf(runs, signal) {
  return Promise.all(
    runs.map(async (run) => {
      const [artefacts, series] = await Promise.all([every(`runs/${run.id}/artefacts`, { signal }), api(`runs/${run.id}/series`, { signal })]);
      const pictured = artefacts.some(({ role, mime }) => role === "sample" && mime.startsWith("image/"));
      if (pictured) return { run, artefacts, series, images: await imagesOf(run, signal) };
      const sheets = artefacts.map((item) => (item.role === "grid" ? { ...item, role: "sheet" } : item)); // all that it has to look at
      return { run, artefacts: sheets, series, images: [] };
    }),
  );
}

function progress(going, all) {
  const far = going.map((run) => `${runTitle(run)} ${run.status === "running" ? `${Math.floor(100 * run.fraction)} %` : run.status}`);
  return [h("strong", {}, `${all - going.length} of ${all} runs have ended`), h("p", {}, `${far.join(" · ")}. What is here so far is shown, and this page goes on with them.`)];
}

function tooMany(draft) {
  const first = new URLSearchParams(ordered(draft).slice(0, LOOKED_AT).map((run) => ["run", run]));
  return h(
    "div.notice",
    { role: "note" },
    h("strong", {}, `${draft.runs.length} runs: tables only`),
    h("p", {}, `Images, curves and rows are laid side by side for up to ${LOOKED_AT} runs; take some out above to see them.`),
    h("a.button", { href: `${BASE}compare?${first}` }, `Look at the first ${LOOKED_AT}`),
  );
}

function gone() {
  return h("div.empty", {}, h("strong", {}, "Its runs are gone"), h("p", {}, "Every run of this comparison was deleted."), h("a.button", { href: `${BASE}compare` }, "Other comparisons"));
}

/** Whether the page around a comparison has what `node` would show: the board the curves, one page all evaluations. */
function around(node) {
  return node.tagName === "V-TRAINING" || document.querySelector(`${node.tagName}:not([runs])`);
}

customElements.define("v-compare", Compare);
