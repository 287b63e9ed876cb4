// <v-board>: the comparison named by ?c= while it runs: a panel a run, then the runs side by side. A reload brings it back.

import { Element, action, api, h, query, setQuery, toast } from "./core.js";
import "./compare.js";
import "./live.js";
import { training } from "./views.js";

const TITLE = "Vitrine";

class Board extends Element {
  static observedAttributes = ["comparison"];

  async start(signal) {
    const given = this.getAttribute("comparison");
    if (given) setQuery({ c: given, from: "" });
    const id = given || query("c");
    if (!id) {
      this.replaceChildren();
      return;
    }
    const found = await api(`comparisons/${id}`, { signal });
    const runs = await Promise.all(
      found.run_ids.map((run) =>
        api(`runs/${run}`, { signal }).catch((error) => {
          if (error.status === 404) return null;
          throw error;
        }),
      ),
    );
    this.states = new Map(
      runs
        .filter(Boolean)
        .map((run) => [run.id, { status: run.status, fraction: run.fraction, finished: run.finished }]),
    );
    this.version = 0;
    this.results = h("div");
    this.spoken = h("p.offscreen", { role: "status" });
    const cancel = h(
      "button.button.danger",
      { type: "button", onclick: action(() => this.cancel()) },
      "Cancel all",
    );
    const hide = h(
      "button.button.quiet",
      {
        type: "button",
        onclick: () => (setQuery({ c: "" }), this.replaceChildren(), (document.title = TITLE)),
      },
      "Close",
    );
    this.heading = h("h2", { tabIndex: -1 }, found.title || "Launched");
    this.summary = h("span.muted");
    this.cancelAll = cancel;
    const panels = [...this.states.keys()].map((run) => h("v-live", { run, compact: true }));
    this.panels = h(
      "details.panels",
      { open: runs.some((run) => run && !run.finished) },
      h("summary", {}, "Each run"),
      h("div.lives", {}, ...panels),
    );
    this.addEventListener("progress", (event) => this.follow(event.detail, id), { signal });
    this.replaceChildren(
      h(
        "section.board",
        { "aria-label": "Launched runs" },
        h("header.row", {}, this.heading, this.summary, cancel, hide),
        this.panels,
        this.spoken,
      ),
      training(runs.filter(Boolean)),
      this.results,
    );
    if (given) this.scrollIntoView({ behavior: "smooth", block: "start" });
    this.count();
    this.refresh(id);
  }

  follow(live, id) {
    const before = this.states.get(live.id);
    this.states.set(live.id, { status: live.status, fraction: live.fraction, finished: live.finished });
    this.count();
    if (live.finished && !before.finished) this.refresh(id);
  }

  count() {
    const states = [...this.states.values()];
    const done = states.filter((state) => state.finished).length;
    const share =
      states.reduce((sum, state) => sum + (state.finished ? 1 : state.fraction), 0) / (states.length || 1);
    this.cancelAll.hidden = done === states.length;
    const failed = states.filter((state) => state.status === "failed").length;
    this.summary.textContent =
      done === states.length
        ? `all ${done} finished${failed ? `, ${failed} failed` : ""}`
        : `${done} of ${states.length} finished`;
    const busy = done < states.length;
    document.title = busy ? `${Math.round(share * 100)} % · ${TITLE}` : `✓ ${TITLE}`;
    if (!busy && this.wasBusy) {
      this.spoken.textContent = `Finished: ${this.summary.textContent}`;
      toast(`Finished: ${this.summary.textContent}.`);
      this.panels.open = failed > 0;
    }
    this.wasBusy = busy;
  }

  refresh(id) {
    const some = [...this.states.values()].some((state) => state.status === "succeeded");
    if (!some) return;
    this.version += 1;
    const shown = this.results.firstElementChild;
    if (shown) shown.setAttribute("version", this.version);
    else this.results.replaceChildren(h("v-compare", { c: id, embedded: true, version: this.version }));
  }

  async cancel() {
    const waiting = [...this.states].filter(([, state]) => !state.finished && state.status !== "cancelling");
    await Promise.all(
      waiting.map(([id]) =>
        api(`runs/${id}/cancel`, { method: "POST", body: {} }).catch((error) => {
          if (error.status !== 409) throw error;
        }),
      ),
    );
    toast("Asked to stop; each ends at its next step.");
  }
}

customElements.define("v-board", Board);
