// <v-answers-beside runs="a,b">: what several runs answered to the same images, side by side; first where they differ.

import { BASE, Element, api, h } from "./core.js";
import { answered, isQuestion } from "./answer-card.js";
import { runTitle } from "./format.js";

const MOST = 1000; // answers of a run that are set beside the others'
const ITEMS = 6; // on a page

class AnswersBeside extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = this.getAttribute("runs").split(",").filter(Boolean);
    const parts = await Promise.all(ids.map((id) => answersOf(id, signal)));
    this.parts = parts.filter(({ rows }) => rows.size);
    const [first, ...others] = this.parts;
    this.items = first ? [...first.rows.keys()].filter((item) => others.every(({ rows }) => rows.has(item))) : [];
    if (!others.length || !this.items.length) {
      this.replaceChildren();
      return;
    }
    this.different = this.items.filter((item) => new Set(this.of(item).map(outcome)).size > 1);
    this.build();
    this.choose(this.different.length ? this.different : this.items);
  }

  /** The answers to an item, one a run. */
  of(item) {
    return this.parts.map(({ rows }) => rows.get(item));
  }

  build() {
    const chip = (said, items) =>
      h(
        "button.chip",
        { type: "button", disabled: !items.length, onclick: () => this.choose(items) },
        `${said} ${items.length}`,
      );
    this.chips = [
      { items: this.different, node: chip("Where they differ", this.different) },
      { items: this.items, node: chip("All", this.items) },
    ];
    this.list = h("div.answers", { role: "region", "aria-label": "Answers side by side" });
    this.before = h("button.button", { type: "button", onclick: () => this.go(this.at - ITEMS) }, "← Previous");
    this.next = h("button.button", { type: "button", onclick: () => this.go(this.at + ITEMS) }, "Next →");
    this.place = h("span.muted", { "aria-live": "polite" });
    const said = h("div.chips", { role: "group", "aria-label": "Which items" }, ...this.chips.map(({ node }) => node));
    this.replaceChildren(
      h(
        "section.card",
        {},
        h("div.row", {}, h("h2", {}, "Answers side by side"), said),
        h("p.muted.fine", {}, "They differ where one names more that is not there, leaves out more, or is right and another wrong."),
        this.list,
        h("div.row.turn", {}, this.before, this.place, this.next),
      ),
    );
  }

  choose(items) {
    this.chosen = items;
    for (const chip of this.chips) chip.node.setAttribute("aria-pressed", String(chip.items === items));
    this.go(0);
  }

  go(at) {
    this.at = at;
    const some = this.chosen.slice(at, at + ITEMS);
    this.list.replaceChildren(...some.map((item) => this.card(item)));
    this.place.textContent = `${at + 1}–${at + some.length} of ${this.chosen.length}`;
    this.before.disabled = at === 0;
    this.next.disabled = at + ITEMS >= this.chosen.length;
  }

  card(item) {
    const rows = this.of(item);
    const { run } = this.parts[0];
    const { image, question } = rows[0];
    return h(
      "article.answered",
      { "aria-label": `Item ${item}` },
      image
        ? h("img", { src: `${BASE}api/v1/runs/${run.id}/pictures/${image}`, alt: `Picture of item ${item}`, loading: "lazy" })
        : h("p.noimage.muted", {}, "no picture was given"),
      h(
        "div.said",
        {},
        h("header", {}, h("span.question", {}, question), h("small.muted", {}, item)),
        h("div.sides", {}, ...rows.map((row, place) => answered(row, runTitle(this.parts[place].run)))),
      ),
    );
  }
}

/** A run and its closing answers by item. */
async function answersOf(id, signal) {
  const asked = `runs/${id}/records/answer?limit=${MOST}&filter=variant:in:after,answers`;
  const [run, page] = await Promise.all([api(`runs/${id}`, { signal }), api(asked, { signal })]);
  return { run, rows: new Map(page.rows.map((row) => [row.item, row])) };
}

/** What counts of an answer, for telling whether two differ. */
function outcome(row) {
  return isQuestion(row) ? row.correct : JSON.stringify([row.hallucinated, row.missed.length, row.rating]);
}

customElements.define("v-answers-beside", AnswersBeside);
