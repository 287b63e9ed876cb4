// Which words of two texts differ: the longest common runs are found first, and runs below a least length do not count.

import { h } from "./core.js";

const WORD = /\S+/gu;
const OUTER = /^[\p{P}\p{S}]+|[\p{P}\p{S}]+$/gu;

/** [{start, end, key}] of a text; `key` is the word without case and outer punctuation, by which words are compared. */
export function wordsOf(text) {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    start: index,
    end: index + word.length,
    key: word.replace(OUTER, "").toLowerCase() || word,
  }));
}

/**
 * Matching runs [a, b, length] of two lists of keys, in order, none shorter than `least`.
 * As Python's difflib without its junk rules: the longest run (of those the first in a, then in b), then left and right of it.
 */
export function runs(a, b, least = 3) {
  const places = new Map();
  b.forEach((key, at) => places.get(key)?.push(at) ?? places.set(key, [at]));
  const found = [];
  const open = [[0, a.length, 0, b.length]];
  while (open.length) {
    const [a0, a1, b0, b1] = open.pop();
    const [i, j, size] = longest(a, places, a0, a1, b0, b1);
    if (size < least) continue;
    found.push([i, j, size]);
    open.push([a0, i, b0, j], [i + size, a1, j + size, b1]);
  }
  return found.sort((left, right) => left[0] - right[0]);
}

function longest(a, places, a0, a1, b0, b1) {
  let best = [a0, b0, 0];
  let before = new Map(); // length of the run that ends at this place of b, one word of a earlier
  for (let i = a0; i < a1; i += 1) {
    const ending = new Map();
    for (const j of places.get(a[i]) ?? []) {
      if (j < b0 || j >= b1) continue;
      const size = (before.get(j - 1) ?? 0) + 1;
      ending.set(j, size);
      if (size > best[2]) best = [i - size + 1, j - size + 1, size];
    }
    before = ending;
  }
  return best;
}

/** What differs, as ranges [{start, end}] of characters of each text; neighbouring words are one range. */
export function wordDiff(first, second, least = 3) {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  const common = runs(a.map(keyOf), b.map(keyOf), least);
  const inside = (side) => (at) => common.some((run) => at >= run[side] && at < run[side] + run[2]);
  return [joined(a, inside(0)), joined(b, inside(1))];
}

function keyOf(word) {
  return word.key;
}

function joined(words, isCommon) {
  const ranges = [];
  words.forEach(({ start, end }, at) => {
    if (isCommon(at)) return;
    const last = ranges.at(-1);
    if (last && last.next === at) Object.assign(last, { end, next: at + 1 });
    else ranges.push({ start, end, next: at + 1 });
  });
  return ranges.map(({ start, end }) => ({ start, end }));
}

/** Nodes of `text` from `start` to `end`, its `ranges` in <mark>. */
export function markRanges(text, ranges, start = 0, end = text.length) {
  const nodes = [];
  let at = start;
  for (const range of ranges) {
    const [from, to] = [Math.max(range.start, start), Math.min(range.end, end)];
    if (from >= to) continue;
    nodes.push(text.slice(at, from), h("mark", {}, text.slice(from, to)));
    at = to;
  }
  return [...nodes, text.slice(at, end)].filter((node) => node !== "");
}
