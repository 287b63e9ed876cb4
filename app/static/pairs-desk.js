// The list of pairs, the one of them that is shown, and what is decided of it.

import { api, complain, h } from "./core.js";
import { number } from "./format.js";
import { pager } from "./pager.js";
import { pairCard } from "./pairs-card.js";
import { goesOn } from "./pairs-decision.js";
import { help } from "./pairs-keys.js";
import { list } from "./pairs-list.js";
import { VERDICTS } from "./pairs-reviews.js";
import { OPEN, PAGE, filtered, listParameters, writeState } from "./pairs-state.js";
import { Reviews, verdictMark } from "./reviews.js";
import { Walk } from "./walk.js";

export class Desk {
  /** `state` is the page's own, changed in place; `set(change)` narrows or orders; `trainer`: a training run, or null. */
  constructor({ run, trainer, state, set, signal }) {
    Object.assign(this, { run, trainer, state, set, signal });
    this.view = null; // the overview, once it is drawn
    this.reviews = new Reviews({
      kind: "pair",
      idOf: (row) => row.pair_id,
      onchange: (...change) => this.reviewed(...change),
    });
    this.progress = h("p.muted.fine", { role: "status" });
    this.cardBox = h("div");
    this.listBox = h("div");
    this.pagers = h("div");
    this.walk = new Walk({
      state,
      signal,
      name: "pair",
      size: PAGE,
      one: "pair",
      idOf: (row) => row.pair_id,
      write: writeState,
      ask: (either) => this.ask(either),
      find: (pairId) => this.fetch(pairId),
      ondraw: (page) => this.drawList(page),
      onshow: (...row) => this.draw(...row),
    });
  }

  /** As the walk's `load` has it. */
  load(choose) {
    return this.walk.load(choose);
  }

  async ask(signal) {
    this.listBox.setAttribute("aria-busy", "true");
    const page = await api(`runs/${this.run.id}/pairs?${listParameters(this.state)}`, { signal });
    this.listBox.removeAttribute("aria-busy");
    this.reviews.learnRows(page.rows);
    this.count(page);
    return page;
  }

  drawList(page) {
    const { state } = this;
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
        onopen: (index) => this.walk.showRow(index).catch(complain),
        onsort: (sort, descending) => this.set({ sort, descending }),
      }),
    );
    this.pagers.replaceChildren(pager({ page: state.page, total: page.total, size: PAGE }, (to) => this.walk.turn(to)));
  }

  noCard(...words) {
    this.card = null;
    this.cardBox.replaceChildren(...words);
  }

  show(pairId) {
    return this.walk.show(pairId);
  }

  /** The card of a pair, as the walk's `onshow` has it. */
  async draw(pair, pairId, place, scroll) {
    if (!pair) {
      this.noCard(...(pairId ? [h("p.muted", {}, `This set has no pair ${pairId}.`)] : []));
      return;
    }
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
    this.reviews.learnRows(rows);
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
      if (!again && goesOn()) this.walk.step(1).catch(complain);
    };
    const step = (by) => () => this.walk.step(by).catch(complain);
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
      help,
    };
  }

  /** Draw a review wherever it is shown. */
  reviewed(pairId, now, before) {
    if (pairId === this.state.pair) this.card?.showReview(now);
    for (const mark of this.listBox.querySelectorAll(`[data-review="${pairId}"]`))
      mark.replaceChildren(verdictMark(now, VERDICTS));
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
