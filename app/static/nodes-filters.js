// What narrows the table of nodes: words, review, what the plain scores say, a cluster; and how it is ordered.

import { h } from "./core.js";
import { search, select } from "./fields.js";
import { number } from "./format.js";
import { OPEN, OPINIONS, ORDER, REVIEWS, narrowed } from "./nodes-state.js";
import { orders } from "./nodes-table.js";

/** `set(change)` asks anew; `onbulk(verdict)` decides for all that is listed. Gives {node, show(state, total)}. */
export function filters({ state, facts, set, bulk }) {
  const words = search("Search nodes", "Search names  ( / )", (q) => set({ q }));
  const shown = select(
    "Show",
    [
      ["", "All nodes"],
      ["flagged", "Flagged"],
    ],
    (value) => set({ show: value }),
  );
  const review = select("Review", Object.entries(REVIEWS), (value) => set({ review: value }));
  const opinion = select(
    "Second opinions",
    Object.entries(OPINIONS).map(([key, { name }]) => [key, name]),
    (value) => set({ opinion: value, ...(value ? OPINIONS[value].order : ORDER) }),
  );
  const columns = orders(facts);
  const order = select("Sort by", columns, (key) => {
    const [, , descending] = columns.find(([each]) => each === key);
    set({ sort: key, descending });
  });
  const only = h("button.chip", { type: "button", "aria-pressed": "true", onclick: () => set({ only: "" }) });
  const clear = h(
    "button.button.quiet",
    { type: "button", onclick: () => set({ ...OPEN }) },
    "Clear filters",
  );
  const node = h(
    "div.toolbar.nodefilters",
    { role: "search" },
    words.input,
    shown.node,
    review.node,
    opinion.node,
    order.node,
    only,
    clear,
    bulk,
  );
  const show = (now) => {
    words.show(now.q);
    shown.input.value = now.show;
    review.input.value = now.review;
    opinion.input.value = now.opinion in OPINIONS ? now.opinion : "";
    order.input.value = now.sort;
    only.hidden = !now.only;
    only.textContent = `One cluster: ${number(now.only.split(",").length)} nodes ✕`;
    clear.hidden = narrowed(now) === 0;
  };
  show(state);
  return { node, show };
}
