// What became of the rows: those that were asked for, their neighbours below each, and a sample of the rest; losses follow
// the step length that is looked at.

import { h } from "./core.js";
import { change, known, loss, mean, shortName, stepName } from "./edit-data.js";
import { Card, says, struck } from "./edit-row.js";
import { pager } from "./pager.js";
import { table } from "./table.js";

const ORDERS = {
  position: "as in the data",
  least: "least changed first",
  most: "most changed first",
};
const ITEMS = 5; // on a page
const WORST = 5;

/** `edit`: as read; `at`: index of the step length first looked at. `node`, and `move(index)`. */
export class Rows {
  constructor({ rows, curve, variants }, at) {
    this.at = at;
    this.curve = curve;
    this.names = variants.map((variant) => ({ name: variant.name, title: shortName(variant) }));
    this.chosen = curve.findIndex((point) => point.chosen);
    this.marked = rows.filter((row) => row.role === "marked");
    this.near = Object.groupBy(
      rows.filter((row) => row.role === "neighbour"),
      (row) => row.of,
    );
    this.retained = rows.filter((row) => row.role === "retained");
    this.order = "position";
    this.list = h("div.editrows", { role: "region", "aria-label": "Rows that the request names" });
    this.turn = h("div");
    this.rest = h("div");
    this.node = this.build();
    this.go(1);
    this.sum();
  }

  build() {
    const choice = h(
      "select",
      {
        onchange: (event) => {
          this.order = event.target.value;
          this.go(1);
        },
      },
      ...Object.entries(ORDERS).map(([value, name]) => h("option", { value }, name)),
    );
    const count = this.marked.length;
    return h(
      "section.card",
      { "aria-label": "Rows before and after" },
      h(
        "div.row",
        {},
        h("h2", {}, "Before and after, row by row"),
        count > 1 ? h("label.field.inline", {}, "Order", choice) : "",
      ),
      count ? "" : h("p.muted", {}, "The request names no row."),
      this.list,
      this.turn,
      this.rest,
    );
  }

  go(page) {
    const total = this.marked.length;
    const some = this.ordered().slice((page - 1) * ITEMS, page * ITEMS);
    this.cards = some.map((row) => new Card(row, this.near[row.row_id] ?? [], this));
    this.list.replaceChildren(...this.cards.map((card) => card.node));
    this.turn.replaceChildren(total > ITEMS ? pager({ page, total, size: ITEMS }, (to) => this.go(to)) : "");
  }

  /** Change is that of the old answer, at the step length of the run. */
  ordered() {
    const moved = (row) => (row.variants.edit?.loss ?? 0) - (row.variants.before?.loss ?? 0);
    const by = { position: (row) => row.position, least: moved, most: (row) => -moved(row) }[this.order];
    return [...this.marked].sort((a, b) => by(a) - by(b));
  }

  move(index) {
    this.at = index;
    for (const card of this.cards) card.fill();
    this.sum();
  }

  /** The sample of the retained rows in a line, and the worst of it. */
  sum() {
    if (!this.retained.length) return;
    const rises = this.retained
      .map((row) => ({ row, rise: this.loss(row) - row.variants.before.loss }))
      .filter(({ rise }) => known(rise))
      .sort((a, b) => b.rise - a.rise);
    const [before, now] = [mean(this.retained.map((row) => row.variants.before.loss)), mean(this.retained.map((row) => this.loss(row)))];
    const worse = rises.filter(({ rise }) => rise > 0).length;
    const changed = this.retained.filter((row) => says(row, "edit") !== says(row, "before")).length;
    const asked = this.retained.filter((row) => says(row, "edit") !== null).length;
    const open = this.rest.querySelector("details")?.open ?? false;
    this.rest.replaceChildren(
      h(
        "details.retained",
        { open },
        h(
          "summary",
          {},
          `${this.retained.length} retained rows, a sample: mean loss ${loss(before)} → ${loss(now)} (${change(now, before)})`,
        ),
        h(
          "p.muted.fine",
          {},
          `${worse} of them got worse.${asked ? ` At the step length of the run ${changed} of ${asked} are answered otherwise than before.` : ""}`,
        ),
        this.small(
          "Retained rows that got worst",
          rises.slice(0, WORST).map(({ row }) => row),
        ),
      ),
    );
  }

  small(caption, rows) {
    const columns = [
      { key: "position", title: "Row", value: (row) => row.position, cell: (row) => `#${row.position}` },
      ...(rows.some((row) => known(row.similarity))
        ? [{ key: "alike", title: "Alike", num: true, value: (row) => row.similarity, cell: (row) => loss(row.similarity).slice(0, 4), hint: "Cosine of the prompts' TF-IDF" }]
        : []),
      { key: "prompt", title: "Prompt", wide: true, value: (row) => row.prompt, cell: (row) => row.prompt },
      { key: "answer", title: "Its answer", wide: true, value: (row) => row.answer, cell: (row) => row.answer },
      { key: "before", title: "Loss before", num: true, value: (row) => row.variants.before.loss, cell: (row) => loss(row.variants.before.loss) },
      {
        key: "now",
        title: "Now",
        num: true,
        value: (row) => this.loss(row),
        cell: (row) => h("span.measure", {}, loss(this.loss(row)), h("small", {}, change(this.loss(row), row.variants.before.loss))),
      },
    ];
    if (rows.some((row) => says(row, "edit") !== null))
      columns.push({
        key: "text",
        title: "The model says",
        wide: true,
        sort: false,
        cell: (row) => (says(row, "edit") === says(row, "before") ? (says(row, "edit") ?? "–") : struck(says(row, "before") ?? "", says(row, "edit") ?? "")),
      });
    return table({ caption, columns, rows });
  }

  /** Loss of a row's own answer, or of its new one, at the step length that is looked at. */
  loss(row, fresh = false) {
    const along = fresh ? row.new_curve : row.curve;
    if (along) return along[this.at];
    return fresh ? row.variants.edit?.new_loss : row.variants.edit?.loss;
  }
}

/** Under the rows: the words were said at the run's step length only. */
export function ofStep(curve, index) {
  const chosen = curve.findIndex((point) => point.chosen);
  return index === chosen || chosen < 0 ? "" : `Losses are those of step length ${stepName(curve[index].alpha)}; texts and controls those of the run, ${stepName(curve[chosen].alpha)}.`;
}
