// The picture of a neighbourhood: drawn, moved, zoomed, pointed at and walked by keys.

import { h, svg } from "./core.js";
import { EgoCard } from "./ego-card.js";
import { walkKeys } from "./ego-keys.js";
import { layout } from "./ego-layout.js";
import { followPointer } from "./ego-pointer.js";
import { absentLink, link, nameShapes, nodeShape, radius, reach, stubShape } from "./ego-shapes.js";
import { stubs } from "./ego-stubs.js";

const ROOM = { across: 52, up: 40 }; // kept free at each side for names and stubs
const NARROW = 560;
const WIDEST = 1.7; // stretch: names are wide
const CLOSEST = 5; // most that the picture is enlarged
const FURTHEST = 0.1;

export class EgoPicture {
  /** `onwalk(position)`, `onopen(position)`, `onback()`. */
  constructor({ onwalk, onopen, onback }) {
    Object.assign(this, { onwalk, onopen });
    this.card = new EgoCard();
    this.plot = svg("svg", { class: "egoplot", tabindex: "0", role: "application" });
    this.node = h("div.egostage", {}, this.plot, this.card.node, this.zoomers());
    this.moved = false; // by hand
    new ResizeObserver(() => this.resize()).observe(this.node);
    followPointer(this);
    walkKeys(this, onback);
  }

  zoomers() {
    const button = (sign, name, work) => h("button.button.quiet", { type: "button", "aria-label": name, title: name, onclick: work }, sign);
    return h(
      "div.egozoom",
      {},
      button("+", "Zoom in", () => this.zoom(1.4)),
      button("−", "Zoom out", () => this.zoom(1 / 1.4)),
      button("⤢", "Fit into the frame", () => this.fit()),
    );
  }

  /** `ego`: as REST gives it; another centre starts anew, else what is there stays near where it was. */
  show(ego, { directed, absent, links }) {
    const same = this.ego?.centre === ego.centre;
    Object.assign(this, { ego, directed, absent, links });
    this.nodes = new Map(ego.nodes.map((node) => [node.position, node]));
    const pairs = ego.edges.map(({ source, target }) => [source, target]);
    const known = this.places && [...this.places].filter(([position]) => this.nodes.has(position));
    const still = same && known.length === ego.nodes.length;
    if (!still) {
      this.places = layout(ego.nodes, pairs, same ? new Map(known) : undefined);
      this.moved = false;
    }
    if (!same) this.cursor = null;
    this.node.classList.toggle("alone", ego.nodes.length === 1);
    this.plot.setAttribute(
      "aria-label",
      `Neighbourhood of ${this.nodes.get(ego.centre).name}: ${ego.nodes.length} nodes, ${links.length} links. Arrows walk over them, Enter goes there, Backspace back; the table below has the same.`,
    );
    this.card.hide();
    if (this.width) this.moved ? this.draw() : this.fit();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (!width || (width === this.width && height === this.height)) return;
    Object.assign(this, { width, height });
    this.plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (this.places) this.moved ? this.draw() : this.fit();
  }

  fit() {
    const xs = [...this.places.values()].map(([x]) => x);
    const ys = [...this.places.values()].map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    // A frame may be flat for a moment, before its style sheet is there.
    const wide = Math.max(1, this.width - (this.width < NARROW ? 1 : 2) * ROOM.across);
    const high = Math.max(1, this.height - 2 * ROOM.up);
    const scale = Math.min(1.4, wide / (right - left || 1), high / (bottom - top || 1));
    const stretch = Math.max(1, Math.min(WIDEST, wide / (scale * (right - left || wide / scale))));
    this.view = { scale, stretch, x: this.width / 2 - (stretch * scale * (left + right)) / 2, y: this.height / 2 - (scale * (top + bottom)) / 2 };
    this.fitted = scale;
    this.moved = false;
    this.draw();
  }

  /** By a factor, around a point of the frame. */
  zoom(by, [px, py] = [this.width / 2, this.height / 2]) {
    const scale = Math.max(FURTHEST, Math.min(CLOSEST, this.view.scale * by));
    const real = scale / this.view.scale;
    this.view = { ...this.view, scale, x: px - real * (px - this.view.x), y: py - real * (py - this.view.y) };
    this.moved = true;
    this.draw();
  }

  pan(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.moved = true;
    this.draw();
  }

  at(position) {
    const [x, y] = this.places.get(position);
    const { scale, stretch } = this.view;
    return [stretch * scale * x + this.view.x, scale * y + this.view.y];
  }

  draw() {
    const at = (position) => this.at(position);
    const grow = Math.max(0.62, Math.min(1.5, Math.sqrt(this.view.scale)));
    const size = (position) => radius(this.nodes.get(position), grow);
    const far = (position) => reach(this.nodes.get(position), size(position));
    const drawn = ({ source, target }) => this.nodes.has(source) && this.nodes.has(target);
    const ordinary = (a, b) => Number(a.surprising) - Number(b.surprising);
    const nodes = [...this.ego.nodes].sort(telling);
    const more = stubs(this, far);
    const frame = { left: 2, right: this.width - 2, top: 2, bottom: this.height - 2 };
    this.items = [
      ...this.ego.nodes.map((node) => ({ position: node.position, hop: node.hop, at: at(node.position), reach: size(node.position) })),
      ...more.map((stub) => ({ ...stub, stub: true, reach: 14 })),
    ];
    this.plot.replaceChildren(
      ...(this.absent ? this.ego.absent.filter(drawn).map((edge) => absentLink(edge, at, far)) : []),
      ...this.links.filter(drawn).sort(ordinary).flatMap((edge) => link(edge, at, far, this.directed)),
      ...more.map((stub) => stubShape(stub.position, stub.hidden, stub.at)),
      ...[...nodes].reverse().map((node) => nodeShape(node, at(node.position), size(node.position))),
      ...nameShapes(nodes, at, far, more.map((stub) => stub.at), frame),
      (this.ring = svg("circle", { class: "cursor", visibility: "hidden" })),
    );
    this.point(this.cursor, false);
  }

  /** Point at an item, {position, stub}; null at none. */
  point(item, tell = true) {
    this.cursor = item;
    const found = item && this.items.find((each) => each.position === item.position && Boolean(each.stub) === Boolean(item.stub));
    this.ring.setAttribute("visibility", found ? "visible" : "hidden");
    this.plot.classList.toggle("pointing", Boolean(found));
    for (const lit of this.plot.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!found) {
      if (tell) this.card.hide();
      return;
    }
    const [x, y] = found.at;
    for (const [key, value] of Object.entries({ cx: x, cy: y, r: found.reach + 5 })) this.ring.setAttribute(key, value);
    for (const edge of this.plot.querySelectorAll("[data-ends]"))
      if (edge.dataset.ends.split(" ").includes(String(item.position))) edge.classList.add("lit");
    if (tell) this.card.show(this, found);
  }

  act(item) {
    if (item?.stub) this.onopen(item.position);
    else if (item && item.position !== this.ego.centre) this.onwalk(item.position);
  }

  /** What is under a point of the frame, with a margin for a finger. */
  under([px, py], margin) {
    let [found, best] = [null, Infinity];
    for (const item of this.items ?? []) {
      const gap = Math.hypot(item.at[0] - px, item.at[1] - py) - item.reach;
      if (gap < margin && gap < best) [found, best] = [item, gap];
    }
    return found;
  }
}

/** The centre first, then the flagged, then by rank. */
function telling(a, b) {
  return Number(b.hop === 0) - Number(a.hop === 0) || Number(b.flagged) - Number(a.flagged) || b.percentile - a.percentile;
}
