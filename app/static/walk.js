// A list that is cut into pages and walked row by row, over the edges of its pages too; one row is shown, and is in the address.

import { complain, toast } from "./core.js";

export class Walk {
  /**
   * `state`: the page's own, changed in place: `page`, and in `state[name]` the id of the row that is shown.
   * `size`: rows a page; `idOf(row)`; `write(state)` puts it into the address; `one`: a noun, "pair".
   * `ask(signal)` gives the page {rows, total} that `state` asks for, `find(id)` a row that is not in it, or undefined.
   * `ondraw(page)` draws the list, `onshow(row, id, place, scroll)` the shown row: `place` are words where it stands;
   * without a row there is nothing to show, `id` says which was asked for, "" for none.
   */
  constructor({ state, name, size, one, signal, idOf, write, ask, find, ondraw, onshow }) {
    Object.assign(this, { state, name, size, one, signal, idOf, write, ask, find, ondraw, onshow });
    this.page = { rows: [], total: 0 };
  }

  /**
   * The page of the list. `choose` says what is shown of it: its "first" or "last" row; if "listed", what is shown
   * already, should it be in the list; else the row of the address, wherever it is.
   */
  async load(choose = null) {
    this.asking?.abort();
    this.asking = new AbortController();
    this.page = await this.ask(AbortSignal.any([this.signal, this.asking.signal]));
    this.ondraw(this.page);
    const { rows } = this.page;
    const shown = this.state[this.name];
    if (choose === "first" || choose === "last") await this.showRow(choose === "first" ? 0 : rows.length - 1);
    else if (shown && (choose !== "listed" || this.index >= 0)) await this.show(shown, false);
    else await this.showRow(0, false);
  }

  turn(page, choose = "listed") {
    this.state.page = page;
    this.write(this.state);
    this.load(choose).catch(complain);
  }

  /** Which row of the list is shown; -1 where it is not in it. */
  get index() {
    const isShown = (row) => row !== undefined && this.idOf(row) === this.state[this.name];
    return isShown(this.page.rows[this.at]) ? this.at : this.page.rows.findIndex(isShown);
  }

  async showRow(index, scroll = true) {
    this.at = index; // a row that is twice in the list has one id
    const row = this.page.rows[index];
    if (row) await this.show(this.idOf(row), scroll);
    else await this.onshow(undefined, "", "", false);
  }

  async show(id, scroll = true) {
    this.state[this.name] = id;
    this.write(this.state);
    const at = this.index;
    const row = this.page.rows[at] ?? (await this.find(id));
    if (this.state[this.name] !== id) return; // another one was chosen meanwhile
    await this.onshow(row, id, this.place(at), scroll);
  }

  place(at) {
    const [number, total] = [(this.state.page - 1) * this.size + at + 1, this.page.total];
    return at < 0
      ? "not in the list below"
      : `${number.toLocaleString("en")} of ${total.toLocaleString("en")} in the list`;
  }

  /** To the next or previous row of the list, over the edge of its page too. */
  async step(by) {
    const to = this.index + by;
    const last = Math.ceil(this.page.total / this.size);
    if (this.index < 0) await this.showRow(0);
    else if (this.page.rows[to]) await this.showRow(to);
    else if (by > 0 && this.state.page < last) this.turn(this.state.page + 1, "first");
    else if (by < 0 && this.state.page > 1) this.turn(this.state.page - 1, "last");
    else toast(by > 0 ? `That was the last ${this.one} of the list.` : `This is the first ${this.one} of the list.`);
  }
}
