// Where one is in a list that is cut into pages, and the way to the other pages.

import { action, api, h } from "./core.js";
import { number } from "./format.js";

/** "51 to 100 of 150", and the way to other pages. */
export function pager({ page, total, size }, onpage) {
  const last = Math.max(1, Math.ceil(total / size));
  const button = (words, to, off) =>
    h("button.button", { type: "button", disabled: off, onclick: () => onpage(to) }, words);
  const first = (page - 1) * size + 1;
  return h(
    "div.actions",
    {},
    h(
      "span.muted.fine",
      { role: "status" },
      total ? `${number(first)} to ${number(Math.min(total, page * size))} of ${number(total)}` : "",
    ),
    last > 1
      ? [
          button("« First", 1, page === 1),
          button("‹ Previous", page - 1, page === 1),
          button("Next ›", page + 1, page >= last),
        ]
      : "",
  );
}

/** A list that REST gives page by page, each item drawn by `card`, with a button for the older ones; null if it is empty. */
export async function cards(path, card, signal) {
  const list = h("ul.cards", {});
  const more = async (cursor) => {
    const page = await api(`${path}${cursor ? `?${new URLSearchParams({ cursor })}` : ""}`, { signal });
    list.append(...page.items.map(card));
    return page.cursor;
  };
  let next = await more("");
  if (!list.children.length) return null;
  const load = action(async () => {
    next = await more(next);
    if (!next) button.remove();
  });
  const button = h("button.button", { type: "button", onclick: load }, "Show older ones");
  return h("div", {}, list, next ? button : "");
}
