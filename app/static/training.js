// <v-training runs="a,b,c">: trainings as they run, overlaid: curves, what they say in words, and the pairs that train the
// model now. Reads each run's /live with a cursor; stops when all have ended.

import { BASE, Element, ApiError, api, h, poll } from "./core.js";
import { COLOURS } from "./chart.js";
import { badge, number, runTitle } from "./format.js";
import { Curves } from "./training-curves.js";
import { heaviest, reading } from "./training-reading.js";

const EVERY = 1500; // milliseconds between looks at the curves
const SLOWLY = 3; // looks at the curves for one at the rows
const WINDOW = 20; // steps that "now" covers
const FEW = 6;

class Training extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = this.getAttribute("runs").split(",").filter(Boolean);
    const found = await Promise.all(ids.map((id) => api(`runs/${id}`, { signal }).catch(absent)));
    this.runs = found.filter(Boolean).map((run, place) => ({
      ...run,
      name: runTitle(run),
      place,
      series: {},
      cursor: "",
      ended: false,
      diagnoses: [],
    }));
    if (!this.runs.length) {
      this.replaceChildren();
      return;
    }
    this.looks = 0;
    this.build(signal);
    await poll(() => this.tick(signal), { every: EVERY, signal, onaway: (away) => (this.lost.hidden = !away) });
  }

  build(signal) {
    this.legend = h("ul.arms");
    this.said = h("div", { role: "log", "aria-label": "What the curves say" });
    this.curves = new Curves();
    this.chosen = this.runs.find((run) => run.config.objective === "damo") ?? this.runs.at(-1);
    this.follows = true;
    this.asked = h("h2", {}, "Which pairs train the model now");
    this.heavy = h("div");
    this.lost = h("p.away", { hidden: true, role: "status" }, "Reconnecting to the studio …");
    this.choice = h(
      "select",
      {
        onchange: (event) => {
          this.follows = false;
          this.chosen = this.runs[Number(event.target.value)];
          this.weigh(signal).catch((error) => this.fail(error));
        },
      },
      ...this.runs.map((run) => h("option", { value: run.place, selected: run === this.chosen }, run.name)),
    );
    this.replaceChildren(
      this.lost,
      h(
        "div.trainingparts",
        {},
        h("section.card", { "aria-label": "Reading" }, h("h2", {}, "What the curves say"), this.legend, this.said),
        h(
          "section.card",
          { "aria-label": "Heaviest pairs" },
          h(
            "div.row",
            {},
            this.asked,
            this.runs.length > 1 ? h("label.field.inline", {}, "Of", this.choice) : "",
          ),
          h("p.muted.fine", {}, `Share of the gradient that each pair carried in the last ${WINDOW} steps of the log.`),
          this.heavy,
        ),
      ),
      this.curves.node,
    );
  }

  async tick(signal) {
    const going = this.runs.filter((run) => !run.ended);
    const grown = await Promise.all(going.map((run) => this.read(run, signal)));
    this.name();
    this.follow();
    if (grown.some(Boolean)) this.curves.update(this.runs);
    const drawn = (run) => Object.values(run.series).some((points) => points.length > 1);
    this.curves.node.hidden = !this.runs.some(drawn);
    const over = this.runs.every((run) => run.ended);
    if (over) this.asked.textContent = "Which pairs trained the model last";
    if (over || this.looks++ % SLOWLY === 0)
      await Promise.all([this.diagnose(going, over, signal), this.weigh(signal)]);
    return over ? false : EVERY;
  }

  /** True where the run's curves have grown. */
  async read(run, signal) {
    const live = await api(`runs/${run.id}/live?after=${encodeURIComponent(run.cursor)}`, { signal });
    if (live.restarted) run.series = {};
    for (const [name, points] of Object.entries(live.series)) (run.series[name] ??= []).push(...points);
    const { cursor, status, finished, done, total } = live;
    Object.assign(run, { cursor, status, ended: finished, done, total });
    return Object.keys(live.series).length > 0;
  }

  name() {
    this.legend.replaceChildren(
      ...this.runs.map((run) =>
        h(
          "li",
          {},
          swatch(run),
          h("a", { href: `${BASE}run?id=${run.id}` }, run.name),
          badge(run.status),
          run.status === "running" && run.total
            ? h("small.muted", {}, `${number(run.done)} of ${number(run.total)}`)
            : "",
        ),
      ),
    );
  }

  /** The pairs shown are of the run that trains now, until a person chooses one. */
  follow() {
    const running = this.runs.find((run) => run.status === "running");
    if (!running || !this.follows) return;
    this.chosen = running;
    this.choice.value = running.place;
  }

  async diagnose(runs, over, signal) {
    await Promise.all(
      runs.map(async (run) => {
        const page = await api(`runs/${run.id}/records/diagnosis?limit=100`, { signal });
        run.diagnoses = page.rows.map((row) => ({ ...row, run }));
      }),
    );
    const found = this.runs.flatMap((run) => run.diagnoses);
    const print = JSON.stringify([over, found.map((item) => [item.run.id, item.step, item.title])]);
    if (print === this.print) return;
    this.print = print;
    const trained = this.runs.some((run) => Object.keys(run.series).length > 0);
    this.said.replaceChildren(reading(found, swatch, over, trained));
  }

  async weigh(signal) {
    const run = this.chosen;
    const asked = `runs/${run.id}/pair-steps/heaviest?window=${WINDOW}&limit=${FEW}`;
    const rows = await api(asked, { signal }).catch((error) => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return []; // deleted meanwhile: its curves stay
    });
    if (run === this.chosen) this.heavy.replaceChildren(heaviest(run, rows));
  }
}

function swatch(run) {
  const mark = h("i.swatch", { "aria-hidden": "true" });
  mark.style.background = COLOURS[run.place % COLOURS.length];
  return mark;
}

/** A run that was deleted meanwhile. */
function absent(error) {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

customElements.define("v-training", Training);
