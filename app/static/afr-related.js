// The base classes that each novel class is related to, with bars and ticks: who strikes one out runs again with the next in line.

import { action, h, toast } from "./core.js";
import { settingNote } from "./afr-data.js";
import { mixing } from "./afr-mixing.js";
import { Vetoes, runAgain } from "./afr-vetoes.js";
import { pager } from "./pager.js";

const PAGE = 12;
const NAMED = 8; // of the classes without a near base class
const MOST = 10; // related classes

export class Related {
  /** `launched(run)` is called with each run that is queued here. */
  constructor(afr, launched) {
    this.afr = afr;
    this.launched = launched;
    this.vetoes = new Vetoes(afr.related);
    this.warned = afr.related.filter((row) => row.warned);
    const { kappa, temperature } = afr.run.config;
    this.given = { kappa, temperature };
    this.next = { kappa, temperature };
    this.states = { used: kappa === 0 ? "related" : "mixed in", struck: "struck out", next: "next in line" };
    this.page = 1;
    this.sought = "";
    this.list = h("div.relatedlist", { role: "group", "aria-label": "Related base classes by novel class" });
    this.turn = h("div");
    this.bar = h("div.vetobar", { role: "status" });
    this.mixing = this.sliders();
    this.node = this.build();
    this.go(1);
    this.tell();
  }

  build() {
    const search = h("input", { type: "search", placeholder: "Find a class", "aria-label": "Find a class", oninput: ({ target }) => ((this.sought = target.value.trim().toLowerCase()), this.go(1)) });
    const { setup } = this.afr;
    return h(
      "section.card.afrrelated",
      { "aria-label": "Related classes" },
      h("div.row", {}, h("h2", {}, "Which base classes are related"), this.afr.related.length > PAGE ? h("div.toolbar", {}, search) : ""),
      h(
        "p.muted.fine",
        {},
        "Which base classes are mixed in does the work, and wrong ones do harm. Bars: cosine of the classes' semantic vectors",
        typeof setup.low === "number" ? `; the mark is at ${setup.low.toFixed(2)}, below which a class has no near one. ` : ". ",
        "Untick a class that does not belong: the next in line takes its place once you run again.",
      ),
      this.warning(),
      this.mixing.node,
      this.list,
      this.turn,
      this.bar,
      settingNote(this.afr),
    );
  }

  warning() {
    if (!this.warned.length) return "";
    const { run } = this.afr;
    const off = run.config.kappa === 0;
    const without = action(async () => this.queue({ kappa: 0 }, "AFR, mixing off"));
    return h(
      "div.notice.afrwarning",
      { role: "note" },
      h("strong", {}, `${this.warned.length} of ${this.afr.related.length} classes ${this.warned.length === 1 ? "has" : "have"} no near base class`),
      h("p", {}, this.warned.length === 1 ? `${this.warned[0].class}: ${this.warned[0].warned}` : `${some(this.warned.map((row) => row.class))}: mixing in what is not related may do harm.`),
      off
        ? h("p", {}, "Mixing was off in this run (kappa 0).")
        : h("button.button", { type: "button", onclick: without }, "Run again with mixing off"),
    );
  }

  /** The sliders; what they say is what the next run takes. */
  sliders() {
    const listed = Math.min(MOST, ...[...this.vetoes.lists.values()].map((list) => list.length));
    const limits = { most: Math.max(this.vetoes.given, listed), shots: this.afr.setup.shots };
    return mixing({ k: this.vetoes.given, ...this.given }, limits, ({ k, ...next }) => {
      this.vetoes.k = k;
      this.next = next;
      this.go(this.page);
      this.tell();
    });
  }

  go(page) {
    this.page = page;
    const order = [...this.warned, ...this.afr.related.filter((row) => !row.warned)];
    const found = order.filter((row) => !this.sought || [row.class, ...this.vetoes.lists.get(row.class).map((base) => base.name)].some((name) => name.toLowerCase().includes(this.sought)));
    const cards = found.slice((page - 1) * PAGE, page * PAGE).map((row) => this.card(row));
    this.list.replaceChildren(...(cards.length ? cards : [h("p.muted", {}, "No class has this in its name or among its related ones.")]));
    this.turn.replaceChildren(found.length > PAGE ? pager({ page, total: found.length, size: PAGE }, (to) => this.go(to)) : "");
  }

