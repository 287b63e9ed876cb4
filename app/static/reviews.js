// What a person decides of one thing of a kind: a verdict, tags and a note, kept by the studio as they are given.

import { Changes } from "./changes.js";
import { api, h } from "./core.js";

export const NOTHING = { verdict: null, tags: [], note: "" };

export class Reviews extends Changes {
  /**
   * `kind`: as REST names it, "pair"; `idOf(row)`: what a row's review is about; `onchange(id, now, before)` draws what is
   * shown, and is called again where keeping failed.
   */
  constructor({ kind, idOf, onchange }) {
    const send = (id, change) => api(`reviews/${kind}/${id}`, { method: "PUT", body: change });
    super({ nothing: NOTHING, send, onchange });
    Object.assign(this, { kind, idOf });
  }

  /** The same decision about several things in one go, after what is still on its way; one undo takes it back. */
  many(ids, change) {
    const work = this.sending.then(() => this.putAll(ids, change));
    this.sending = work.catch(() => {}); // whoever asked is told
    return work;
  }

  async putAll(ids, change) {
    await api(`reviews/${this.kind}`, { method: "PUT", body: { subjects: ids, ...change } });
    const names = Object.keys(change);
    this.past.push(ids.map((id) => [id, Object.fromEntries(names.map((name) => [name, this.of(id)[name]]))]));
    for (const id of ids) {
      this.stored.set(id, { ...this.storedOf(id), ...change });
      this.show(id, { ...this.of(id), ...change });
    }
  }

  /** Reviews as rows brought them. */
  learnRows(rows) {
    for (const row of rows) this.learn(this.idOf(row), plain(row.review));
  }
}

function plain(review) {
  return review
    ? { verdict: review.verdict ?? null, tags: review.tags ?? [], note: review.note ?? "" }
    : NOTHING;
}

/** A verdict as a sign and a word; a dash where there is none. `verdicts`: {key: {said, sign}}. */
export function verdictMark(review, verdicts) {
  const verdict = verdicts[review.verdict];
  const extra = [
    review.tags.length ? `tags: ${review.tags.join(", ")}` : "",
    review.note ? `note: ${review.note}` : "",
  ].filter(Boolean);
  const more = extra.length
    ? h("span.muted", { title: extra.join("; "), "aria-label": extra.join("; ") }, " ✎")
    : "";
  return verdict
    ? h(`span.verdict.${review.verdict}`, {}, `${verdict.sign} ${verdict.said}`, more)
    : h("span.muted", {}, "–", more);
}
