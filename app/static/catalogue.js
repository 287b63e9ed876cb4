// <v-catalogue>: the field of alignment: search, filters, a timeline, entries that link out or open their page here.
// Tab and filters live in the address.

import { Element, api, h, query, setQuery } from "./core.js";
import { SECTIONS, choose, counts, facetsOf, isChecked, months } from "./catalogue-filter.js";
import { card, taxonomy, timeline } from "./catalogue-parts.js";

const TAXONOMY = ["taxonomy", "Taxonomy and directions"];
const KEYS = ["q", "group", "kind", "annotation", "construction", "year", "month", "here", "checked", "sort"];

class Catalogue extends Element {
  async start(signal) {
    this.catalogue = await api("catalogue", { signal });
    this.tab = [...SECTIONS, TAXONOMY].map(([key]) => key).find((key) => key === query("tab")) ?? "algorithms";
    this.wanted = Object.fromEntries(KEYS.map((key) => [key, query(key)]));
    this.build();
    this.draw();
  }

  build() {
    const size = (key) => (this.catalogue[key] ? h("small", {}, ` ${this.catalogue[key].length}`) : "");
    this.tabs = [...SECTIONS, TAXONOMY].map(([key, title]) => {
      const tab = { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "catalogue-panel" };
      const acts = { onclick: () => this.go(key, this.common()), onkeydown: (event) => this.walk(event) };
      return h("button.tab", { ...tab, ...acts }, title, size(key));
    });
    this.search = h("input", {
      type: "search",
      value: this.wanted.q,
      placeholder: "Name, title, base model, venue …",
      "aria-label": "Search the catalogue",
      oninput: (event) => this.want({ q: event.target.value }),
    });
    this.facets = h("div.facets");
    this.tools = h("div.toolbar", {}, this.search, this.facets);
    this.found = h("p.muted", { role: "status" });
    this.line = h("div");
    this.entries = h("ul.entries");
    this.panel = h("div", { role: "tabpanel", id: "catalogue-panel" });
    this.replaceChildren(
      h("div.tabs", { role: "tablist", "aria-label": "Parts of the catalogue" }, ...this.tabs),
      this.panel,
    );
  }

  /** Arrows walk over the tabs. */
  walk(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = this.tabs[this.tabs.indexOf(event.currentTarget) + by];
    if (!by || !next) return;
    event.preventDefault();
    next.click();
    next.focus();
  }

  /** What is asked for of every part of the catalogue alike. */
  common() {
    const { q, year, here } = this.wanted;
    return { q, year, here };
  }

  go(tab, filters) {
    this.tab = tab;
    this.wanted = { sort: this.wanted.sort, checked: this.wanted.checked, ...filters };
    this.search.value = this.wanted.q ?? "";
    this.draw();
  }

  want(change) {
    this.wanted = { ...this.wanted, ...change };
    this.draw();
  }

  draw() {
    const wanted = Object.fromEntries(KEYS.map((key) => [key, this.wanted[key] ?? ""]));
    setQuery({ ...wanted, tab: this.tab === "algorithms" ? "" : this.tab });
    this.tabs.forEach((tab) => {
      const chosen = tab.id === `tab-${this.tab}`;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    });
    this.panel.setAttribute("aria-labelledby", `tab-${this.tab}`);
    if (this.tab === "taxonomy") {
      const count = (section, group) =>
        this.catalogue[section].filter((entry) => entry.groups.includes(group)).length;
      this.panel.replaceChildren(taxonomy(this.catalogue, count, (tab, filters) => this.go(tab, filters)));
      return;
    }
    if (!this.panel.contains(this.tools)) this.panel.replaceChildren(this.tools, this.line, this.found, this.entries);
    this.fill(this.catalogue[this.tab]);
  }

  fill(all) {
    const what = SECTIONS.find(([key]) => key === this.tab)[1].toLowerCase();
    const found = choose(all, this.tab, this.wanted);
    const marked = found.filter((entry) => !isChecked(entry)).length;
    const focus = this.contains(document.activeElement) ? handle(document.activeElement) : "";
    this.facets.replaceChildren(
      ...facetsOf(this.tab).map((facet) => this.select(all, facet)),
      this.sort(),
      this.check("here", "Works here"),
      this.check("checked", "Checked facts only"),
      this.clear(),
    );
    const bars = months(all, this.tab, this.wanted);
    this.line.replaceChildren(timeline(bars, what, this.wanted.month, (month) => this.want({ month })));
    this.found.textContent =
      `${found.length} of ${all.length} ${what}` + (marked ? `; ${marked} with unverified facts, marked as such` : "");
    this.entries.replaceChildren(
      ...(found.length
        ? found.map((entry) => card(entry, this.related(entry), this.catalogue.addresses))
        : [this.nothing(what)]),
    );
    const again = focus && [...this.querySelectorAll("[name], button.month")].find((node) => handle(node) === focus);
    if (again) again.focus({ preventScroll: true });
  }

  select(all, facet) {
    const options = counts(all, this.tab, this.wanted, facet);
    const now = this.wanted[facet.key];
    if (now && !options.some(([value]) => value === now)) options.push([now, 0]);
    return h(
      "label.field.inline",
      {},
      facet.title,
      h(
        "select",
        { name: facet.key, onchange: (event) => this.want({ [facet.key]: event.target.value }) },
        h("option", { value: "" }, "any"),
        ...options.map(([value, number]) => h("option", { value, selected: value === now }, `${value} (${number})`)),
      ),
    );
  }

  sort() {
    const orders = [["", "newest first"], ["name", "by name"]];
    return h(
      "label.field.inline",
      {},
      "Order",
      h(
        "select",
        { name: "sort", onchange: (event) => this.want({ sort: event.target.value }) },
        ...orders.map(([value, words]) => h("option", { value, selected: value === (this.wanted.sort ?? "") }, words)),
      ),
    );
  }

  check(key, words) {
    const onchange = (event) => this.want({ [key]: event.target.checked ? "1" : "" });
    const box = h("input", { type: "checkbox", name: key, checked: Boolean(this.wanted[key]), onchange });
    return h("label.check", {}, box, words);
  }

  clear() {
    const filtered = KEYS.some((key) => key !== "sort" && this.wanted[key]);
    const reset = () => this.go(this.tab, { checked: "" });
    return filtered ? h("button.button.quiet", { type: "button", name: "clear", onclick: reset }, "Clear filters") : "";
  }

  /** What else of the same publication the catalogue has. */
  related(entry) {
    if (!entry.arxiv) return [];
    return SECTIONS.filter(([key]) => key !== this.tab).flatMap(([key, title]) =>
      this.catalogue[key]
        .filter((other) => other.arxiv === entry.arxiv)
        .map((other) => [title.replace(/s$/, ""), other, () => this.go(key, { q: other.name })]),
    );
  }

  nothing(what) {
    const advice = h("p", {}, "Take a filter away, or search for something else.");
    return h("li.empty", {}, h("strong", {}, `No ${what} match`), advice);
  }
}

/** By what a control is found again when it was made anew. */
const handle = (node) => node.getAttribute("name") || node.title;

customElements.define("v-catalogue", Catalogue);
