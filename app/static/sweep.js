// <v-sweep>: the sweep named in the address, filling while its runs end; without a name, the sweeps there are.

import { BASE, Element, action, api, h, poll, query, toast } from "./core.js";
import { ask, confirm } from "./dialog.js";
import { ago, setting, title, widgets } from "./format.js";
import { cards } from "./pager.js";
import { shareDialog } from "./share-dialog.js";
import { chart } from "./sweep-chart.js";
import { cellTable, failures, findings, leftOut, metricsOf, progress, sortOf, state } from "./sweep-parts.js";

const CHARTS = ["relative_l2", "speedup", "chair_i", "recall"];

const MOST_COMPARED = 64;

class Sweep extends Element {
  heading = "Sweep";

  async start(signal) {
    const id = query("id");
    if (!id) {
      await this.library(signal);
      return;
    }
    this.print = this.charts = this.shown = null;
    this.more = false;
    this.methods = await api("methods", { signal });
    await poll(() => this.tick(id, signal), {
      every: 1500,
      signal,
      onaway: (away) => this.lost && (this.lost.hidden = !away),
    });
  }

  async tick(id, signal) {
    const began = performance.now();
    const sweep = await api(`sweeps/${id}`, { signal });
    if (!this.shown) this.build(sweep);
    this.show(sweep);
    const percent = Math.round(100 * sweep.fraction);
    const name = sweep.title || "Sweep";
    document.title = sweep.finished ? `✓ ${name} · Vitrine` : `${percent} % · ${name} · Vitrine`;
    if (sweep.finished && this.wasBusy) toast("The sweep has ended.");
    this.wasBusy = !sweep.finished;
    // Large sweeps take longer to tell: at most a tenth of the time goes into asking. A run may be run again later.
    return sweep.finished ? 10_000 : Math.max(1500, 9 * (performance.now() - began));
  }

  build(sweep) {
    const method = this.methods.find((each) => each.name === sweep.method);
    this.fields = method?.schema.properties ?? {};
    this.methodTitle = method?.title ?? sweep.method;
    this.head = h("header.pagehead");
    this.lost = h("p.away", { hidden: true, role: "status" }, "Reconnecting to the studio …");
    this.now = h("section", { "aria-label": "Progress" });
    this.said = h("div", { role: "status" });
    this.plots = h("section.card", { hidden: true, "aria-label": "Charts" }, h("div.columns"));
    this.box = h("div");
    this.failed = h("div");
    const rest = h(
      "label.check",
      {},
      h("input", {
        type: "checkbox",
        onchange: (event) => ((this.more = event.target.checked), this.fill(this.shown)),
      }),
      "All metrics",
    );
    this.picked = new Set();
    this.compare = h("a.button", { hidden: true });
    this.table = h(
      "section.card",
      { "aria-label": "Cells" },
      h("div.row", {}, h("h2", {}, "Cells: mean over seeds ± half of the 95 % interval"), rest, this.compare),
      this.box,
    );
    this.replaceChildren(
      this.head,
      this.lost,
      this.now,
      this.failed,
      this.said,
      this.plots,
      this.table,
      leftOut(sweep.left_out, combinations(sweep)),
      this.settings(sweep),
    );
  }

  show(sweep) {
    this.now.replaceChildren(progress(sweep));
    const print = JSON.stringify([sweep.title, sweep.cells, sweep.finished]);
    if (print === this.print) return;
    this.print = print;
    this.shown = sweep; // the same cells as in the charts, whose points are told apart by them
    this.head.replaceChildren(...this.headings(sweep));
    this.failed.replaceChildren(failures(sweep));
    this.said.replaceChildren(findings(sweep));
    this.draw(sweep);
    this.fill(sweep);
  }

  headings(sweep) {
    const refresh = () => this.tick(sweep.id, this.stop.signal);
    const cancel = action(async () => {
      await api(`sweeps/${sweep.id}/cancel`, { method: "POST" });
      toast("Cancelled; runs that are going end at their next step.");
      await refresh();
    });
    const remove = action(async () => {
      const text = `Its ${sweep.runs} runs, their curves and images will be gone; pinned runs stay. This cannot be undone.`;
      if (!(await confirm("Delete this sweep?", text, "Delete"))) return;
      await api(`sweeps/${sweep.id}`, { method: "DELETE" });
      location.href = `${BASE}sweep`;
    });
    const rename = action(async () => {
      const text = await ask("Rename", "Title", sweep.title);
      if (text === null) return;
      await api(`sweeps/${sweep.id}`, { method: "PATCH", body: { title: text } });
      await refresh();
    });
    const edit = { type: "button", "data-needs": "editor", "aria-label": "Rename", title: "Rename", onclick: rename };
    return [
      h(
        "div",
        {},
        h("p.crumb", {}, h("a", { href: `${BASE}sweep` }, "Sweeps"), ` / ${sweep.id}`),
        h("h1", { id: "content", tabIndex: -1 }, sweep.title || "Sweep"),
        h("button.button.quiet", edit, "✎"),
      ),
      h(
        "p.muted",
        {},
        state(sweep),
        ` ${this.methodTitle} · ${sweep.cells.length} cells · `,
        sweep.seeds.length === 1 ? `seed ${sweep.seeds[0]}` : `${sweep.seeds.length} seeds`,
        " · ",
        ago(sweep.created_at),
      ),
      h(
        "div.actions",
        {},
        h("a.button", { href: `${BASE}runs?sweep=${sweep.id}` }, "Its runs"),
        h("button.button.primary", { type: "button", "data-needs": "editor", onclick: action(() => shareDialog("sweep", sweep.id)) }, "Share"),
        sweep.finished
          ? h("button.button.danger", { type: "button", onclick: remove }, "Delete")
          : h("button.button.danger", { type: "button", onclick: cancel }, "Cancel all"),
      ),
    ];
  }