  card(row) {
    const body = h("div");
    const node = h("section.novel", { "aria-label": row.class }, h("h3", {}, row.class, row.warned ? h("span.tag.low", { title: row.warned }, "none near") : ""), body);
    const fill = () => {
      const all = this.vetoes.of(row.class);
      const open = body.querySelector("details")?.open ?? false;
      const last = all.findLastIndex(({ state }) => state === "used");
      const lines = (some) => h("ul.bases", {}, ...some.map((base) => this.base(row, base, fill)));
      const rest = all.slice(last + 1);
      body.replaceChildren(
        lines(all.slice(0, last + 1)),
        this.vetoes.short(row.class) ? h("p.muted.fine", {}, "Further ones step in that are not listed here.") : "",
        rest.length ? h("details", { open }, h("summary", {}, `Next in line (${rest.length})`), lines(rest)) : "",
      );
    };
    fill();
    return node;
  }

  base(row, { name, similarity, state, fresh }, fill) {
    const box = h("input", {
      type: "checkbox",
      checked: state !== "struck",
      "aria-label": `${name} for ${row.class}`,
      onchange: ({ target }) => {
        this.vetoes.set(row.class, name, target.checked);
        fill();
        this.tell();
        this.node.querySelector(`[aria-label="${CSS.escape(target.getAttribute("aria-label"))}"]`)?.focus();
      },
    });
    const bar = h("span.simbar", { "aria-hidden": "true" }, h("i"));
    bar.firstChild.style.width = `${100 * Math.max(0, Math.min(1, similarity))}%`;
    const { low } = this.afr.setup;
    if (typeof low === "number" && low >= 0 && low <= 1) bar.append(h("b", { title: `below ${low.toFixed(2)} nothing is near` }));
    if (bar.lastChild.tagName === "B") bar.lastChild.style.left = `${100 * low}%`;
    return h(
      `li.${state}`,
      {},
      h("label", {}, box, h("span.basename", {}, name)),
      bar,
      h("span.num", {}, similarity.toFixed(2)),
      h(`small${fresh ? ".fresh" : ""}`, {}, fresh && state === "used" ? "steps in" : this.states[state]),
    );
  }

  /** What would be run, in words. */
  changes() {
    const { k, given } = this.vetoes;
    const moved = Object.keys(this.given).filter((name) => this.next[name] !== this.given[name]);
    return [
      ...this.vetoes.changes.map(([novel, base, way]) => `${base} ${way === "out" ? "out of" : "back for"} ${novel}`),
      ...(k === given ? [] : [`k ${given} → ${k}`]),
      ...moved.map((name) => `${name} ${this.given[name]} → ${this.next[name]}`),
    ];
  }

  tell() {
    const words = this.changes();
    if (!words.length) {
      this.bar.replaceChildren();
      return;
    }
    const title = `AFR, ${words.length === 1 ? words[0] : `${words.length} changes by hand`}`.slice(0, 200);
    const values = () => ({ vetoes: this.vetoes.text, related: this.vetoes.k, ...this.next });
    const again = action(() => this.queue(values(), title));
    const back = () => {
      this.vetoes.reset();
      this.next = { ...this.given };
      this.mixing.reset();
      this.go(this.page);
      this.tell();
    };
    this.bar.replaceChildren(
      h("p", {}, h("strong", {}, words.length === 1 ? "1 change, not run yet: " : `${words.length} changes, not run yet: `), words.join("; ")),
      h("div.actions", {}, h("button.button.primary", { type: "button", onclick: again }, "Run again with these"), h("button.button", { type: "button", onclick: back }, "Undo")),
    );
  }

  async queue(values, name) {
    const made = await runAgain(this.afr.run, values, name);
    toast("Queued: the same episodes, with your change.");
    this.launched(made);
  }
}

/** The first of many names. */
function some(names) {
  return names.length > NAMED + 1 ? `${names.slice(0, NAMED).join(", ")} and ${names.length - NAMED} more` : names.join(", ");
}
