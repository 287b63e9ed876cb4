// What the Pairs page shows: read from the address, written to it, and asked of REST.

import { query, setQuery } from "./core.js";
import { QUARTERS } from "./pairs-quarters.js";
import { QUEUES } from "./pairs-queues.js";

export const PAGE = 25;
export const RANGES = ["delta", "gap", "length_gap"];
export const REVIEWS = {
  "": "All pairs",
  none: "Not reviewed",
  any: "Reviewed",
  keep: "Kept",
  flip: "Flipped",
  drop: "Dropped",
};
const WORDS = ["run", "training", "pair", "q", "review", "tag", "level", "quarter", "queue", "colour"];

/** "0.1..", "..2" or "-1..1" as [low, high], null where open or unreadable. */
function range(text) {
  const ends = text.split("..");
  const read = (end) =>
    end === undefined || end.trim() === "" || !Number.isFinite(Number(end)) ? null : Number(end);
  return ends.length === 2 ? ends.map(read) : [null, null];
}

export function isOpen([low, high]) {
  return low === null && high === null;
}

export function readState() {
  return {
    ...Object.fromEntries(WORDS.map((name) => [name, query(name)])),
    ...Object.fromEntries(RANGES.map((name) => [name, range(query(name))])),
    sort: query("sort") || "position",
    descending: query("down") === "1",
    page: Math.max(1, Math.floor(Number(query("page"))) || 1),
  };
}

export function writeState(state) {
  const ranges = RANGES.map((name) => [
    name,
    isOpen(state[name]) ? "" : state[name].map((end) => end ?? "").join(".."),
  ]);
  setQuery({
    ...Object.fromEntries(WORDS.map((name) => [name, state[name]])),
    ...Object.fromEntries(ranges),
    sort: state.sort === "position" ? "" : state.sort,
    down: state.descending ? "1" : "",
    page: state.page > 1 ? state.page : "",
  });
}

/** How many filters narrow the list. */
export function filtered(state) {
  const words = ["q", "review", "tag", "level", "quarter", "queue"].filter((name) => state[name]).length;
  return words + RANGES.filter((name) => !isOpen(state[name])).length;
}

export const OPEN = {
  q: "",
  review: "",
  tag: "",
  level: "",
  quarter: "",
  queue: "",
  delta: [null, null],
  gap: [null, null],
  length_gap: [null, null],
};

/** The page of the list that `state` asks for, as parameters of `runs/{id}/pairs`. */
export function listParameters(state) {
  const asked = new URLSearchParams({
    sort: state.sort,
    descending: state.descending,
    offset: (state.page - 1) * PAGE,
    limit: PAGE,
  });
  for (const name of ["training", "q", "review", "tag"]) if (state[name]) asked.set(name, state[name]);
  for (const filter of filters(state)) asked.append("filter", filter);
  return asked;
}

/** The pairs that `state` lists, whatever the page, as a link's selection. */
export function selectionOf(state) {
  const asked = listParameters(state);
  const words = { training: "training", review: "review", tag: "tag", q: "text" };
  const found = Object.fromEntries(
    Object.entries(words).flatMap(([name, field]) => (asked.get(name) ? [[field, asked.get(name)]] : [])),
  );
  if (asked.getAll("filter").length) found.filters = asked.getAll("filter");
  if (state.sort !== "position" || state.descending) Object.assign(found, { sort: state.sort, descending: state.descending });
  return found;
}

function filters(state) {
  const found = [...(QUEUES[state.queue]?.filters ?? [])];
  if (state.level) found.push(`level:eq:${state.level}`);
  if (state.training) found.push(...(QUARTERS[state.quarter]?.filters ?? []));
  for (const name of RANGES) {
    if (name === "gap" && !state.training) continue; // there is no gap without training
    const [low, high] = state[name];
    if (low !== null) found.push(`${name}:ge:${low}`);
    if (high !== null) found.push(`${name}:le:${high}`);
  }
  return found;
}
