// <v-regularise>: the Regularise page: one run's results, chosen among the latest and kept in the address as ?run=; whatever is
// launched here is followed. Without a run, one click makes the first.

import { BASE, Element, action, api, h, poll, query, setQuery } from "./core.js";
import { METHOD, runAddress } from "./afr-data.js";
import { ago, runTitle, statusName } from "./format.js";
import "./afr.js";
import "./afr-beside.js";

const LATEST = 12;
const FIRST = { ways: 10, episodes: 300, pictures: 20 }; // of the small world: seconds, and a task that one example leaves hard
const ABOUT =
  "A new class of which there are only a few examples borrows from classes of which there are many: those whose names mean something near. This page shows which ones are taken, lets you strike out wrong ones, and measures on the same episodes whether it helps at all. Begin with the small world's coloured shapes, or bring features, pictures or word vectors of your own below.";

class RegularisePage extends Element {
  async start(signal) {
    this.addEventListener("launched", (event) => (event.preventDefault(), this.choose(event.detail.id, signal)), { signal });
    // What is said around it was said while it ran.
    this.addEventListener("drawn", ({ detail }) => detail.id === this.working && this.choose(detail.id, signal), { signal });
    this.watch(signal);
    await this.load(signal);
  }

  /** A run that the panel of this page launched is shown once it has ended. */
  watch(signal) {
    const going = new Set();
    const heard = ({ detail: { id, finished }, target }) => {
      if (this.contains(target)) return;
      if (!finished) going.add(id);
      else if (going.delete(id)) this.choose(id, signal);
    };
    document.addEventListener("progress", heard, { signal });
  }

  choose(id, signal) {
    setQuery({ run: id });
    this.load(signal).catch((error) => this.fail(error));
  }

  async load(signal) {
    const found = await api(`runs?method=${METHOD}&limit=${LATEST}`, { signal });
    const asked = query("run");
    const named = found.runs.find((run) => run.id === asked) ?? (asked ? await api(`runs/${asked}`, { signal }) : null);
    const runs = named && !found.runs.includes(named) ? [named, ...found.runs] : found.runs;
    const shown = named ?? runs.find((run) => run.status === "succeeded") ?? runs[0];
    if (shown) this.show(runs, shown, signal);
    else await this.begin(signal);
  }

  show(runs, shown, signal) {
    const name = (run) => `${runTitle(run)}${run.status === "succeeded" ? "" : ` (${statusName(run.status).toLowerCase()})`}`;
    const choice = h(
      "select",
      { onchange: ({ target }) => this.choose(target.value, signal) },
      ...runs.map((run) => h("option", { value: run.id, selected: run.id === shown.id }, name(run))),
    );
    this.working = shown.finished ? null : shown.id;
    const parent = runs.find((run) => run.id === shown.parent_id);
    this.replaceChildren(
      h(
        "div.toolbar",
        {},
        h("label.field.inline", {}, "Run", choice),
        h("a", { href: runAddress(shown.id) }, "its page"),
        h("span.muted", {}, ago(shown.created_at)),
      ),
      parent && [parent, shown].every((run) => run.status === "succeeded") ? h("v-afr-beside", { runs: `${parent.id},${shown.id}` }) : "",
      h("v-afr", { run: shown.id }),
    );
  }

  async begin(signal) {
    const first = action(async () => {
      const made = await api("runs", { method: "POST", body: { method: METHOD, config: FIRST, title: "AFR on the small world" } });
      this.choose(made.id, signal);
    });
    this.replaceChildren(
      h("div.empty", {}, h("strong", {}, "Nothing regularised yet"), h("p", {}, ABOUT), h("div.actions", {}, h("button.button.primary", { type: "button", onclick: first }, "Try it on the small world"), h("a.button", { href: `${BASE}fewshot` }, "Name pictures instead"))),
    );
    const empty = async () => !(await api(`runs?method=${METHOD}&limit=1`, { signal })).runs.length;
    await poll(empty, { every: 4000, signal });
    if (!signal.aborted && this.querySelector(".empty")) await this.load(signal);
  }
}

customElements.define("v-regularise", RegularisePage);
