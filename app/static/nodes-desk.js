// The table of nodes, the one of them that is shown, and what is decided of it.

import { api, complain, h, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { number } from "./format.js";
import { help } from "./nodes-keys.js";
import { NodePanel } from "./nodes-panel.js";
import { VERDICTS, goesOn } from "./nodes-reviews.js";
import { OPEN, PAGE, cut, listParameters, narrowed, writeState } from "./nodes-state.js";
import { legend, nodesTable } from "./nodes-table.js";
import { pager } from "./pager.js";
import { Reviews, verdictMark } from "./reviews.js";
import { Walk } from "./walk.js";

const AT_ONCE = 1000; // nodes that one decision may be about

export class Desk {
  /**
   * `facts`: as the table takes them; `state` is the page's own, changed in place; `set(change)` narrows or orders;
   * `onshow(row)` when another node is shown, `oncount(counts)` when decisions were counted anew.
   */
  constructor({ run, facts, state, set, signal, onshow, oncount }) {
    Object.assign(this, { run, facts, state, set, signal, onshow, oncount });
    this.reviews = new Reviews({
      kind: "node",
      idOf: (row) => row.node_id,
      onchange: (...change) => this.reviewed(...change),
    });
    this.counts = null;
    this.listBox = h("div");
    this.pagers = h("div");
    this.panel = new NodePanel({ run, act: this.acts(), onnode: (position) => this.show(position).catch(complain) });
    this.bar = h("div.nodebar", { hidden: true }); // leads to the node where it is below the table
    this.node = h(
      "div.nodesdesk",
      {},
      h("section.nodeslist", { "aria-label": "List", id: "nodes-table" }, this.listBox, this.pagers, facts.second.length ? legend(facts) : "", this.bar),
      this.panel.node,
    );
    this.walk = new Walk({
      state,
      signal,
      name: "node",
      size: PAGE,
      one: "node",
      idOf: (row) => String(row.position),
      write: writeState,
      ask: (either) => this.ask(either),
      find: (position) => this.fetch(position),
      ondraw: (page) => this.drawList(page),
      onshow: (...shown) => this.draw(...shown),
    });
  }

  async ask(signal) {
    this.listBox.setAttribute("aria-busy", "true");
    const page = await api(`runs/${this.run.id}/nodes?${listParameters(this.state)}`, { signal });
    this.listBox.removeAttribute("aria-busy");
    this.reviews.learnRows(page.rows);
    this.counts = page.counts;
    this.oncount(this.counts);
    return page;
  }

  async fetch(position) {
    if (!/^\d+$/.test(position)) return undefined;
    const asked = cut(this.state);
    asked.set("limit", 1);
    asked.set("filter", `position:eq:${position}`);
    const { rows } = await api(`runs/${this.run.id}/nodes?${asked}`, { signal: this.signal });
    this.reviews.learnRows(rows);
    return rows[0];
  }

  drawList(page) {
    if (!page.rows.length) {
      const clear = h("button.button", { type: "button", onclick: () => this.set({ ...OPEN }) }, "Clear filters");
      const words = h("p", {}, "Take a filter away.");
      this.listBox.replaceChildren(h("div.empty", {}, h("strong", {}, "No node matches"), ...(narrowed(this.state) ? [words, clear] : [])));
      this.pagers.replaceChildren();
      return;
    }
    this.listBox.replaceChildren(
      nodesTable({
        page,
        state: this.state,
        facts: this.facts,
        placeOf: (row) => this.placeOf(row),
        reviewOf: (row) => this.reviews.of(row.node_id),
        onopen: (index) => this.walk.showRow(index).catch(complain),
        onsort: (sort, descending) => this.set({ sort, descending }),
      }),
    );
    this.pagers.replaceChildren(pager({ page: this.state.page, total: page.total, size: PAGE }, (to) => this.walk.turn(to)));
  }

  /** Its rank under the weight that is set; null where a large graph does not tell it with the list. */
  placeOf(row) {
    return this.state.weight === null ? row.rank : row.place;
  }

  /** The same, asked for where it has to be counted. */
  async countedPlace(row) {
    const known = this.placeOf(row);
    if (known !== null) return known;
    const asked = cut(this.state);
    asked.set("limit", 1);
    asked.set("filter", `weighted:gt:${row.weighted}`);
    return (await api(`runs/${this.run.id}/nodes?${asked}`, { signal: this.signal })).total + 1;
  }

  /** The node that is shown, as the walk's `onshow` has it. */
  draw(row, position, place, scroll) {
    this.shown = row ?? null;
    for (const line of this.listBox.querySelectorAll("tr[data-node]")) {
      const chosen = line.dataset.node === position;
      line.classList.toggle("chosen", chosen);
      if (chosen) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
      if (chosen && scroll) line.scrollIntoView({ block: "nearest" });
    }
    this.onshow(this.shown);
    this.bar.hidden = !row;
    if (!row) {
      if (position) this.panel.none(`This run has no node ${position}.`);
      return;
    }
    this.panel.show(row, place, this.reviews.of(row.node_id), this.state);
    if (this.state.weight !== null) this.countedPlace(row).then((now) => this.panel.moved(row, now)).catch(complain);
    const down = () => this.panel.node.scrollIntoView();
    this.bar.replaceChildren(h("span", {}, h("b", {}, row.name), ` · rank ${number(row.rank)}`), h("button.button", { type: "button", onclick: down }, "See it ↓"));
  }

  load(choose) {
    return this.walk.load(choose);
  }

  show(position) {
    return this.walk.show(position);
  }

  /** To the next flagged node that nobody decided about, on its page of the table. */
  async unreviewed() {
    await this.reviews.sending; // what was just decided counts
    const asked = cut(this.state);
    if (this.state.node) asked.set("after", this.state.node);
    const { row } = await api(`runs/${this.run.id}/nodes/next?${asked}`, { signal: this.signal });
    if (!row) {
      toast("Every flagged node has a verdict. Raise the budget to go on.");
      return;
    }
    this.reviews.learnRows([row]);
    await this.show(String(row.position));
  }

  acts() {
    const step = (by) => () => this.walk.step(by).catch(complain);
    const decide = (verdict) => () => {
      if (!this.shown) return;
      const id = this.shown.node_id;
      const again = this.reviews.of(id).verdict === verdict;
      this.reviews.change(id, { verdict: again ? null : verdict });
      if (!again && goesOn()) this.unreviewed().catch(complain);
    };
    return {
      next: step(1),
      previous: step(-1),
      unreviewed: () => this.unreviewed().catch(complain),
      ...Object.fromEntries(Object.keys(VERDICTS).map((verdict) => [verdict, decide(verdict)])),
      save: (change) => this.shown && this.reviews.change(this.shown.node_id, change),
      note: () => this.shown && this.panel.decision.focus(),
      undo: () => this.reviews.undo(),
      help,
    };
  }

  /** One decision for every listed node that has none yet, after asking. */
  async decideAll(verdict) {
    const { rows, total } = await api(`runs/${this.run.id}/nodes?${listParameters(this.state, 0, AT_ONCE)}`, { signal: this.signal });
    this.reviews.learnRows(rows);
    const open = rows.filter((row) => !this.reviews.of(row.node_id).verdict);
    const { name } = VERDICTS[verdict];
    if (!open.length) {
      toast("Every listed node has a verdict already.");
      return;
    }
    const more = total > rows.length ? ` Only the first ${number(rows.length)} of the ${number(total)} listed are looked at.` : "";
    const kept = rows.length - open.length;
    const words = `${number(open.length)} ${open.length === 1 ? "node" : "nodes"} without a verdict: ${open.slice(0, 5).map((row) => row.name).join(", ")}${open.length > 5 ? ", …" : ""}.${kept ? ` ${number(kept)} that were decided stay as they are.` : ""}${more}`;
    if (!(await confirm(`${name} all listed?`, words, `${name} ${number(open.length)}`, "Leave them"))) return;
    await this.reviews.many(open.map((row) => row.node_id), { verdict });
    await this.load("listed"); // who filters by review sees what is left
  }

  /** Draw a decision wherever it is shown. */
  reviewed(id, now, before) {
    if (id === this.shown?.node_id) this.panel.showReview(now);
    for (const mark of this.listBox.querySelectorAll(`[data-review="${id}"]`)) mark.replaceChildren(verdictMark(now, VERDICTS));
    if (!this.counts || now.verdict === before.verdict) return;
    const flagged = [...this.walk.page.rows, this.shown].some((row) => row?.node_id === id && row.flagged);
    const was = { ...this.counts };
    if (before.verdict) was[before.verdict] -= 1;
    if (now.verdict) was[now.verdict] += 1;
    if (flagged) was.flagged_unreviewed += Number(Boolean(before.verdict)) - Number(Boolean(now.verdict));
    this.counts = was;
    this.oncount(was);
  }
}
