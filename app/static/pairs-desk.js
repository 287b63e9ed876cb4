// The list of pairs, the one of them that is shown, and what is decided of it.

import { api, h, toast } from "./core.js";
import { number } from "./format.js";
import { pairCard } from "./pairs-card.js";
import { goesOn } from "./pairs-decision.js";
import { keysHelp } from "./pairs-keys.js";
import { list, pager, verdictMark } from "./pairs-list.js";
import { Reviews } from "./pairs-reviews.js";
import { OPEN, PAGE, filtered, listParameters, writeState } from "./pairs-state.js";

/** What went wrong while the page stays as it is. */
export function complain(error) {
  if (error.name === "AbortError") return;
  console.error(error);
  toast(error.message, "bad");
}

export class Desk {
  /** `state` is the page's own, changed in place; `set(change)` narrows or orders; `trainer`: a training run, or null. */
  constructor({ run, trainer, state, set, signal }) {
    Object.assign(this, { run, trainer, state, set, signal });
    this.view = null; // the overview, once it is drawn
    this.reviews = new Reviews((...change) => this.reviewed(...change));
    this.progress = h("p.muted.fine", { role: "status" });
    this.cardBox = h("div");
    this.listBox = h("div");
    this.pagers = h("div");
    this.page = { rows: [], total: 0 };
  }

  /**
   * The page of the list. `choose` says what is shown of it: its "first" or "last" row; if "listed", what is shown
   * already, should it be in the list; else the pair of the address, wherever it is.
   */
  async load(choose = null) {
    this.asking?.abort();
    this.asking = new AbortController();
    const either = AbortSignal.any([this.signal, this.asking.signal]);
    this.listBox.setAttribute("aria-busy", "true");
    const page = await api(`runs/${this.run.id}/pairs?${listParameters(this.state)}`, { signal: either });
    this.listBox.removeAttribute("aria-busy");
    this.page = page;
    this.reviews.learn(page.rows);
    this.count(page);
    this.drawList();
    const { rows } = page;
    if (choose === "first" || choose === "last") await this.showRow(choose === "first" ? 0 : rows.length - 1);
    else if (this.state.pair && (choose !== "listed" || this.index >= 0))
      await this.show(this.state.pair, false);
    else await this.showRow(0, false);
  }

  drawList() {
    const { state, page } = this;
    if (!page.rows.length) {
      this.listBox.replaceChildren(
        h(
          "div.empty",
          {},
          h("strong", {}, "No pair matches"),
          h("p", {}, "Take a filter away, or widen a range."),
          filtered(state)
            ? h("button.button", { type: "button", onclick: () => this.set({ ...OPEN }) }, "Clear filters")
            : "",
        ),
      );
      this.pagers.replaceChildren();
      return;
    }
    this.listBox.replaceChildren(
      list({
        page,
        state,
        run: this.run.id,
        training: state.training,
        reviewOf: (pair) => this.reviews.of(pair),
        onopen: (index) => this.showRow(index).catch(complain),
        onsort: (sort, descending) => this.set({ sort, descending }),
      }),
    );
    this.pagers.replaceChildren(pager({ page: state.page, total: page.total }, (to) => this.turn(to)));
  }

  turn(page, choose = "listed") {
    this.state.page = page;
    writeState(this.state);
    this.load(choose).catch(complain);
  }

  /** Which row of the list is shown; -1 where the pair is not in it. */
  get index() {
    const at = this.page.rows.findIndex((row) => row.pair_id === this.state.pair);
    return this.page.rows[this.at]?.pair_id === this.state.pair ? this.at : at;
  }

  async showRow(index, scroll = true) {
    this.at = index; // a pair that is twice in the set has one id
    const row = this.page.rows[index];
    if (row) await this.show(row.pair_id, scroll);
    else this.noCard();
  }

  noCard(...words) {
    this.card = null;
    this.cardBox.replaceChildren(...words);
  }