  draw(sweep) {
    const { all, shown } = metricsOf(sweep);
    this.plots.hidden = !all.length;
    if (!all.length) return;
    const wanted = CHARTS.filter((name) => all.includes(name));
    if (!this.charts) {
      const axisTitle = (name) => this.fields[name]?.title ?? title(name);
      const names = wanted.length ? wanted : shown.slice(0, 2);
      this.charts = names.map((name) => chart(name, axisTitle, (cell) => this.choose(cell)));
      this.plots.firstChild.replaceChildren(...this.charts.map((each) => each.node));
      this.plots.append(h("p.muted.fine", {}, "Bars are 95 % intervals over seeds. A point leads to its runs."));
    }
    for (const each of this.charts) each.update(sweep.cells);
  }

  /** A point was clicked: its run, or where there are several its row, which has a link for each. */
  choose(cell) {
    if (cell.runs.length === 1) {
      location.href = `${BASE}run?id=${cell.runs[0].id}`;
      return;
    }
    const line = this.box.querySelector(`tr[data-cell="${this.shown.cells.indexOf(cell)}"]`);
    this.box.querySelector("tr.chosen")?.classList.remove("chosen");
    line.classList.add("chosen");
    line.scrollIntoView({ block: "center", behavior: "smooth" });
    line.querySelector(".seeds a").focus({ preventScroll: true });
  }

  fill(sweep) {
    const { all, shown } = metricsOf(sweep);
    const names = this.more ? [...shown, ...all.filter((name) => !shown.includes(name))] : shown;
    const before = this.box.firstChild && sortOf(this.box);
    const sort = before && this.keys[before.at] ? { sort: this.keys[before.at], descending: before.descending } : {};
    this.keys = ["cell", ...names, "n", "runs", "pick"];
    const active = this.box.contains(document.activeElement) ? document.activeElement : null;
    const focus = active?.getAttribute("href");
    const head = [...this.box.querySelectorAll("button.sort")].indexOf(active);
    const left = this.box.querySelector(".scroll")?.scrollLeft ?? 0;
    this.box.replaceChildren(cellTable(sweep, names, sort, this.picked, () => this.offer()));
    this.offer();
    this.box.querySelector(".scroll").scrollLeft = left;
    if (focus) this.box.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
    else if (head >= 0) this.box.querySelectorAll("button.sort")[head].focus({ preventScroll: true });
  }

  /** The link to the chosen cells side by side, all seeds of each. */
  offer() {
    const runs = this.shown.cells.filter((cell) => this.picked.has(cell.title)).flatMap((cell) => cell.runs.map((run) => run.id));
    this.compare.hidden = runs.length < 2 || runs.length > MOST_COMPARED;
    this.compare.textContent = `Compare ${runs.length} runs`;
    this.compare.href = `${BASE}compare?${new URLSearchParams(runs.map((id) => ["run", id]))}`;
  }

  settings(sweep) {
    const of = widgets(this.methods.filter((each) => each.name === sweep.method));
    const rows = [
      ...Object.entries(sweep.axes).map(([name, values]) => [name, values.map((v) => setting(v)).join(", ")]),
      ...Object.entries(sweep.config)
        .filter(([name]) => !(name in sweep.axes))
        .map(([name, value]) => [name, setting(value, of[name])]),
    ];
    const pairs = rows.flatMap(([name, text]) => [
      h("dt", {}, this.fields[name]?.title ?? title(name)),
      h("dd", {}, text),
    ]);
    return h(
      "section.card",
      {},
      h("h2", {}, "What was combined, and what all runs share"),
      h("dl.pairs", {}, ...pairs, h("dt", {}, "Seeds"), h("dd", {}, sweep.seeds.join(", "))),
    );
  }

  async library(signal) {
    const heading = h(
      "header.pagehead",
      {},
      h("h1", { id: "content", tabIndex: -1 }, "Sweeps"),
      h("p.muted", {}, "Every combination of some settings over several seeds, launched as one."),
    );
    const card = (item) =>
      h(
        "li.card",
        {},
        h("a", { href: `${BASE}sweep?id=${item.id}` }, h("strong", {}, item.title || `Sweep ${item.id}`)),
        h("p.muted", {}, state(item), ` · ${item.runs} runs · `, ago(item.created_at)),
      );
    const all = await cards("sweeps", card, signal);
    const empty = h(
      "div.empty",
      {},
      h("strong", {}, "No sweep yet"),
      h("p", {}, "Open “Sweep” on the caching page, which finds the correction strength that suits your model, or “Several seeds” on the alignment page."),
      h("a.button.primary", { href: `${BASE}caching` }, "Go to caching"),
    );
    this.replaceChildren(heading, all ?? empty);
  }
}

const combinations = (sweep) => Object.values(sweep.axes).reduce((product, values) => product * values.length, 1);

customElements.define("v-sweep", Sweep);
