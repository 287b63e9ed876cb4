// What a person decides of pairs: shown at once, kept by the studio, taken back where keeping failed, undone on wish.

import { api, toast } from "./core.js";

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

export class Reviews {
  known = new Map(); // pair -> what is shown
  stored = new Map(); // pair -> what the studio is known to keep
  waiting = new Map(); // pair -> how many of its changes are on their way
  past = []; // [pair, review before the change]
  sending = Promise.resolve();

  /** `onchange(pairId, now, before)` draws what is shown; called again where keeping failed. */
  constructor(onchange) {
    this.onchange = onchange;
  }

  /** Reviews as rows brought them; a change still on its way is newer than what a row says. */
  learn(rows) {
    for (const row of rows) {
      if (this.waiting.has(row.pair_id)) continue;
      this.known.set(row.pair_id, plain(row.review));
      this.stored.set(row.pair_id, plain(row.review));
    }
  }

  of(pairId) {
    return this.known.get(pairId) ?? NOTHING;
  }

  /** Change some fields of a review; the others stay as they are, also where somebody else changes them. */
  change(pairId, change) {
    const before = this.of(pairId);
    const changed = Object.keys(change).filter(
      (key) => JSON.stringify(before[key]) !== JSON.stringify(change[key]),
    );
    if (!changed.length) return;
    const pick = (review) => Object.fromEntries(changed.map((key) => [key, review[key]]));
    this.past.push([pairId, pick(before)]);
    this.keep(pairId, pick(change));
  }

  /** Take the last change back; gives the pair it was about, or null. */
  undo() {
    const last = this.past.pop();
    if (!last) {
      toast("Nothing to undo.");
      return null;
    }
    this.keep(...last);
    toast("Undone.");
    return last[0];
  }

  /** One after another, so that the last change is the last one kept. */
  keep(pairId, change) {
    this.show(pairId, { ...this.of(pairId), ...change });
    this.waiting.set(pairId, (this.waiting.get(pairId) ?? 0) + 1);
    this.sending = this.sending.then(() => this.send(pairId, change));
  }

  show(pairId, review) {
    const before = this.of(pairId);
    this.known.set(pairId, review);
    this.onchange(pairId, review, before);
  }

  async send(pairId, change) {
    try {
      await api(`reviews/pair/${pairId}`, { method: "PUT", body: change });
      this.stored.set(pairId, { ...this.storedOf(pairId), ...change });
    } catch (error) {
      toast(`Not kept: ${error.message}`, "bad");
      this.past = this.past.filter(([id]) => id !== pairId);
      const now = this.of(pairId);
      const failed = Object.keys(change).filter((key) => now[key] === change[key]); // else a newer change is on its way
      this.show(pairId, {
        ...now,
        ...Object.fromEntries(failed.map((key) => [key, this.storedOf(pairId)[key]])),
      });
    } finally {
      const left = this.waiting.get(pairId) - 1;
      if (left) this.waiting.set(pairId, left);
      else this.waiting.delete(pairId);
    }
  }

  storedOf(pairId) {
    return this.stored.get(pairId) ?? NOTHING;
  }
}

function plain(review) {
  return review
    ? { verdict: review.verdict ?? null, tags: review.tags ?? [], note: review.note ?? "" }
    : NOTHING;
}
