// All comparisons that are kept: searched, pinned ones first, then the newest.

import { BASE, action, api, h, query, setQuery } from "./core.js";
import { counted } from "./compare-head.js";
import { ago, statusName } from "./format.js";

const PAGE = 30;
const ORDER = ["running", "cancelling", "queued", "failed", "cancelled", "succeeded", "deleted"];

/** Fill `page` with the list. */
export async function library(page, signal) {
  const search = h("input", { type: "search", value: query("q"), placeholder: "Search title, notes, who", "aria-label": "Search comparisons" });
  const count = h("span.muted", { role: "status" });
  const list = h("ul.cards");
  const rest = h("div.actions");
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    setQuery({ q: search.value.trim() });
    waiting = setTimeout(() => fill().catch((error) => page.fail(error)), 180);
  });

  async function fill(cursor = "") {
    const asked = search.value.trim();
    const found = await api(`comparisons?${new URLSearchParams({ q: asked, limit: PAGE, ...(cursor ? { cursor } : {}) })}`, { signal });
    if (asked !== search.value.trim()) return; // the search changed meanwhile
    count.textContent = `${found.total} ${found.total === 1 ? "comparison" : "comparisons"}`;
    if (!cursor) list.replaceChildren();
    list.append(...found.items.map(card));
    const more = h("button.button", { type: "button", onclick: action(() => fill(found.cursor)) }, `Show more (${list.children.length} of ${found.total})`);
    rest.replaceChildren(found.cursor ? more : "");
    if (!found.total) list.replaceChildren(h("li.empty", {}, h("strong", {}, "No comparison matches"), h("p", {}, "Search for less, or by a word of the title or the notes.")));
  }

  const heading = h(
    "header.pagehead",
    {},
    h("h1", { id: "content", tabIndex: -1 }, "Comparisons"),
    h("p.muted", {}, "Runs side by side: launch several policies at once, or choose runs on the runs page."),
    h("div.actions", {}, h("a.button", { href: `${BASE}runs` }, "Choose runs")),
  );
  await fill();
  if (!list.querySelector("li.card") && !search.value) page.replaceChildren(heading, empty());
  else page.replaceChildren(heading, h("div.toolbar", { role: "search" }, search, count), list, rest);
}

function card(item) {
  const states = ORDER.filter((name) => item.statuses[name] && name !== "succeeded").map((name) => `${item.statuses[name]} ${name === "deleted" ? "deleted" : statusName(name).toLowerCase()}`);
  return h(
    "li.card",
    {},
    h("a", { href: `${BASE}compare?c=${item.id}` }, h("strong", {}, item.title || `Comparison ${item.id}`)),
    item.pinned ? h("small.tag", {}, "pinned") : "",
    h("p.muted", {}, [counted(item.run_ids.length), ...states].join(" · "), " · ", ago(item.created_at), item.owner ? ` · ${item.owner}` : ""),
    item.notes ? h("p.clip", {}, item.notes) : "",
  );
}

function empty() {
  return h(
    "div.empty",
    {},
    h("strong", {}, "No comparison yet"),
    h("p", {}, "Launch several policies on the page of a family, or choose two runs or more on the runs page."),
    h("a.button.primary", { href: `${BASE}caching` }, "Go to caching"),
  );
}
