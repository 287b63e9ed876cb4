// <v-nodes-beside runs="a,b">: detectors of one graph side by side: their lists, how far they agree, where they do not.

import { Element, api, complain, h } from "./core.js";
import { runTitle } from "./format.js";
import { agreement, disagreements } from "./nodes-agreement.js";
import { lists } from "./nodes-lists.js";
import { scatterCard } from "./nodes-scatter.js";

const TOPS = [10, 20, 50, 100];

class NodesBeside extends Element {
  static observedAttributes = ["runs"];
  top = 20;

  async start(signal) {
    const ids = (this.getAttribute("runs") ?? "").split(",").filter(Boolean);
    if (ids.length < 2) {
      this.replaceChildren();
      return;
    }
    const runs = await Promise.all(ids.map((id) => api(`runs/${id}`, { signal })));
    const nodes = Math.min(...runs.map((run) => run.metrics.nodes ?? Infinity));
    this.tops = TOPS.filter((top, place) => place === 0 || top <= nodes);
    await this.load(runs, signal);
  }

  async load(runs, signal) {
    const { top } = this;
    const asked = new URLSearchParams({ runs: runs.map(({ id }) => id), top });
    const view = await api(`anomaly/beside?${asked}`, { signal });
    if (!view.same_graph) {
      this.replaceChildren(h("div.notice", { role: "note" }, h("strong", {}, "Their nodes do not compare"), h("p", {}, `${view.reason}.`)));
      return;
    }
    const detectors = runs.map((run, place) => ({ run, place, name: runTitle(run) }));
    const pages = await Promise.all(runs.map(({ id }) => api(`runs/${id}/nodes?limit=${top}`, { signal })));
    if (top !== this.top) return; // another one was chosen meanwhile
    const choose = h(
      "select",
      {
        onchange: (event) => {
          this.top = Number(event.target.value);
          this.load(runs, signal).catch(complain);
        },
      },
      ...this.tops.map((each) => h("option", { value: each, selected: each === top }, `${each} nodes`)),
    );
    this.replaceChildren(
      lists(detectors, pages.map((page) => page.rows), h("label.field.inline", {}, "Of each the first", choose)),
      agreement(detectors, view, top),
      disagreements(detectors, view),
      scatterCard(detectors, view, pages, signal),
    );
  }
}

customElements.define("v-nodes-beside", NodesBeside);
