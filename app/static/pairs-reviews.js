// What a person decides of pairs: a verdict, tags and a note.

import { Changes } from "./changes.js";
import { api } from "./core.js";

export const VERDICTS = {
  keep: { name: "Keep", said: "Kept", key: "x", sign: "✓", about: "the label is right" },
  flip: {
    name: "Flip",
    said: "Flipped",
    key: "f",
    sign: "⇄",
    about: "the rejected answer is the better one: they change places in the export",
  },
  drop: { name: "Drop", said: "Dropped", key: "d", sign: "✕", about: "leave the pair out of the export" },
};
export const NOTHING = { verdict: null, tags: [], note: "" };

export class Reviews extends Changes {
  /** `onchange(pairId, now, before)` draws what is shown; called again where keeping failed. */
  constructor(onchange) {
    const send = (pairId, change) => api(`reviews/pair/${pairId}`, { method: "PUT", body: change });
    super({ nothing: NOTHING, send, onchange });
  }

  /** Reviews as rows brought them. */
  learnRows(rows) {
    for (const row of rows) this.learn(row.pair_id, plain(row.review));
  }
}

function plain(review) {
  return review
    ? { verdict: review.verdict ?? null, tags: review.tags ?? [], note: review.note ?? "" }
    : NOTHING;
}
