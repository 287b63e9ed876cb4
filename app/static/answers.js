// <v-answers run="...">: what a model said of each image, before and after side by side, with what it made up marked.

import { BASE, Element, api, h, query, setQuery } from "./core.js";
import { answered, become, isQuestion } from "./answer-card.js";

const ITEMS = 6; // on a page
const FILTERS = {
  "": "All",
  fixed: "Fixed",
  broken: "Broken",
  still: "Still hallucinating",
  hallucinates: "Hallucinating",
  clean: "Clean",
};
const OF_QUESTIONS = { ...FILTERS, still: "Still wrong", hallucinates: "Wrong", clean: "Right" };

class Answers extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    this.run = this.getAttribute("run");
    const [first, ...counted] = await Promise.all(
      Object.keys(FILTERS).map((change) => this.page(change, 0, 1, signal)),
    );
    if (!first.total) {
      this.replaceChildren();
      return;
    }
    this.variants = first.rows[0].variant === "answers" ? 1 : 2;
    const names = Object.keys(FILTERS).filter(Boolean);
    this.counts = { "": first.total / this.variants };
    names.forEach((name, place) => (this.counts[name] = counted[place].total / this.variants));
    this.build(isQuestion(first.rows[0]), signal);
    const asked = query("answers");
    await this.go(this.counts[asked] ? asked : "", Number.parseInt(query("at"), 10) - 1 || 0, signal);
  }

  page(change, offset, limit, signal) {
    const filter = change ? `&filter=change:eq:${change}` : "";
    return api(`runs/${this.run}/records/answer?offset=${offset}&limit=${limit}${filter}`, { signal });
  }

  build(questions, signal) {
    const chips = Object.entries(questions ? OF_QUESTIONS : FILTERS)
      .filter(([name]) => !name || this.counts[name])
      .map(([name, said]) =>
        h(
          "button.chip",
          { type: "button", "data-change": name, onclick: () => this.choose(name, 0, signal) },
          `${said} ${this.counts[name]}`,
        ),
      );
    this.chips = h("div.chips", { role: "group", "aria-label": "Which answers" }, ...chips);
    this.place = h("span.muted", { "aria-live": "polite" });
    this.before = h("button.button", { type: "button", onclick: () => this.turn(-1, signal) }, "← Previous");
    this.next = h("button.button", { type: "button", onclick: () => this.turn(1, signal) }, "Next →");
    this.list = h("div.answers", { tabIndex: 0, role: "region", "aria-label": "Answers" });
    this.list.addEventListener("keydown", (event) => this.press(event, signal));
    this.replaceChildren(
      h(
        "section.card",
        {},
        h("div.row", {}, h("h2", {}, "Answers"), this.chips),
        questions ? "" : legend(),
        this.list,
        h("div.row.turn", {}, this.before, this.place, this.next, keys()),
      ),
    );
  }

  choose(change, at, signal) {
    this.go(change, at, signal).catch((error) => this.fail(error));
  }

  turn(pages, signal) {
    const at = this.at + pages * ITEMS;
    if (at >= 0 && at < this.counts[this.change]) this.choose(this.change, at, signal);
  }

  async go(change, at, signal) {
    const total = this.counts[change];
    const start = Math.max(0, Math.min(at, total - 1));
    this.list.setAttribute("aria-busy", "true");
    const page = await this.page(change, start * this.variants, ITEMS * this.variants, signal);
    [this.change, this.at] = [change, start];
    const items = [];
    for (let index = 0; index < page.rows.length; index += this.variants)
      items.push(page.rows.slice(index, index + this.variants));
    this.list.replaceChildren(...items.map((rows) => card(this.run, rows)));
    this.list.removeAttribute("aria-busy");
    const last = start + items.length;
    this.place.textContent = items.length ? `${start + 1}–${last} of ${total}` : "None";
    this.before.disabled = start === 0;
    this.next.disabled = last >= total;
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.change === change));
    setQuery({ answers: change, at: start ? String(start + 1) : "" });
  }

  press(event, signal) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1 };
    const steps = { j: 1, k: -1 };
    if (event.key in moves) this.turn(moves[event.key], signal);
    else if (event.key in steps) this.step(steps[event.key]);
    else return;
    event.preventDefault();
  }

  /** Focus the next or the previous card. */
  step(by) {
    const cards = [...this.list.children];
    const now = cards.indexOf(document.activeElement?.closest(".answered"));
    const to = cards[Math.max(0, Math.min(cards.length - 1, now + by))];
    to?.focus();
  }
}

function card(run, rows) {
  const [first] = rows;
  return h(
    "article.answered",
    { tabIndex: -1, "aria-label": `Item ${first.item}` },
    first.image
      ? h("img", { src: `${BASE}api/v1/runs/${run}/pictures/${first.image}`, alt: `Picture of item ${first.item}`, loading: "lazy" })
      : h("p.noimage.muted", {}, "no picture was given"),
    h(
      "div.said",
      {},
      h(
        "header",
        {},
        h("span.question", {}, first.question),
        become(first),
        h("small.muted", {}, first.item.startsWith(`${first.type}/`) || !first.type ? first.item : `${first.item} · ${first.type}`),
      ),
      h("div.sides", {}, ...rows.map((row) => answered(row))),
      first.label && !isQuestion(first)
        ? h("details", {}, h("summary", {}, first.rating === undefined ? "What is there" : "The right answer"), h("p", {}, first.label))
        : "",
    ),
  );
}

function legend() {
  return h(
    "p.key.fine",
    {},
    h("span", {}, h("mark.madeup", {}, "not in the picture"), " "),
    h("span", {}, h("mark.there", {}, "there"), " "),
    h("span.missed", {}, "− there, but not named"),
  );
}

function keys() {
  return h("small.muted", {}, h("kbd", {}, "←"), " ", h("kbd", {}, "→"), " turn, ", h("kbd", {}, "j"), " ", h("kbd", {}, "k"), " go from answer to answer");
}

customElements.define("v-answers", Answers);
