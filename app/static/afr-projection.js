// The shown episode in two dimensions: support features, arrows to what they became, queries, base prototypes.

import { h, svg } from "./core.js";
import { colours, percent, settingNote } from "./afr-data.js";
import { SHAPES, fitted } from "./frontier.js";
import { labels } from "./frontier-labels.js";
import { table } from "./table.js";

const KINDS = {
  support: ["Support", SHAPES.circle, 5],
  regularised: ["Regularised", SHAPES.diamond, 5],
  prototype: ["Class mean", SHAPES.cross, 5.5],
  query: ["Query", SHAPES.circle, 2.2],
  base: ["Base class", SHAPES.square, 4],
};
const EDGE = 26;

export class Projection {
  constructor(afr) {
    const { points, arrows } = afr.projection;
    this.afr = afr;
    this.arrows = arrows;
    this.points = points;
    this.classes = [...new Set(points.filter((point) => point.kind !== "base").map((point) => point.class))];
    this.colour = colours(this.classes);
    this.only = null;
    this.words = h("p.readout", { "aria-live": "polite" }, "Move over a point, or walk with the arrow keys, to read its name.");
    this.plot = fitted((width) => this.drawing(width));
    this.node = this.build();
  }

  build() {
    const { method, explained } = this.afr.projection;
    const held = explained?.length ? ` The axes hold ${explained.slice(0, 2).map(percent).join(" and ")} of the variance: what looks near here may be far in the rest.` : "";
    return h(
      "section.card.afrprojection",
      { "aria-label": "Projection" },
      h("h2", {}, "Where the support goes"),
      h("p.muted.fine", {}, `${method ?? "PCA"} of the shown episode. An arrow leads from a support feature to what it became with its related classes mixed in. The plane is laid through all points shown; queries play no part in what is learnt.${held}`),
      this.legend(),
      this.changed(),
      this.plot,
      this.words,
      this.twin(),
      settingNote(this.afr),
    );
  }

