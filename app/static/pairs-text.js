// An answer to read: its sub-sentences tinted by what CLIP says of each, the words that differ from the other answer marked.

import { h } from "./core.js";
import { number } from "./format.js";
import { table } from "./table.js";
import { markRanges, wordDiff } from "./word-diff.js";

/** Whether the row brought the scores itself: CLIP was not asked, and they are no shares. */
export function given(pair) {
  return [...pair.chosen_pieces, ...pair.rejected_pieces].every(({ cos }) => cos === null);
}

/** A share as percent, any other score as it stands. */
function score(piece) {
  if (piece.cos === null) return number(piece.share);
  if (piece.share === null || piece.share === undefined) return number(piece.cos);
  if (piece.share < 0 || piece.share > 1) return number(piece.share);
  if (piece.share > 0 && piece.share < 0.0005) return "< 0.1 %";
  return `${(100 * piece.share).toFixed(piece.share < 0.0995 ? 1 : 0)} %`;
}

function told(piece, side) {
  const cos =
    piece.cos === null || piece.cos === undefined ? "" : `, cosine to the image ${number(piece.cos)}`;
  return `${side}: “${piece.text}” ${piece.cos === null ? `scores ${score(piece)}, as the row says` : `has ${score(piece)} of the evidence${cos}`}`;
}

/** The text of one answer with its pieces [{text, start, end, cos, share}]; what lies between pieces stays plain. */
function answer(text, pieces, differs, { side, most, say }) {
  const nodes = [];
  let at = 0;
  for (const piece of [...pieces].sort((a, b) => a.start - b.start)) {
    nodes.push(...markRanges(text, differs, at, piece.start));
    const strength = most > 0 ? Math.round((100 * Math.max(0, piece.share ?? 0)) / most) : 0;
    const node = h(
      "span.piece",
      {
        tabIndex: 0,
        title: told(piece, side),
        onfocus: () => say(told(piece, side)),
        onpointerenter: () => say(told(piece, side)),
      },
      ...markRanges(text, differs, piece.start, piece.end),
      h("span.share", { "aria-label": piece.cos === null ? `score ${score(piece)}` : `${score(piece)} of the evidence` }, score(piece)),
    );
    node.style.setProperty("--share", `${strength}%`);
    nodes.push(node);
    at = piece.end;
  }
  return h("p.answer", {}, ...nodes, ...markRanges(text, differs, at));
}

/** Both answers of a pair: {chosen, rejected, readout, legend, twin}; `swapped` names them as a flip would. */
export function answers(pair) {
  const readout = h("p.readout", { "aria-live": "polite" });
  const [chosenDiffers, rejectedDiffers] = wordDiff(pair.chosen, pair.rejected);
  const all = [...pair.chosen_pieces, ...pair.rejected_pieces];
  const most = Math.max(0, ...all.map((piece) => piece.share ?? 0));
  const say = (words) => (readout.textContent = words);
  const alike = !chosenDiffers.length && !rejectedDiffers.length;
  return {
    chosen: answer(pair.chosen, pair.chosen_pieces, chosenDiffers, { side: "Chosen", most, say }),
    rejected: answer(pair.rejected, pair.rejected_pieces, rejectedDiffers, { side: "Rejected", most, say }),
    readout,
    note: alike ? h("p.muted.fine", {}, "No word differs: only case, punctuation or spacing.") : "",
    twin: twin(pair),
  };
}

export function legend(pair) {
  const shades = [0, 50, 100].map((strength) => {
    const swatch = h("span.piece.swatch", { "aria-hidden": "true" });
    swatch.style.setProperty("--share", `${strength}%`);
    return swatch;
  });
  return h(
    "div.kinds",
    {},
    h("span.key", {}, ...shades, given(pair) ? "the score that the row brings for each sub-sentence" : "share of CLIP's evidence, both answers together 100 %; the number says it"),
    h("span.key", {}, h("mark", {}, "marked"), "in no run of 3 or more words that both answers have"),
  );
}

function twin(pair) {
  const rows = [
    ...pair.chosen_pieces.map((piece) => ({ ...piece, side: "chosen" })),
    ...pair.rejected_pieces.map((piece) => ({ ...piece, side: "rejected" })),
  ];
  const columns = [
    {
      key: "text",
      title: "Sub-sentence",
      wide: true,
      value: (row) => row.text,
      cell: (row) => row.text || "(empty)",
    },
    { key: "side", title: "Answer", value: (row) => row.side, cell: (row) => row.side },
    {
      key: "cos",
      title: "Cosine to the image",
      num: true,
      value: (row) => row.cos,
      cell: (row) => number(row.cos),
    },
    { key: "share", title: "Evidence", num: true, value: (row) => row.share, cell: score },
  ];
  return h(
    "details",
    {},
    h("summary", {}, "Evidence as a table"),
    table({ caption: "Evidence by sub-sentence", columns, rows }),
  );
}
