// What a person asks of rows: that one be removed, its prompt edited, its answer corrected. Kept in the request at once.

import { Changes } from "./changes.js";
import { api, h } from "./core.js";

export const NOTHING = { remove: false, prompt: null, answer: null };
export const REMOVED = { remove: true, prompt: null, answer: null };
export const TASKS = {
  remove: { name: "Remove", sign: "✕", about: "the adapter should be as if it had never seen the row" },
  prompt: { name: "New prompt", sign: "✎", about: "the same answer to an edited prompt" },
  answer: { name: "New answer", sign: "✓", about: "a corrected answer to the same prompt" },
  both: { name: "New prompt and answer", sign: "✎", about: "an edited prompt with a corrected answer" },
};

/** The mark that makes of a row what is known to be right, where its data says so; null where it does not. */
export function known(row) {
  const right = (text, now) => (text && text !== now ? text : null);
  const mark = { remove: false, prompt: right(row.right_prompt, row.prompt), answer: right(row.right, row.answer) };
  return taskOf(mark) ? mark : null;
}

/** Which task a mark is; "" for none. */
export function taskOf(mark) {
  if (mark.remove) return "remove";
  if (mark.prompt !== null && mark.answer !== null) return "both";
  if (mark.prompt !== null) return "prompt";
  return mark.answer === null ? "" : "answer";
}

export function taskMark(mark) {
  const task = TASKS[taskOf(mark)];
  return task ? h(`span.task.${taskOf(mark)}`, { title: task.about }, `${task.sign} ${task.name}`) : h("span.muted", {}, "–");
}

export class Marks extends Changes {
  /** `request()` gives the id of the request, which may have to be made first; `onsent()` follows each mark, kept or not. */
  constructor({ request, onchange, onsent }) {
    super({ nothing: NOTHING, onchange, send: (row, _change, now) => this.put(row, now).finally(onsent) });
    Object.assign(this, { request, onsent });
  }

  /** The marks of a request as it stands: what it does not name is not marked. */
  learnItems(items) {
    const named = new Set(items.map((item) => item.row_id));
    for (const row of this.known.keys()) if (!named.has(row)) this.learn(row, NOTHING);
    for (const item of items)
      this.learn(item.row_id, {
        remove: item.task === "remove",
        prompt: item.new_prompt ?? null,
        answer: item.new_answer ?? null,
      });
  }

  async put(row, { remove, prompt, answer }) {
    const path = `requests/${await this.request()}/marks/${row}`;
    const edits = Object.entries({ prompt, answer }).filter(([, text]) => text !== null);
    const isMarked = remove || edits.length > 0;
    const body = remove ? { remove: true } : Object.fromEntries(edits);
    await api(path, isMarked ? { method: "PUT", body } : { method: "DELETE" });
  }

  /** Mark many rows in one go, [[row, mark], ...], after what is still on its way. */
  many(entries) {
    const work = this.sending.then(() => this.putAll(entries)).finally(this.onsent);
    this.sending = work.catch(() => {}); // whoever asked is told
    return work;
  }

  async putAll(entries) {
    const edited = (name) => Object.fromEntries(entries.filter(([, mark]) => mark[name] !== null).map(([row, mark]) => [row, mark[name]]));
    const removed = entries.filter(([, mark]) => mark.remove).map(([row]) => row);
    const body = { remove: removed, prompts: edited("prompt"), answers: edited("answer") };
    await api(`requests/${await this.request()}/marks`, { method: "PUT", body });
    this.past.push(entries.map(([row]) => [row, this.of(row)]));
    for (const [row, mark] of entries) {
      this.stored.set(row, mark);
      this.show(row, mark);
    }
  }
}
