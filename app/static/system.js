// <v-system>: what runs, what waits and in which order, who works, how full the disk is, whether all is well.

import { Element, action, api, h, poll } from "./core.js";
import { house } from "./system-house.js";
import { crew, disk, queues } from "./system-parts.js";

class System extends Element {
  async start(signal) {
    this.lost = h("p.away", { hidden: true, role: "status" }, "Reconnecting to the studio …");
    this.box = h("div", {}, h("p.muted", {}, "Loading …"));
    this.health = h(
      "section.card",
      {},
      h(
        "div.row",
        {},
        h("h2", {}, "Health"),
        h("button.button", { type: "button", onclick: action(() => this.check()) }, "Check now"),
      ),
      h("p.muted", {}, "Looks at the database, the broker, the workers, the disk and the libraries."),
    );
    this.house = h("div", {}, h("p.muted", {}, "Counting what takes the room …"));
    this.replaceChildren(this.lost, this.box, this.house, this.health);
    poll(() => this.keep(signal), { every: 600000, signal, onaway: () => {} });
    await poll(() => this.tick(signal), {
      every: 2000,
      signal,
      onaway: (away) => (this.lost.hidden = !away),
    });
  }

  async tick(signal) {
    const state = await api("system", { signal });
    const print = JSON.stringify([
      state.queue,
      state.workers.map(({ heartbeat_at, memory_free_mb, ...rest }) => rest),
    ]);
    if (print === this.print && Date.now() - this.drawn < 10000) return;
    this.print = print;
    this.drawn = Date.now();
    const key = this.box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.box.replaceChildren(queues(state, this.button.bind(this)), crew(state.workers, this.button.bind(this)), disk(state.disk));
    if (key) this.box.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  async keep(signal) {
    const told = await api("house", { signal });
    this.house.replaceChildren(...house(told, () => this.keep(signal)));
  }

  /** A button that does one write and shows the queue as it is then. */
  button(key, label, work, kind = "", more = {}) {
    return h(
      `button.button${kind}`,
      {
        type: "button",
        "data-key": key,
        ...more,
        onclick: action(async () => {
          await work();
          this.print = "";
          await this.tick(this.stop.signal);
        }),
      },
      label,
    );
  }

  async check() {
    this.health.lastElementChild.textContent = "Looking …";
    const checks = await api("doctor");
    const line = (item) =>
      h(
        `li${item.ok ? "" : ".bad"}`,
        {},
        h("b", {}, `${item.ok ? "✓" : "✕"} ${item.name}: `),
        item.found,
        item.ok || !item.advice ? "" : h("p", {}, item.advice),
      );
    this.health.replaceChildren(
      this.health.firstElementChild,
      h("ul.checks", { role: "status" }, ...checks.map(line)),
    );
  }
}

customElements.define("v-system", System);
