// Where the Unlearning page begins: an adapter's training table, or the way to one; and the ranking of its rows.

import { BASE, action, api, every, h, poll } from "./core.js";
import { runTitle } from "./format.js";

const RANK = "unlearning.rank";
const WORLD = [
  ["regularised", "Open the regularised adapter", "Rows of the small world's regularised adapter"],
  ["memorising", "Open the memorising adapter", "Rows of the small world's memorising adapter"],
];
const ABOUT =
  "This page begins with the rows that an adapter was trained on. Two small adapters come with the studio, trained on 222 questions about the shops of a made-up town, some with wrong answers: one regularised, where an edit goes in nearly the right direction, and one that learnt its rows by heart, where it does little. To open one takes about half a minute. Or train one, or bring your own, below.";

/** The run that lists the rows of this table's adapter with their self-influence. */
export function ranking(table) {
  const { adapter, data } = table;
  const { model, format, template } = table.config;
  const given = Object.entries({ model, adapter, data, format, template }).filter(([, value]) => value);
  return {
    method: RANK,
    config: { ...Object.fromEntries(given), influence: "gradient" },
    title: `Suspicious rows: ${runTitle(table)}`.slice(0, 200),
  };
}

/** A button that lists the rows of a small adapter, which `page` then shows. */
function opener(page, [adapter, words, title], kind = "") {
  const launch = async () => {
    const body = { method: RANK, config: { adapter, influence: "gradient" }, title };
    const made = await api("runs", { method: "POST", body });
    page.goTo({ table: made.id, request: "" });
  };
  return h(`button.button${kind}`, { type: "button", onclick: action(launch) }, words);
}

/** Beside the table of one small adapter, the way to the other, where that has none yet. */
export function counterpart(page, table, tables) {
  const names = WORLD.map(([adapter]) => adapter);
  if (!names.includes(table.adapter)) return "";
  const other = WORLD.find(([adapter]) => tables.every((each) => each.adapter !== adapter));
  return other ? opener(page, other, ".quiet") : "";
}

/** The table or request that the address names is not there: why, the requests that outlived it, and the ways on. */
export async function absent(page, error) {
  const { table, request } = page.state;
  const why = request ? "It was deleted while it was a draft, or its address is mistyped." : "Choose another table, or list the rows of its adapter anew.";
  const about = request ? [] : await every(`requests?${new URLSearchParams({ table })}`, { signal: page.stop.signal });
  const outlived = about.map(({ id, title }) => h("li", {}, h("a", { href: `${BASE}unlearning?request=${id}` }, title)));
  page.replaceChildren(
    h(
      "div.notice.bad",
      { role: "alert" },
      h("strong", {}, "Not found"),
      h("p", {}, `${error.message}. ${why}`),
      outlived.length ? h("p", {}, "What was asked of it is still on record:") : "",
      outlived.length ? h("ul", {}, ...outlived) : "",
      h("button.button", { type: "button", onclick: () => page.goTo({ table: "", request: "" }) }, "Choose another table"),
    ),
  );
}

/** One click lists the rows of a small adapter; whatever is launched elsewhere is found too, and `page` starts anew. */
export async function beginning(page, signal) {
  const buttons = WORLD.map((each, at) => opener(page, each, at ? "" : ".primary"));
  page.replaceChildren(
    h("div.empty", {}, h("strong", {}, "No training table yet"), h("p", {}, ABOUT), h("div.actions", {}, ...buttons)),
  );
  const look = async () => !(await api("unlearning/tables", { signal })).items.length;
  await poll(look, { every: 4000, signal });
  if (!signal.aborted) page.connectedCallback();
}
