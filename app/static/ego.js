// <v-ego run="id" node="position" weight top>: the neighbourhood of a node, to look at and to walk through.
// Says where one walks by the event "node" (detail: position), which the page may answer by setting the attribute.

import { Element, action, complain, h, toast } from "./core.js";
import { around, drawnLinks, opened } from "./ego-data.js";
import { EgoPicture } from "./ego-picture.js";
import { legend } from "./ego-shapes.js";
import { twin } from "./ego-table.js";
import { number } from "./format.js";

const LIMIT = 60; // nodes at first
const FEWER = 36; // on a phone
const NARROW = 480; // pixels
const STEPS = 6; // of the way that are named

class Ego extends Element {
  static observedAttributes = ["run", "node", "weight", "top"];
  hops = 1; // how far one sees
  absent = true;
  trail = []; // [{position, name}] that one has walked over, the last is the centre

  async start(signal) {
    await null; // a page that sets several attributes asks once
    if (signal.aborted) return;
    const [run, node] = [this.getAttribute("run"), this.getAttribute("node")];
    if (!run || !node) {
      this.replaceChildren(h("p.muted", {}, "Choose a node to see its neighbourhood."));
      return;
    }
    const position = Number(node);
    if (this.trail.at(-1)?.position !== position || this.run !== run) this.trail = [{ position, name: "" }];
    this.run = run;
    this.ego = await around(run, position, this.asked, signal);
    this.trail.at(-1).name = this.nodeOf(position).name;
    if (!this.picture || !this.contains(this.picture.node)) this.build();
    this.draw();
  }

  get asked() {
    const limit = this.clientWidth && this.clientWidth < NARROW ? FEWER : LIMIT;
    return { limit, hops: this.hops, weight: this.getAttribute("weight") ?? "", top: this.getAttribute("top") ?? "" };
  }

  nodeOf(position) {
    return this.ego.nodes.find((node) => node.position === position);
  }

  build() {
    this.picture = new EgoPicture({
      onwalk: (position) => this.walk(position),
      onopen: (position) => this.open(position).catch(complain),
      onback: () => this.back(),
    });
    this.twin = twin(() => this.shown, { onwalk: (position) => this.walk(position), onopen: (position) => this.open(position).catch(complain) });
    this.way = h("nav.egoway", { "aria-label": "Walked over" });
    this.about = h("p.muted.fine");
    this.key = h("div");
    const toggle = h("input", { type: "checkbox", checked: this.absent, onchange: () => ((this.absent = toggle.checked), this.draw()) });
    this.absentField = h("label.check", {}, toggle, "expected, but absent");
    this.hopChips = [1, 2].map((hops) =>
      h("button.chip", { type: "button", onclick: action(() => this.far(hops)) }, hops === 1 ? "Neighbours" : "Neighbours of neighbours"),
    );
    this.replaceChildren(
      this.way,
      h("div.row.egobar", {}, h("div.chips", { role: "group", "aria-label": "How far" }, ...this.hopChips), this.absentField),
      this.picture.node,
      this.key,
      this.about,
      this.twin.node,
    );
  }

  draw() {
    const { ego } = this;
    const directed = Boolean(ego.directed);
    const links = drawnLinks(ego.edges, directed);
    this.shown = { ego, links, directed };
    this.hopChips.forEach((chip, index) => chip.setAttribute("aria-pressed", String(this.hops === index + 1)));
    this.absentField.hidden = !ego.absent.length;
    this.way.replaceChildren(...this.trailed());
    this.key.replaceChildren(legend({ directed, hasAbsent: ego.absent.length > 0, hasSurprising: links.some(({ surprising }) => surprising) }));
    this.about.textContent = said(ego, links);
    this.picture.show(ego, { directed, absent: this.absent, links });
    this.twin.update();
  }

  trailed() {
    const back = h("button.button.quiet", { type: "button", disabled: this.trail.length < 2, title: "Backspace in the picture", onclick: () => this.back() }, "← Back");
    const from = Math.max(0, this.trail.length - STEPS);
    const steps = this.trail.slice(from).map(({ name }, nth, shown) =>
      nth === shown.length - 1
        ? h("strong", { "aria-current": "true" }, name)
        : h("button.link", { type: "button", onclick: () => this.back(from + nth) }, name),
    );
    return [back, from ? h("span.muted", {}, "…") : "", ...steps.flatMap((step, nth) => (nth ? [h("span.muted", { "aria-hidden": "true" }, "›"), step] : [step]))].filter(Boolean);
  }

  walk(position) {
    this.trail.push({ position, name: this.nodeOf(position)?.name ?? "" });
    this.go();
  }

  /** To a step of the way; without one to the last before this. */
  back(step = this.trail.length - 2) {
    if (step < 0) return;
    this.trail = this.trail.slice(0, step + 1);
    this.go();
  }

  go() {
    const { position } = this.trail.at(-1);
    this.setAttribute("node", position);
    this.dispatchEvent(new CustomEvent("node", { bubbles: true, detail: position }));
  }

  async open(position) {
    const before = this.ego;
    const grown = await opened(this.run, before, position, this.asked, this.stop.signal);
    if (this.ego !== before) return; // one has walked on meanwhile
    if (grown.nodes.length === before.nodes.length) {
      toast("No more fit around one node: its panel lists the links that count most.");
      return;
    }
    this.ego = grown;
    this.draw();
  }

  async far(hops) {
    this.hops = hops;
    await this.start(this.stop.signal);
  }
}

function said(ego, links) {
  const others = ego.nodes.length - 1;
  if (!others) return links.length ? "Its only link is with itself." : "It has no links: nothing but its own features speaks for it or against it.";
  const hidden = Object.values(ego.more).reduce((sum, count) => sum + count, 0);
  return [
    `${number(others)} ${others === 1 ? "node" : "nodes"} around it, ${number(links.length)} ${links.length === 1 ? "link" : "links"}`,
    hidden ? "; +n opens neighbours that are not shown" : "",
    matchMedia("(pointer: coarse)").matches ? ". A tap points at a node, a second one goes there; two fingers zoom." : ". Click or Enter goes to a node; drag moves, Ctrl and the wheel zoom.",
  ].join("");
}

customElements.define("v-ego", Ego);
