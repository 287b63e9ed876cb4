// All rows that a run recorded of one kind.

import { api } from "./core.js";

const PAGE = 1000;

/** Rows in their order; empty where the run recorded none of this kind. */
export async function records(run, kind, signal) {
  const rows = [];
  for (let total = 1; rows.length < total; ) {
    const page = await api(`runs/${run}/records/${kind}?offset=${rows.length}&limit=${PAGE}`, { signal });
    rows.push(...page.rows);
    total = page.rows.length ? page.total : 0;
  }
  return rows;
}
