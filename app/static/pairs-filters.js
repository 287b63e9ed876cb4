// What narrows the list of pairs: words, review, level, tag, and the queues of contested pairs.

import { h } from "./core.js";
import { search, select } from "./fields.js";
import { queues } from "./pairs-queues.js";
import { OPEN, REVIEWS, filtered } from "./pairs-state.js";

/** `facts`: {counts, levels, tags} of the set. `set(change, choose)` asks anew. Gives {node, show(state)}. */
export function filters(state, facts, set) {
  const words = search("Search pairs", "Search prompts and answers  ( / )", (q) => set({ q }));
  const review = select("Review", Object.entries(REVIEWS), (value) => set({ review: value }));
  const level = select("Level", [["", "All levels"], ...facts.levels.map((name) => [name, name])], (value) =>
    set({ level: value }),
  );
  const tag = select("Tag", [["", "All tags"], ...facts.tags.map((name) => [name, name])], (value) =>
    set({ tag: value }),
  );
  const queue = queues(facts.counts, (name) => {
    if (name) set({ queue: name, sort: "delta", descending: false }, "first");
    else set({ queue: "" });
  });
  const clear = h(
    "button.button.quiet",
    { type: "button", onclick: () => set({ ...OPEN }) },
    "Clear filters",
  );
  const bar = h(
    "div.toolbar.pairfilters",
    { role: "search" },
    words.input,
    review.node,
    facts.levels.length > 1 ? level.node : "",
    facts.tags.length ? tag.node : "",
    ...queue.nodes,
    clear,
  );
  const show = (now) => {
    words.show(now.q);
    review.input.value = now.review;
    level.input.value = now.level;
    tag.input.value = now.tag;
    queue.show(now.queue);
    clear.hidden = filtered(now) === 0;
  };
  show(state);
  return { node: h("div", {}, bar, queue.note), show };
}
