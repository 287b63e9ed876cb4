// What the Unlearning page shows: read from the address, written to it, and asked of REST.

import { query, setQuery } from "./core.js";

export const PAGE = 25;
const WORDS = ["request", "table", "row", "q", "kind"];
const FIRST = { sort: "position", descending: false };
export const OPEN = { q: "", kind: "" };
export const KINDS = { wrong: "Wrong answer", private: "Private", prompt: "Wrong prompt" };

export function readState() {
  return {
    ...Object.fromEntries(WORDS.map((name) => [name, query(name)])),
    sort: query("sort") || FIRST.sort,
    descending: query("down") === "1",
    page: Math.max(1, Math.floor(Number(query("page"))) || 1),
  };
}

export function writeState(state) {
  setQuery({
    ...Object.fromEntries(WORDS.map((name) => [name, state[name]])),
    sort: state.sort === FIRST.sort ? "" : state.sort,
    down: state.descending ? "1" : "",
    page: state.page > 1 ? state.page : "",
  });
}

export function isNarrowed(state) {
  return Boolean(state.q || state.kind);
}

/** The page of the table that `state` asks for, as parameters of `runs/{id}/instructions`. */
export function listParameters(state, offset = (state.page - 1) * PAGE, limit = PAGE) {
  const asked = new URLSearchParams({ sort: state.sort, descending: state.descending, offset, limit });
  if (state.q) asked.set("q", state.q);
  if (state.kind) asked.append("filter", `kind:eq:${state.kind}`);
  return asked;
}

const STATES = {
  requested: ["Requested", "○"],
  approved: ["Approved", "◇"],
  running: ["Running", "◐"],
  verified: ["Verified", "●"],
  kept: ["Kept", "✓"],
  rejected: ["Rejected", "✕"],
};

/** The state of a request: [word, sign]. */
export function stateOf(request) {
  return STATES[request.state] ?? [request.state, ""];
}
