// The training table: sorted, searched and cut into pages by the studio, with small bars for loss and self-influence.

import { h } from "./core.js";
import { number } from "./format.js";
import { table } from "./table.js";
import { taskMark } from "./unlearning-marks.js";
import { KINDS } from "./unlearning-state.js";
import { markRanges, wordDiff } from "./word-diff.js";

const BARS = [
  ["loss", "Loss", "mean over the answer's tokens, in nats: what the adapter has not learnt of the row"],
  [
    "self_influence",
    "Self-influence",
    "how far the row's own gradient moves its own loss; high where a row was learnt for itself alone: wrong, rare or private",
  ],
];

/**
 * `most`: {loss, self_influence}, the largest of the whole table, or null where none is known; `markOf(rowId)`;
 * `onopen(index)`, `onremove(index)`, `onsort(key, descending)`; `locked` where nothing can be marked.
 */
export function rowsTable({ page, state, most, markOf, locked, onopen, onremove, onsort }) {
  const { rows } = page;
  return table({
    caption: "Training rows",
    columns: columns({
      most,
      markOf,
      locked,
      onopen: (row) => onopen(rows.indexOf(row)),
      onremove: (row) => onremove(rows.indexOf(row)),
    }),
    rows,
    sort: state.sort,
    descending: state.descending,
    onsort,
    row: (line, row) => {
      line.dataset.row = row.row_id;
      line.addEventListener("click", (event) => event.target.closest("button, a") || onopen(rows.indexOf(row)));
    },
  });
}

function columns({ most, markOf, locked, onopen, onremove }) {
  const words = (key, title) => ({
    key,
    title,
    sort: false,
    wide: true,
    cell: (row) => h("span.clip", { title: row[key], [`data-${key}`]: row.row_id }, ...became(row, key, markOf(row.row_id))),
  });
  return [
    {
      key: "position",
      title: "Row",
      cell: (row) =>
        h(
          "button.pairname",
          { type: "button", onclick: () => onopen(row), "aria-label": `Show row ${row.position}` },
          String(row.position),
        ),
    },
    {
      key: "mark",
      title: "Mark",
      sort: false,
      cell: (row) =>
        h(
          "div.rowmarks",
          {},
          locked
            ? ""
            : h(
                "button.chip.remove",
                { type: "button", "data-remove": row.row_id, title: "Remove it (x)", "aria-label": `Remove row ${row.position}`, "aria-pressed": String(markOf(row.row_id).remove), onclick: () => onremove(row) },
                "✕",
              ),
          h("span", { "data-mark": row.row_id }, taskMark(markOf(row.row_id))),
        ),
    },
    words("prompt", "Prompt"),
    words("answer", "Answer"),
    { key: "kind", title: "Kind", cell: (row) => KINDS[row.kind] ?? (row.kind || "–") },
    ...BARS.filter(([key]) => most[key] !== null).map(([key, title, hint]) => ({
      key,
      title,
      hint,
      num: true,
      cell: (row) => bar(row[key], most[key]),
    })),
  ];
}

/** The text of a cell as it is marked: struck out, or new with its new words marked. */
export function became(row, key, mark) {
  if (mark.remove) return [h("s", {}, row[key])];
  if (mark[key] === null) return [row[key]];
  return markRanges(mark[key], wordDiff(row[key], mark[key], 1)[1]);
}

function bar(value, most) {
  if (value === null || value === undefined) return "–";
  const fill = h("i");
  fill.style.width = `${most > 0 ? Math.min(100, Math.max(0, (100 * value) / most)) : 0}%`;
  return h("span.rowlevel", {}, number(value), h("span.bar", { "aria-hidden": "true" }, fill));
}
