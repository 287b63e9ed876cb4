// <v-runs family latest>: every run, found by text and state, in any order; the latest few on other pages.

import { BASE, Element, action, api, h, poll, query, setQuery, toast } from "./core.js";
import { STATUSES, runTitle, statusName } from "./format.js";
import { actions } from "./run-actions.js";
import { facts } from "./runs-columns.js";
import { table } from "./table.js";

const PAGE = 50;
const MOST_COMPARED = 64;
const LOOKED_AT = 8; // runs that are compared with their images and curves

class Runs extends Element {
  async start(signal) {
    this.latest = Number(this.getAttribute("latest") ?? 0);
    this.family = this.getAttribute("family") ?? "";
    this.chosen = new Map();
    this.limit = this.latest || PAGE;
    this.state = this.latest
      ? { q: "", status: [], archived: false, sweep: "", sort: "created_at", descending: true }
      : {
          q: query("q"),
          status: new URLSearchParams(location.search).getAll("status"),
          archived: query("archived") === "1",
          sweep: query("sweep"),
          sort: query("sort") || "created_at",
          descending: query("up") !== "1",
        };
    this.box = h("div", {}, h("p.muted", {}, "Loading …"));
    this.lost = h("p.away", { hidden: true, role: "status" }, "Reconnecting to the studio …");
    this.replaceChildren(this.latest ? "" : this.toolbar(), this.lost, this.box);
    await poll(() => this.tick(signal), {
      every: 2500,
      signal,
      onaway: (away) => (this.lost.hidden = !away),
    });
  }

  toolbar() {
    const search = h("input", {
      type: "search",
      value: this.state.q,
      placeholder: "Search title, method, id  ( / )",
      "aria-label": "Search runs",
      oninput: () => this.set({ q: search.value.trim() }),
    });
    const chips = STATUSES.filter((status) => status !== "cancelling").map((status) => {
      const chip = h(
        "button.chip",
        {
          type: "button",
          "aria-pressed": String(this.state.status.includes(status)),
          onclick: () => {
            const on = !this.state.status.includes(status);
            chip.setAttribute("aria-pressed", String(on));
            this.set({
              status: on
                ? [...this.state.status, status]
                : this.state.status.filter((item) => item !== status),
            });
          },
        },
        statusName(status),
      );
      return chip;
    });
    const archived = h(
      "label.check",
      {},
      h("input", {
        type: "checkbox",
        checked: this.state.archived,
        onchange: (event) => this.set({ archived: event.target.checked }),
      }),
      "Archived",
    );
    const { sweep } = this.state;
    const sweeps = h(
      "label.check",
      {},
      h("input", {
        type: "checkbox",
        checked: Boolean(sweep),
        onchange: (event) => this.set({ sweep: event.target.checked ? sweep || "all" : "" }),
      }),
      sweep && sweep !== "all" ? "Only of one sweep" : "Also of sweeps",
    );
    this.compare = h(
      "button.button.primary",
      { type: "button", disabled: true, onclick: () => this.compareChosen() },
      "Compare",
    );
    this.count = h("span.muted", { role: "status" });
    return h(
      "div.toolbar",
      { role: "search" },
      search,
      h("div.chips", { role: "group", "aria-label": "State" }, ...chips),
      archived,
      sweeps,
      this.count,
      this.compare,
    );
  }

  more() {
    this.limit += PAGE;
    this.tick(this.stop.signal).catch((error) => toast(error.message, "bad"));
  }

  set(change) {
    Object.assign(this.state, change);
    this.limit = PAGE;
    const { q, status, archived, sweep, sort, descending } = this.state;
    setQuery({
      q,
      status,
      sweep,
      archived: archived ? "1" : "",
      sort: sort === "created_at" ? "" : sort,
      up: descending ? "" : "1",
    });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(
      () => this.tick(this.stop.signal).catch((error) => toast(error.message, "bad")),
      180,
    );
  }

