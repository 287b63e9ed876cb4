// What a person decides of the rows of a list: shown at once, kept by the studio, taken back where keeping failed, undone on wish.

import { toast } from "./core.js";

export class Changes {
  known = new Map(); // key -> what is shown
  stored = new Map(); // key -> what the studio is known to keep
  waiting = new Map(); // key -> how many of its changes are on their way
  past = []; // of each decision, the [key, fields before the change] that it was about
  sending = Promise.resolve();

  /**
   * `nothing`: what holds where nothing was decided; `send(key, change, now)` keeps a change, where `now` is all that holds then;
   * `onchange(key, now, before)` draws what is shown, also where keeping failed.
   */
  constructor({ nothing, send, onchange }) {
    Object.assign(this, { nothing, send, onchange });
    window.addEventListener("beforeunload", (event) => this.waiting.size && event.preventDefault()); // else lost
  }

  /** What the studio keeps of `key`; a change still on its way is newer. */
  learn(key, kept) {
    if (this.waiting.has(key)) return;
    this.known.set(key, kept);
    this.stored.set(key, kept);
  }

  of(key) {
    return this.known.get(key) ?? this.nothing;
  }

  /** Change some fields; the others stay as they are, also where somebody else changes them. */
  change(key, change) {
    const before = this.of(key);
    const changed = Object.keys(change).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(change[name]),
    );
    if (!changed.length) return;
    const pick = (all) => Object.fromEntries(changed.map((name) => [name, all[name]]));
    this.past.push([[key, pick(before)]]);
    this.keep(key, pick(change));
  }

  /** Take the last decision back; gives the first key it was about, or null. */
  undo() {
    const last = this.past.pop();
    if (!last) {
      toast("Nothing to undo.");
      return null;
    }
    for (const each of last) this.keep(...each);
    toast("Undone.");
    return last[0][0];
  }

  /** One after another, so that the last change is the last one kept. */
  keep(key, change) {
    const now = { ...this.of(key), ...change };
    this.show(key, now);
    this.waiting.set(key, (this.waiting.get(key) ?? 0) + 1);
    this.sending = this.sending.then(() => this.deliver(key, change, now));
  }

  show(key, now) {
    const before = this.of(key);
    this.known.set(key, now);
    this.onchange(key, now, before);
  }

  async deliver(key, change, all) {
    try {
      await this.send(key, change, all);
      this.stored.set(key, { ...this.storedOf(key), ...change });
    } catch (error) {
      toast(`Not kept: ${error.message}`, "bad");
      this.past = this.past.filter((decision) => decision.every(([each]) => each !== key));
      const now = this.of(key);
      const failed = Object.keys(change).filter((name) => now[name] === change[name]); // else a newer change is on its way
      this.show(key, {
        ...now,
        ...Object.fromEntries(failed.map((name) => [name, this.storedOf(key)[name]])),
      });
    } finally {
      const left = this.waiting.get(key) - 1;
      if (left) this.waiting.set(key, left);
      else this.waiting.delete(key);
    }
  }

  storedOf(key) {
    return this.stored.get(key) ?? this.nothing;
  }
}
