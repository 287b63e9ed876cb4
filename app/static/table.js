// A real table whose headers sort it.

import { h } from "./core.js";

const LONG = 24; // letters of a heading that would stand as a tower of words in a narrow column

/**
 * `columns`: [{key, title, value: (row) => sortable, cell: (row) => node or text, num, sort: false}].
 * Sorting is done here unless `onsort(key, descending)` is given. Rows with no value come last either way.
 */
export function table({
  caption,
  columns,
  rows,
  sort = null,
  descending = false,
  onsort,
  row: decorate = () => {},
}) {
  const body = h("tbody");
  const heads = columns.map((column) => {
    const label = column.title;
    const sortable = column.sort !== false;
    const inner = sortable
      ? h("button.sort", { type: "button", onclick: () => choose(column) }, label)
      : label;
    return h(`th${column.num ? ".num" : ""}${label.length > LONG ? ".long" : ""}`, { scope: "col", title: column.hint }, inner);
  });

  function choose(column) {
    descending = sort === column.key ? !descending : Boolean(column.num);
    sort = column.key;
    if (onsort) onsort(sort, descending);
    else fill();
    mark();
  }

  function mark() {
    columns.forEach((column, index) => {
      if (column.sort === false) return;
      heads[index].setAttribute(
        "aria-sort",
        column.key === sort ? (descending ? "descending" : "ascending") : "none",
      );
    });
  }

  function fill() {
    const column = onsort ? null : columns.find((item) => item.key === sort);
    const ordered = column
      ? [...rows].sort((a, b) => order(column.value(a), column.value(b), descending))
      : rows;
    body.replaceChildren(
      ...ordered.map((row) => {
        const cells = columns.map((item, index) => {
          const spec = index === 0 && item.head !== false ? "th" : "td";
          return h(
            spec + (item.num ? ".num" : "") + (item.wide ? ".wide" : ""),
            spec === "th" ? { scope: "row" } : {},
            item.cell(row),
          );
        });
        const line = h("tr", {}, ...cells);
        decorate(line, row);
        return line;
      }),
    );
  }

  mark();
  fill();
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h("table.table", {}, h("caption.offscreen", {}, caption), h("thead", {}, h("tr", {}, ...heads)), body),
  );
  return h("div.wide", {}, scroll, hint(scroll));
}

/** Says that there is more to the right, as long as there is. */
export function hint(scroll) {
  const words = h("p.muted.fine.more", { hidden: true }, "More columns to the right: scroll sideways →");
  const look = () => {
    words.hidden = scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft < 4;
  };
  new ResizeObserver(look).observe(scroll);
  scroll.addEventListener("scroll", look, { passive: true });
  return words;
}

function order(a, b, descending) {
  const missing = (value) => value === null || value === undefined || value === "";
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  const way =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -way : way;
}