  async fetch(signal) {
    const { q, status, archived, sort, descending } = this.state;
    const parameters = new URLSearchParams({ q, archived, sort, descending, family: this.family });
    parameters.set("sweep", this.sweepFilter());
    for (const item of status) parameters.append("status", item);
    if (status.includes("running")) parameters.append("status", "cancelling");
    const runs = [];
    let page;
    do {
      parameters.set("limit", Math.min(200, this.limit - runs.length));
      if (page?.cursor) parameters.set("cursor", page.cursor);
      page = await api(`runs?${parameters}`, { signal });
      runs.push(...page.runs);
    } while (page.cursor && runs.length < this.limit);
    return { runs, total: page.total, more: Boolean(page.cursor) };
  }

  /** Runs of sweeps would drown the others, so they are shown where they are asked for, or searched. */
  sweepFilter() {
    const { q, sweep } = this.state;
    if (sweep === "all" || (q && !sweep)) return "";
    return sweep || "none";
  }

  async tick(signal) {
    const asked = JSON.stringify(this.state);
    const found = await this.fetch(signal);
    if (asked !== JSON.stringify(this.state)) return 100; // the filter changed meanwhile
    const print = JSON.stringify(found);
    if (print !== this.print && !this.querySelector("details.menu[open]")) {
      this.print = print;
      this.show(found);
    }
    const busy = found.runs.some((run) => !run.finished);
    return busy ? 1500 : 5000;
  }

  show({ runs, total, more }) {
    if (this.count) this.count.textContent = `${total} ${total === 1 ? "run" : "runs"}`;
    if (!runs.length) {
      this.box.replaceChildren(this.empty());
      return;
    }
    const focus = this.box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.box.replaceChildren(
      table({
        caption: "Runs",
        columns: this.columns(),
        rows: runs,
        sort: this.state.sort,
        descending: this.state.descending,
        onsort: (sort, descending) => this.set({ sort, descending }),
      }),
      more && !this.latest
        ? h(
            "button.button",
            { type: "button", onclick: () => this.more() },
            `Show more (${runs.length} of ${total})`,
          )
        : "",
    );
    if (focus) this.box.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  columns() {
    const columns = facts();
    if (this.latest) return columns.map((column) => ({ ...column, sort: false }));
    const pick = (run) =>
      h("input", {
        type: "checkbox",
        checked: this.chosen.has(run.id),
        "data-key": `pick-${run.id}`,
        "aria-label": `Choose ${runTitle(run)}`,
        onchange: (event) => this.choose(run, event.target.checked),
      });
    return [
      { key: "pick", title: "", sort: false, head: false, cell: pick },
      ...columns,
      { key: "menu", title: "", sort: false, cell: (run) => actions(run, () => this.tick(this.stop.signal)) },
    ];
  }

  choose(run, on) {
    if (on) this.chosen.set(run.id, run);
    else this.chosen.delete(run.id);
    const { size } = this.chosen;
    this.compare.disabled = size < 2 || size > MOST_COMPARED;
    this.compare.textContent = size > MOST_COMPARED ? `${size} chosen, ${MOST_COMPARED} at most` : size ? `Compare ${size}` : "Compare";
    this.compare.title = size > LOOKED_AT ? `Of more than ${LOOKED_AT} runs only the tables` : "";
  }

  /** Nothing is kept by looking: the page that opens offers to save. */
  compareChosen() {
    location.href = `${BASE}compare?${new URLSearchParams([...this.chosen.keys()].map((id) => ["run", id]))}`;
  }

  empty() {
    const filtered = this.state.q || this.state.status.length || this.state.archived;
    if (filtered)
      return h(
        "div.empty",
        {},
        h("strong", {}, "No run matches"),
        h("p", {}, "Take a filter away, or search for less."),
      );
    if (this.family)
      return h(
        "div.empty",
        {},
        h("strong", {}, "No runs yet"),
        h(
          "p",
          {},
          "Choose above and launch; what runs and what it found will be here, also after a restart.",
        ),
      );
    return h(
      "div.empty",
      {},
      h("strong", {}, "No runs yet"),
      h(
        "p",
        {},
        "Choose settings on the caching page and launch; every run stays here, also after a restart.",
      ),
      h("a.button.primary", { href: `${BASE}caching` }, "Go to caching"),
    );
  }
}

customElements.define("v-runs", Runs);
