// Which base classes are struck out for which novel class, and how many are taken, as people change it before they run again.

import { METHOD } from "./afr-data.js";
import { api } from "./core.js";

export class Vetoes {
  /** `rows`: records of kind afr_related; every struck class is among those listed there. */
  constructor(rows) {
    this.lists = new Map(rows.map((row) => [row.class, [...row.related, ...row.candidates]]));
    this.given = Math.max(...rows.map((row) => row.related.filter((base) => !base.vetoed).length));
    this.k = this.given;
    this.struck = new Map(rows.map((row) => [row.class, this.before(row.class)]));
  }

  before(novel) {
    return new Set(this.lists.get(novel).filter((base) => base.vetoed).map((base) => base.name));
  }

  set(novel, base, allowed) {
    const struck = this.struck.get(novel);
    if (allowed) struck.delete(base);
    else struck.add(base);
  }

  reset() {
    this.k = this.given;
    for (const novel of this.struck.keys()) this.struck.set(novel, this.before(novel));
  }

  /** Each base class that is listed for `novel`: {name, similarity, state: "used" | "struck" | "next", fresh: whether that is new}. */
  of(novel) {
    const struck = this.struck.get(novel);
    let left = this.k;
    const before = new Set(this.used(novel));
    return this.lists.get(novel).map(({ name, similarity, vetoed }) => {
      const state = struck.has(name) ? "struck" : left-- > 0 ? "used" : "next";
      const fresh = state === "struck" ? !vetoed : state === "used" ? !before.has(name) : Boolean(vetoed) || before.has(name);
      return { name, similarity, state, fresh };
    });
  }

  /** What the run itself mixed in. */
  used(novel) {
    return this.lists.get(novel).filter((base) => !base.vetoed).slice(0, this.given).map((base) => base.name);
  }

  /** Whether enough base classes are left in the list to say what the next run will take. */
  short(novel) {
    return this.of(novel).filter(({ state }) => state === "used").length < this.k;
  }

  /** [novel, base, "out" | "in"] of each change that has not been run. */
  get changes() {
    return [...this.struck].flatMap(([novel, struck]) => {
      const before = this.before(novel);
      const out = [...struck].filter((name) => !before.has(name)).map((name) => [novel, name, "out"]);
      return [...out, ...[...before].filter((name) => !struck.has(name)).map((name) => [novel, name, "in"])];
    });
  }

  /** The setting of the next run, a line a veto. */
  get text() {
    return [...this.struck].flatMap(([novel, struck]) => [...struck].map((base) => `${novel}: ${base}`)).join("\n");
  }
}

/** Queue the run again with other values of some settings, on the same episodes; gives the new run. */
export function runAgain(run, values, title) {
  const config = { ...run.config, ...values };
  return api("runs", { method: "POST", body: { method: METHOD, config, seed: run.seed, title, parent_id: run.id } });
}
