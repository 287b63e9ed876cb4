// The training table with its filters; the row that is open in it, and what is asked of it.

import { action, api, complain, h } from "./core.js";
import { search } from "./fields.js";
import { number } from "./format.js";
import { pager } from "./pager.js";
import { editor } from "./unlearning-editor.js";
import { help } from "./unlearning-keys.js";
import { NOTHING, REMOVED, known, taskMark } from "./unlearning-marks.js";
import { KINDS, OPEN, PAGE, isNarrowed, listParameters, writeState } from "./unlearning-state.js";
import { became, rowsTable } from "./unlearning-table.js";
import { Walk } from "./walk.js";

const AT_ONCE = 1000; // rows that one click marks at most

export class Desk {
  /** `table`: as REST lists it; `most`: of its columns with bars; `locked()` says why nothing can be marked, or "". */
  constructor({ table, most, state, marks, locked, signal }) {
    Object.assign(this, { table, most, state, marks, locked, signal });
    this.elsewhere = h("div"); // an open row that is not in the list
    this.listBox = h("div");
    this.pagers = h("div");
    this.filters = this.filterBar();
    this.node = h("div.rowsdesk", {}, this.filters.node, this.elsewhere, this.listBox, this.pagers);
    this.walk = new Walk({
      state,
      signal,
      name: "row",
      size: PAGE,
      one: "row",
      idOf: (row) => row.row_id,
      write: writeState,
      ask: (either) => this.ask(listParameters(state), either),
      find: (id) => this.find(id),
      ondraw: (page) => this.draw(page),
      onshow: (...row) => this.open(...row),
    });
  }

  ask(asked, signal = this.signal) {
    return api(`runs/${this.table.id}/instructions?${asked}`, { signal });
  }

  async find(id) {
    return (await this.ask(new URLSearchParams({ filter: `row_id:eq:${id}`, limit: 1 }))).rows[0];
  }

  filterBar() {
    const words = search("Search rows", "Search prompts and answers  ( / )", (q) => this.set({ q }));
    const chips = Object.entries(this.table.kinds).filter(([kind]) => kind).map(([kind, count]) => [
      kind,
      h(
        "button.chip",
        { type: "button", onclick: () => this.set({ kind: this.state.kind === kind ? "" : kind }) },
        `${KINDS[kind] ?? kind} ${number(count)}`,
      ),
    ]);
    const all = h("button.button", { type: "button", onclick: action(() => this.markAll(() => REMOVED)) });
    const mend = h("button.button", { type: "button", onclick: action(() => this.markAll(known)) }, "Mend these as the data says is right");
    const clear = h("button.button.quiet", { type: "button", onclick: () => this.set({ ...OPEN }) }, "Clear filters");
    const show = () => {
      const { rows, total } = this.walk.page;
      words.show(this.state.q);
      for (const [kind, node] of chips) node.setAttribute("aria-pressed", String(this.state.kind === kind));
      clear.hidden = !isNarrowed(this.state);
      all.hidden = clear.hidden || Boolean(this.locked()) || total === 0 || total > AT_ONCE;
      all.textContent = total === 1 ? "Remove this one" : `Remove these ${number(total)}`;
      mend.hidden = all.hidden || !rows.some(known);
    };
    const node = h("div.toolbar", { role: "search" }, words.input, ...chips.map(([, each]) => each), mend, all, clear);
    return { node, show };
  }

  /** Narrow or order the list. */
  set(change) {
    Object.assign(this.state, change, { page: 1 });
    writeState(this.state);
    this.walk.load("listed").catch(complain);
  }

  /** Mark every row that the filters leave, by what `markOf(row)` gives; null leaves a row as it is. */
  async markAll(markOf) {
    const { rows } = await this.ask(listParameters(this.state, 0, AT_ONCE));
    await this.marks.many(rows.map((row) => [row.row_id, markOf(row)]).filter(([, mark]) => mark));
  }

  draw(page) {
    this.filters.show();
    this.elsewhere.replaceChildren();
    if (!page.rows.length) {
      const clear = h("button.button", { type: "button", onclick: () => this.set({ ...OPEN }) }, "Clear filters");
      this.listBox.replaceChildren(h("div.empty", {}, h("strong", {}, "No row matches"), isNarrowed(this.state) ? clear : ""));
      this.pagers.replaceChildren();
      return;
    }
    const list = rowsTable({
      page,
      state: this.state,
      most: this.most,
      markOf: (row) => this.marks.of(row),
      locked: Boolean(this.locked()),
      onopen: (index) => this.walk.showRow(index).catch(complain),
      onremove: (index) => this.remove(page.rows[index].row_id),
      onsort: (sort, descending) => this.set({ sort, descending }),
    });
    this.listBox.replaceChildren(list);
    const { total } = page;
    this.pagers.replaceChildren(pager({ page: this.state.page, total, size: PAGE }, (to) => this.walk.turn(to)));
  }

  /** The lines anew, after what may be marked has changed. */
  async redraw() {
    this.draw(this.walk.page);
    if (this.state.row) await this.walk.show(this.state.row, false);
  }

  /** Open a row below its line, as the walk's `onshow` has it. */
  open(row, id, place, scroll) {
    this.row?.node.closest("tr.opened, .card")?.remove();
    this.elsewhere.replaceChildren();
    this.row = null;
    for (const line of this.listBox.querySelectorAll("tr[data-row]")) line.classList.toggle("chosen", line.dataset.row === id);
    if (!row) {
      if (id) this.elsewhere.replaceChildren(h("p.muted", {}, `This table has no row ${id}.`));
      return;
    }
    this.row = editor({ row, place, mark: this.marks.of(id), locked: this.locked(), act: this.acts() });
    const line = this.listBox.querySelector("tr.chosen");
    if (line) line.after(h("tr.opened", {}, h("td", { colSpan: line.children.length }, this.row.node)));
    else this.elsewhere.replaceChildren(h("div.card", {}, this.row.node));
    if (scroll) this.bring(line ?? this.elsewhere);
  }

  /** The open row comes into view, its line above it. */
  bring(line) {
    const [top, bottom] = [line.getBoundingClientRect().top, this.row.node.getBoundingClientRect().bottom];
    if (top < 0 || bottom > innerHeight) line.scrollIntoView({ block: top < 0 ? "start" : "center" });
  }

  show(id) {
    return this.walk.show(id);
  }

  remove(id) {
    if (this.locked()) return;
    this.marks.change(id, this.marks.of(id).remove ? NOTHING : REMOVED);
  }

  acts() {
    const step = (by) => () => this.walk.step(by).catch(complain);
    return {
      next: step(1),
      previous: step(-1),
      remove: () => this.row && this.remove(this.state.row),
      prompt: () => !this.locked() && this.row?.focus("prompt"),
      answer: () => !this.locked() && this.row?.focus("answer"),
      save: (change) => this.marks.change(this.state.row, change),
      undo: () => {
        const id = this.locked() ? null : this.marks.undo();
        if (id && id !== this.state.row) this.show(id).catch(complain);
      },
      help,
    };
  }

  /** Draw a mark wherever it is shown. */
  marked(id, now) {
    if (id === this.state.row) this.row?.showMark(now);
    const find = (name) => this.listBox.querySelector(`[data-${name}="${id}"]`);
    find("mark")?.replaceChildren(taskMark(now));
    find("remove")?.setAttribute("aria-pressed", String(now.remove));
    const row = this.walk.page.rows.find((each) => each.row_id === id);
    for (const name of row ? ["prompt", "answer"] : []) find(name)?.replaceChildren(...became(row, name, now));
  }
}
