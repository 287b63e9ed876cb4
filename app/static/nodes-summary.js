// <v-nodes-summary run="id">: the first nodes of a detection, each with its sentence, and the way to all of them.

import { BASE, Element, api, h } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";
import { nodeLink } from "./nodes-lists.js";
import { share } from "./why-parts.js";

const FIRST = 10;

class NodesSummary extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    const run = { id: this.getAttribute("run") };
    const page = await api(`runs/${run.id}/nodes?limit=${FIRST}`, { signal });
    if (!page.total) {
      this.replaceChildren();
      return;
    }
    const why = await Promise.all(page.rows.map(({ position }) => api(`runs/${run.id}/nodes/${position}`, { signal })));
    const items = page.rows.map((row, place) => item(run, row, why[place]));
    this.replaceChildren(
      h(
        "section.card",
        { "aria-label": "First nodes" },
        h("div.row", {}, h("h2", {}, `The first ${items.length} of ${number(page.total)} nodes`), h("a.button.primary", { href: `${BASE}anomaly?run=${run.id}` }, "Look at the nodes")),
        h("ol.firstnodes", {}, ...items),
      ),
    );
  }
}

function item(run, row, { sentence, error, measure, attribute_part: features, structure_part: links }) {
  const parts = error === null ? "" : h("span", {}, `features ${share(features, error)}, links ${share(links, error)} of its ${measure}`);
  const verdict = row.review?.verdict ? h("span.tag", {}, row.review.verdict) : "";
  return h(
    "li",
    {},
    h("b", {}, number(row.rank)),
    h("div.head", {}, nodeLink(run, row), h("span", {}, `percentile ${percent(row.percentile)}`), parts, verdict),
    h("p", {}, sentence),
  );
}

customElements.define("v-nodes-summary", NodesSummary);
