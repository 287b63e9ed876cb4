// What the Anomaly page shows: read from the address, written to it, and asked of REST.

import { query, setQuery } from "./core.js";

export const PAGE = 25;
export const APART = 0.1; // by which this score's percentile and the plain scores' must differ to be called a disagreement
export const REVIEWS = {
  "": "All",
  none: "Not reviewed",
  any: "Reviewed",
  confirm: "Confirmed",
  dismiss: "Dismissed",
  unsure: "Unsure",
};
export const OPINIONS = {
  "": { name: "Any", filters: [] },
  only: {
    name: "Only this score is high",
    filters: [`apart:ge:${APART}`],
    order: { sort: "rank", descending: false },
  },
  agree: {
    name: "A plain score is as high",
    filters: ["apart:le:0"],
    order: { sort: "rank", descending: false },
  },
  others: {
    name: "Only a plain score is high",
    filters: [`apart:le:-${APART}`],
    order: { sort: "apart", descending: false },
  },
};
const WORDS = ["run", "node", "q", "review", "opinion", "only", "show"];
export const OPEN = { q: "", review: "", opinion: "", only: "", show: "" };
export const ORDER = { sort: "rank", descending: false };

/** A number of the address in [low, high]; null where there is none. */
function within(name, low, high) {
  const text = query(name);
  const value = Number(text);
  return text !== "" && value >= low && value <= high ? value : null;
}

/** `top` and `weight` are null where the run's own hold. */
export function readState() {
  const top = within("top", 1, Number.MAX_SAFE_INTEGER);
  return {
    ...Object.fromEntries(WORDS.map((name) => [name, query(name)])),
    top: top === null ? null : Math.floor(top),
    labels: false, // asked for anew each time
    weight: within("weight", 0, 1),
    sort: query("sort") || ORDER.sort,
    descending: query("down") === "1",
    page: Math.max(1, Math.floor(Number(query("page"))) || 1),
  };
}

export function writeState(state) {
  setQuery({
    ...Object.fromEntries(WORDS.map((name) => [name, state[name]])),
    top: state.top === null ? "" : String(state.top),
    weight: state.weight === null ? "" : String(state.weight),
    sort: state.sort === ORDER.sort ? "" : state.sort,
    down: state.descending ? "1" : "",
    page: state.page > 1 ? state.page : "",
  });
}

/** How many filters narrow the list. */
export function narrowed(state) {
  return Object.keys(OPEN).filter((name) => state[name]).length;
}

/** The order and the budget, as parameters that every question about a run's nodes takes. */
export function cut(state) {
  const asked = new URLSearchParams();
  if (state.weight !== null) asked.set("weight", state.weight);
  if (state.top !== null) asked.set("top", state.top);
  return asked;
}

/** The page of the list that `state` asks for, as parameters of `runs/{id}/nodes`. */
export function listParameters(state, offset = (state.page - 1) * PAGE, limit = PAGE) {
  const asked = cut(state);
  for (const [name, value] of Object.entries({ ...order(state), offset, limit })) asked.set(name, value);
  for (const name of ["q", "review"]) if (state[name]) asked.set(name, state[name]);
  for (const filter of OPINIONS[state.opinion]?.filters ?? []) asked.append("filter", filter);
  if (state.only) asked.append("filter", `position:in:${state.only}`);
  if (state.labels) asked.set("labels", true);
  if (state.show === "flagged") asked.append("filter", "flagged:eq:true");
  return asked;
}

function order({ sort, descending, weight }) {
  return sort === "weighted" && weight === null ? ORDER : { sort, descending }; // no such figure without a moved weight
}
