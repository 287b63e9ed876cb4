// <v-looks-beside runs="a,b">: looks side by side: each picture with what every look answers, where they differ first.

import { BASE, Element, h } from "./core.js";
import { runTitle } from "./format.js";
import { AFTER, BEFORE, classifierName, first, percent, pictureName, readLook, refinementName } from "./look-data.js";
import { differing } from "./look-head.js";
import { pictureUrl } from "./look-picture.js";
import { hint } from "./table.js";

class LooksBeside extends Element {
  static observedAttributes = ["runs"];
  classifier = "";
  onlyDiffering = false;

  async start(signal) {
    const ids = (this.getAttribute("runs") ?? "").split(",").filter(Boolean);
    this.looks = await Promise.all(ids.map((id) => readLook(id, signal)));
    const known = this.looks.map(({ pictures }) => new Map(pictures.map(({ name, sha256 }) => [name, sha256])));
    this.shared = [...known[0].keys()].filter((name) => known.every((each) => each.get(name) === known[0].get(name)));
    this.classifiers = Object.keys(this.looks[0].pictures[0]?.answers ?? {}).filter((name) => this.looks.every(({ pictures }) => pictures.every(({ answers }) => answers[name])));
    if (!this.shared.length || !this.classifiers.length) {
      const words = this.shared.length ? "They share no classifier." : "No picture is in all of them.";
      this.replaceChildren(h("div.notice", { role: "note" }, h("strong", {}, "These looks do not compare"), h("p", {}, words)));
      return;
    }
    this.build();
  }

  build() {
    const classifier = this.classifiers.includes(this.classifier) ? this.classifier : this.classifiers[0];
    const rows = this.shared.map((name) => this.row(name, classifier)).sort((a, b) => b.differ - a.differ);
    const differ = rows.filter((row) => row.differ).length;
    const shown = this.onlyDiffering ? rows.filter((row) => row.differ) : rows;
    const choose = h("select", { onchange: (event) => this.set({ classifier: event.target.value }) }, ...this.classifiers.map((name) => h("option", { value: name, selected: name === classifier }, classifierName(name))));
    const only = h("input", { type: "checkbox", checked: this.onlyDiffering, onchange: (event) => this.set({ onlyDiffering: event.target.checked }) });
    const heads = this.looks.map(({ run }, place) => h("th", { scope: "col" }, h("a", { href: `${BASE}run?id=${run.id}` }, runTitle(run)), h("small.muted", {}, place ? differing(this.looks[0].run, run) : "compared with")));
    const scroll = h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": "Looks side by side" },
      h("table.table.looksbeside", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Picture"), ...heads)), h("tbody", {}, ...shown.map((row) => row.node))),
    );
    this.replaceChildren(
      h(
        "section.card",
        { "aria-label": "The same pictures" },
        h("div.row", {}, h("h2", {}, `The same ${this.shared.length} pictures`), h("label.check", {}, only, "only where they differ"), h("label.field.inline", {}, "Classifier", choose)),
        h("p.remark", {}, differ ? `The looks answer ${differ} of ${this.shared.length} pictures differently.` : `The looks give the same answer to all ${this.shared.length} pictures.`),
        scroll,
        hint(scroll),
      ),
    );
  }

  set(change) {
    Object.assign(this, change);
    this.build();
  }

  row(name, classifier) {
    const found = this.looks.map(({ pictures }) => pictures.find((picture) => picture.name === name));
    const answers = found.map((picture) => first(picture, classifier, AFTER) ?? first(picture, classifier, BEFORE));
    const differ = new Set(answers.map(([top]) => top)).size > 1;
    const cells = found.map((picture, place) => {
      const [top, probability] = answers[place];
      const before = first(picture, classifier, BEFORE);
      const href = `${BASE}fewshot?run=${this.looks[place].run.id}&picture=${encodeURIComponent(name)}`;
      const moved = before && before[0] !== top ? h("small.muted", {}, `${refinementName(BEFORE).toLowerCase()}: ${before[0]}`) : "";
      return h(`td${top === answers[0][0] ? "" : ".other"}`, {}, h("a", { href }, top), ` ${percent(probability)} %`, mark(picture, top), moved);
    });
    const head = h("th", { scope: "row" }, h("span.pictured", {}, h("img.thumb", { src: pictureUrl(found[0]), alt: "", loading: "lazy" }), h("span", {}, pictureName(found[0]))));
    return { differ, node: h("tr", {}, head, ...cells) };
  }
}

function mark({ label }, top) {
  if (label === null || label === undefined) return "";
  return h(`span.${top === label ? "good" : "bad"}`, { "aria-label": top === label ? "right" : "wrong" }, top === label ? " ✓" : " ✗");
}

customElements.define("v-looks-beside", LooksBeside);