  legend() {
    const chip = (name) =>
      h(
        "button.chip",
        {
          type: "button",
          "aria-pressed": "false",
          onclick: (event) => {
            this.only = this.only === name ? null : name;
            for (const other of event.currentTarget.parentElement.querySelectorAll(".chip")) other.setAttribute("aria-pressed", String(other === event.currentTarget && this.only !== null));
            this.focusClass();
          },
        },
        h(`i.dot.${this.colour(name)}`, { "aria-hidden": "true" }),
        name,
      );
    const present = Object.entries(KINDS).filter(([kind]) => this.points.some((point) => point.kind === kind));
    const key = ([, [name, shape, radius]]) => {
      const sign = svg("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, svg("path", { class: "sign", d: shape(radius) }));
      return h("span.key", {}, sign, name);
    };
    return h("div.afrlegend", {}, h("div.chips", { role: "group", "aria-label": "Show one class" }, ...this.classes.map(chip)), h("div.kinds", {}, ...present.map(key)));
  }

  /** How many queries of this one episode were named otherwise. */
  changed() {
    const queries = this.points.filter((point) => point.named);
    if (!queries.length) return "";
    const [fixed, broken] = ["fixed", "broken"].map((what) => queries.filter((point) => outcome(point) === what).length);
    return h("p.fine.afrchanged", {}, h("span.key", {}, h("i.ring.fixed", { "aria-hidden": "true" }), `${fixed} fixed`), h("span.key", {}, h("i.ring.broken", { "aria-hidden": "true" }), `${broken} broken`), h("span.muted", {}, `of ${queries.length} queries of this one episode; the card above has all episodes.`));
  }

  drawing(width) {
    const height = Math.min(520, Math.max(300, 0.62 * width));
    const at = spread(this.points, width, height);
    const marks = this.points.map((point, index) => this.mark(point, index, at));
    const order = Object.keys(KINDS).reverse();
    const arrows = this.arrows.map(([from, to]) => this.arrow(this.points[from], this.points[to], at));
    const named = this.points.map((point) => ({ ...at(point), name: point.kind === "base" ? (point.name ?? point.class) : point.class, wanted: ["base", "prototype"].includes(point.kind), reach: point.kind === "query" ? 3 : 7 }));
    const plot = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "frontier projection", role: "group", "aria-label": `${this.points.length} points and ${this.arrows.length} arrows; arrow keys walk over the points, the table below has the numbers` });
    plot.append(...marks.filter(({ point }) => point.kind === "query").map(({ node }) => node), ...arrows);
    plot.append(...marks.filter(({ point }) => point.kind !== "query").sort((a, b) => order.indexOf(a.point.kind) - order.indexOf(b.point.kind)).map(({ node }) => node));
    plot.append(...labels(named, { left: 2, right: width - 2, top: 2, bottom: height - 2 }));
    this.marks = marks;
    this.drawn = plot;
    this.walk(plot, marks);
    this.follow(plot, marks, at, width);
    this.focusClass();
    return plot;
  }

  mark(point, index, at) {
    const [, shape, radius] = KINDS[point.kind] ?? KINDS.query;
    const { x, y } = at(point);
    const colour = point.kind === "base" ? "muted" : this.colour(point.class);
    const node = svg("path", { class: `mark ${point.kind} ${colour} ${outcome(point)}`.trim(), d: shape(outcome(point) ? 3.6 : radius), transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, tabindex: index ? "-1" : "0", role: "img", "aria-label": this.said(point) });
    node.addEventListener("focus", () => (this.words.textContent = this.said(point)));
    return { node, point, x, y };
  }

  arrow(from, to, at) {
    const [a, b] = [at(from), at(to)];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const node = svg("g", { class: `arrow ${this.colour(from.class)}`, "data-class": from.class });
    if (length < 12) return node; // the points touch: there is nothing to draw between them
    const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    const [tx, ty] = [b.x - 7 * ux, b.y - 7 * uy];
    const wing = (side) => `${(tx - 6 * ux - 3.5 * side * uy).toFixed(1)} ${(ty - 6 * uy + 3.5 * side * ux).toFixed(1)}`;
    node.append(svg("path", { class: "shaft", d: `M${(a.x + 6 * ux).toFixed(1)} ${(a.y + 6 * uy).toFixed(1)}L${tx.toFixed(1)} ${ty.toFixed(1)}` }), svg("path", { class: "head", d: `M${tx.toFixed(1)} ${ty.toFixed(1)}L${wing(1)}L${wing(-1)}z` }));
    return node;
  }

  said(point) {
    const kind = (KINDS[point.kind]?.[0] ?? point.kind).toLowerCase();
    const name = point.name && point.name !== point.class ? `, ${point.name}` : "";
    const answers = point.named ? `; AFR says ${point.named}, the classifier alone ${point.named_base}${outcome(point) ? `: ${outcome(point)}` : ""}` : "";
    return `${point.class}${name}: ${kind}, at ${point.x.toFixed(2)}, ${point.y.toFixed(2)}${answers}`;
  }

  /** Of points that lie on each other the nearest to the pointer is told. */
  follow(plot, marks, at, width) {
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const scaled = width / box.width;
      const [x, y] = [(event.clientX - box.left) * scaled, (event.clientY - box.top) * scaled];
      const gap = (mark) => Math.hypot(mark.x - x, mark.y - y);
      const nearest = marks.reduce((best, mark) => (gap(mark) < gap(best) ? mark : best));
      if (gap(nearest) < 14) this.words.textContent = this.said(nearest.point);
    });
  }

  walk(plot, marks) {
    const ordered = [...marks].sort((a, b) => a.x - b.x);
    plot.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      const here = ordered.findIndex(({ node }) => node === document.activeElement);
      const next = ordered[here + by];
      if (!by || here < 0 || !next) return;
      event.preventDefault();
      ordered[here].node.setAttribute("tabindex", "-1");
      next.node.setAttribute("tabindex", "0");
      next.node.focus();
    });
  }

  /** The chosen class clear, the others faint; all alike where none is chosen. */
  focusClass() {
    if (!this.drawn) return;
    const faint = (name) => this.only !== null && name !== this.only;
    for (const { node, point } of this.marks) node.classList.toggle("faint", point.kind !== "base" && faint(point.class));
    for (const arrow of this.drawn.querySelectorAll(".arrow")) arrow.classList.toggle("faint", faint(arrow.dataset.class));
  }

  twin() {
    const moved = new Map(this.arrows.map(([from, to]) => [from, to]));
    const rows = this.points.map((point, index) => ({ ...point, index, to: moved.has(index) ? this.points[moved.get(index)] : null }));
    const text = (key, title, value, num = false) => ({ key, title, num, value, cell: value });
    const columns = [
      text("class", "Class", (row) => row.class),
      text("kind", "What", (row) => KINDS[row.kind]?.[0] ?? row.kind),
      ...(rows.some((row) => row.name) ? [text("name", "Name", (row) => row.name ?? "")] : []),
      ...(rows.some((row) => row.named) ? [text("named", "AFR says", (row) => row.named ?? ""), text("alone", "Alone", (row) => row.named_base ?? "")] : []),
      { key: "x", title: "x", num: true, value: (row) => row.x, cell: (row) => row.x.toFixed(3) },
      { key: "y", title: "y", num: true, value: (row) => row.y, cell: (row) => row.y.toFixed(3) },
      { key: "to", title: "Moved to", num: true, value: (row) => (row.to ? Math.hypot(row.to.x - row.x, row.to.y - row.y) : null), cell: (row) => (row.to ? `${row.to.x.toFixed(3)}, ${row.to.y.toFixed(3)}` : "") },
    ];
    const box = h("div.afrtwin");
    return h("details", { ontoggle: () => box.childElementCount || box.append(table({ caption: "Points of the projection", columns, rows })) }, h("summary", {}, "As a table"), box);
  }
}

/** "fixed" or "broken" where AFR and the classifier alone name a query otherwise and one of them is right; "" else. */
function outcome({ class: own, named, named_base: alone }) {
  if (!named || named === alone) return "";
  return named === own ? "fixed" : alone === own ? "broken" : "";
}

/** From a point to its place, the same unit along both axes. */
function spread(points, width, height) {
  const ends = (key) => [Math.min(...points.map((point) => point[key])), Math.max(...points.map((point) => point[key]))];
  const [[left, right], [low, high]] = [ends("x"), ends("y")];
  const unit = Math.min((width - 2 * EDGE) / (right - left || 1), (height - 2 * EDGE) / (high - low || 1));
  const middle = [(left + right) / 2, (low + high) / 2];
  return ({ x, y }) => ({ x: width / 2 + (x - middle[0]) * unit, y: height / 2 - (y - middle[1]) * unit });
}
