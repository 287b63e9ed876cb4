// Rows that several runs have, such as pairs or instructions: how far the runs agree, and where they differ most.

import { api, complain, h } from "./core.js";
import { number, runTitle } from "./format.js";
import { table } from "./table.js";

const AT_FIRST = 8;

/** A box that fills itself; it stays empty where the methods list no rows or no two runs have the same. */
export function rowsCard(runs, signal) {
  const box = h("div.slot");
  const done = runs.filter((run) => run.status === "succeeded");
  if (new Set(done.map((run) => run.method)).size === done.length) return box;
  const asked = new URLSearchParams(done.map((run) => ["run", run.id]));
  api(`compare/rows?${asked}`, { signal })
    .then((found) => box.replaceChildren(...found.map((each) => card(each, runs))))
    .catch(complain);
  return box;
}

function card(found, runs) {
  const own = found.runs.map((id) => runs.find((run) => run.id === id));
  const caption = `The same ${found.noun}`;
  const columns = [
    ...found.columns.map((name, at) => ({ key: name, title: name, wide: true, value: (row) => row.shown[at], cell: (row) => h("span.clip", { title: row.shown[at] }, row.shown[at]) })),
    ...own.map((run, at) => ({
      key: run.id,
      title: runTitle(run),
      num: true,
      value: (row) => row.values[at],
      cell: (row) => h("span.measure", {}, number(row.values[at]), h("small", {}, `place ${row.ranks[at]}`)),
    })),
  ];
  const draw = (some) => table({ caption, columns, rows: some });
  const list = h("div", {}, draw(found.rows.slice(0, AT_FIRST)));
  const all = h("button.button", { type: "button", onclick: () => (list.replaceChildren(draw(found.rows)), all.remove()) }, `The first ${found.rows.length}`);
  const agree = own.slice(1).map((run, at) => `${runTitle(run)} ${found.agreement[at + 1] === null ? "–" : found.agreement[at + 1].toFixed(2)}`);
  return h(
    "section.card",
    { "aria-label": caption },
    h("h2", {}, `${caption} (${found.shared.toLocaleString("en")})`),
    h("p.remark", {}, `${found.value}: rank correlation (Spearman) with ${runTitle(own[0])}: ${agree.join(" · ")}.`),
    h("p.muted.fine", {}, found.by_rank ? "Those first whose places lie furthest apart, as the numbers of the runs are of different sizes." : "Those first whose numbers lie furthest apart."),
    list,
    found.rows.length > AT_FIRST ? h("p.actions", {}, all) : "",
  );
}