  async show(pairId, scroll = true) {
    this.state.pair = pairId;
    writeState(this.state);
    const { rows, total } = this.page;
    const at = this.index;
    const pair = rows[at] ?? (await this.fetch(pairId));
    if (this.state.pair !== pairId) return; // another one was chosen meanwhile
    if (!pair) {
      this.noCard(h("p.muted", {}, `This set has no pair ${pairId}.`));
      return;
    }
    const place =
      at < 0 ? "not in the list below" : `${number((this.state.page - 1) * PAGE + at + 1)} of ${number(total)} in the list`;
    const card = pairCard({
      pair,
      run: this.run.id,
      place,
      review: this.reviews.of(pairId),
      act: this.acts(),
    });
    this.card = card;
    this.cardBox.replaceChildren(card.node);
    for (const line of this.listBox.querySelectorAll("tr[data-pair]"))
      line.classList.toggle("chosen", line.dataset.pair === pairId);
    this.view?.mark(pairId);
    if (scroll) this.bring(card.node);
    if (!this.trainer) return;
    card.showTraining(null, this.trainer);
    const path = `runs/${this.run.id}/pairs/${pairId}/steps?training=${this.trainer.id}`;
    const steps = await api(path, { signal: this.signal }).catch((error) => {
      complain(error); // the pair itself can be looked at all the same
      return undefined;
    });
    card.showTraining(steps, this.trainer);
  }

  async fetch(pairId) {
    const asked = new URLSearchParams({
      filter: `pair_id:eq:${pairId}`,
      limit: 1,
      ...(this.trainer ? { training: this.trainer.id } : {}),
    });
    const { rows } = await api(`runs/${this.run.id}/pairs?${asked}`, { signal: this.signal });
    this.reviews.learn(rows);
    return rows[0];
  }

  /** The card comes into view where most of it is outside. */
  bring(node) {
    const { top } = node.getBoundingClientRect();
    if (top < 0 || top > innerHeight * 0.55) node.scrollIntoView({ block: "start" });
  }

  acts() {
    const decide = (verdict) => () => {
      const { pair } = this.state;
      if (!this.card) return;
      const again = this.reviews.of(pair).verdict === verdict;
      this.reviews.change(pair, { verdict: again ? null : verdict });
      if (!again && goesOn()) this.step(1).catch(complain);
    };
    const step = (by) => () => this.step(by).catch(complain);
    return {
      next: step(1),
      previous: step(-1),
      keep: decide("keep"),
      flip: decide("flip"),
      drop: decide("drop"),
      save: (change) => this.reviews.change(this.state.pair, change),
      tags: () => this.card?.focus("tags"),
      note: () => this.card?.focus("note"),
      undo: () => {
        const pair = this.reviews.undo();
        if (pair && pair !== this.state.pair) this.show(pair).catch(complain);
      },
      help: keysHelp,
    };
  }

  /** To the next or previous pair of the list, over the edge of its page too. */
  async step(by) {
    const to = this.index + by;
    const last = Math.ceil(this.page.total / PAGE);
    if (this.index < 0) await this.showRow(0);
    else if (this.page.rows[to]) await this.showRow(to);
    else if (by > 0 && this.state.page < last) this.turn(this.state.page + 1, "first");
    else if (by < 0 && this.state.page > 1) this.turn(this.state.page - 1, "last");
    else toast(by > 0 ? "That was the last pair of the list." : "This is the first pair of the list.");
  }

  /** Draw a review wherever it is shown. */
  reviewed(pairId, now, before) {
    if (pairId === this.state.pair) this.card?.showReview(now);
    for (const mark of this.listBox.querySelectorAll(`[data-review="${pairId}"]`))
      mark.replaceChildren(verdictMark(now));
    this.view?.review(pairId, now.verdict);
    this.decided += Number(Boolean(now.verdict)) - Number(Boolean(before.verdict));
    this.tell();
  }

  /** How far the reviewing is, of the whole set. */
  count(page) {
    this.decided = page.reviews.reviewed;
    this.pairs = page.reviews.pairs;
    this.tell();
  }

  tell() {
    this.progress.textContent = `${number(this.decided)} of ${number(this.pairs)} reviewed`;
  }
}
