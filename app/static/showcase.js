// <v-showcase>: what there is to see. The welcome tour of a new studio, and the newest comparison, as pictures.

import { BASE, Element, action, api, every, h, poll, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { ago, badge } from "./format.js";
import { strip } from "./strip.js";

class Showcase extends Element {
  async start(signal) {
    this.artefacts = new Map();
    this.tourBox = h("div");
    this.latestBox = h("div");
    this.replaceChildren(this.tourBox, this.latestBox);
    await poll(() => this.tick(signal), { every: 1500, signal });
  }

  async tick(signal) {
    const [tour, { items: comparisons }] = await Promise.all([
      api("tour", { signal }),
      api("comparisons?limit=5", { signal }),
    ]);
    const stops = tour?.stops ?? [];
    const shown = stops.map((stop) => stop.comparison_id);
    const newest = comparisons.find((item) => !shown.includes(item.id));
    const latest = newest ? await this.look(newest, signal) : null;
    const runs = [...stops.flatMap((stop) => stop.runs), ...(latest?.runs ?? [])];
    await Promise.all(runs.map((run) => this.fetch(run, signal)));
    this.draw("tourBox", stops, () => welcome(stops, this.artefacts, () => this.remove(runs)));
    this.draw("latestBox", latest, () => newestCard(latest, this.artefacts));
    return runs.some((run) => !run.finished) ? 1500 : 8000;
  }

  /** A comparison with what is left of its runs; null if none is. */
  async look(comparison, signal) {
    const { run_ids } = await api(`comparisons/${comparison.id}`, { signal });
    if (!run_ids.length) return null;
    const { runs } = await api(`compare?${new URLSearchParams(run_ids.map((id) => ["run", id]))}`, { signal });
    return { ...comparison, runs };
  }

  async fetch(run, signal) {
    if (run.status !== "succeeded" || this.artefacts.has(run.id)) return;
    this.artefacts.set(run.id, await every(`runs/${run.id}/artefacts`, { signal }));
  }

  /** Draw a box anew where what it shows has changed: whoever reads or tabs through it is not disturbed. */
  draw(box, state, make) {
    const print = JSON.stringify(state);
    if (this[box].print === print) return;
    this[box].print = print;
    this[box].replaceChildren(make());
  }

  async remove(runs) {
    const agreed = await confirm(
      "Remove the welcome tour?",
      "Its runs and their comparison are deleted; everything of yours stays. It does not come back.",
      "Remove",
    );
    if (!agreed) return;
    await api("tour", { method: "DELETE" });
    toast("The welcome tour is gone.");
    await this.tick(this.stop.signal);
  }
}

function welcome(stops, artefacts, remove) {
  if (!stops.length) return "";
  const runs = stops.flatMap((stop) => stop.runs);
  const done = runs.filter((run) => run.finished).length;
  const share = runs.reduce((sum, run) => sum + (run.finished ? 1 : run.fraction), 0) / runs.length;
  const ready = done === runs.length;
  const bar = h(
    "div.bar",
    {
      role: "progressbar",
      "aria-label": "Progress of the tour",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": Math.round(100 * share),
    },
    h("i", { style: `width: ${100 * share}%` }),
  );
  return h(
    "section.card.tour",
    { "aria-label": "Welcome tour" },
    h(
      "div.row",
      {},
      h("h2", {}, "Welcome tour"),
      h("span.muted", { role: "status" }, ready ? "ready" : `${done} of ${runs.length} runs finished`),
      h("button.button", { type: "button", onclick: action(remove) }, "Remove"),
    ),
    h(
      "p.muted",
      {},
      "Real runs of a small model, started because this studio was empty. What you launch goes before them.",
    ),
    ready ? "" : bar,
    ...stops.map((stop) => tourStop(stop, artefacts)),
  );
}

function tourStop(stop, artefacts) {
  const title = stop.title.replace(/^Welcome: (.)/, (_, letter) => letter.toUpperCase());
  if (stop.comparison_id === null) {
    const [run] = stop.runs;
    const open = h("a.button", { href: `${BASE}run?id=${run.id}` }, "Open the run");
    return h(
      "div.stop",
      {},
      h("div.row", {}, h("h3", {}, title), badge(run.status), open),
      h("p.muted", {}, stop.text),
    );
  }
  const some = stop.runs.some((run) => run.status === "succeeded");
  const href = `${BASE}compare?c=${stop.comparison_id}`;
  return h(
    "div.stop",
    {},
    h("h3", {}, title),
    h("p.muted", {}, stop.text),
    strip(stop.runs, artefacts),
    h(`a.button${some ? ".primary" : ""}`, { href }, "Open the comparison"),
  );
}

function newestCard(latest, artefacts) {
  if (!latest) return "";
  const href = `${BASE}compare?c=${latest.id}`;
  return h(
    "section.card",
    { "aria-label": "Newest comparison" },
    h(
      "div.row",
      {},
      h("h2", {}, "Newest comparison: ", h("a", { href }, latest.title || latest.id)),
      h("span.muted", {}, `${latest.runs.length === 1 ? "1 run" : `${latest.runs.length} runs`} · `, ago(latest.created_at)),
      h("a.button", { href }, "Open"),
    ),
    strip(latest.runs, artefacts),
  );
}

customElements.define("v-showcase", Showcase);
