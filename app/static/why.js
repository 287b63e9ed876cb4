// <v-why run="id" node="position" weight top>: why a node has its score: the sentence, its error part by part, and how sure it is.
// A neighbour that is chosen is told by the event "node" (detail: position).

import { Element, api, h } from "./core.js";
import { percent } from "./ego-card.js";
import { number } from "./format.js";
import { features } from "./why-features.js";
import { absent, neighbours } from "./why-links.js";
import { parts } from "./why-parts.js";
import { opinions, peers } from "./why-others.js";
import { stability } from "./why-stability.js";

class Why extends Element {
  static observedAttributes = ["run", "node", "weight", "top"];

  async start(signal) {
    await null; // a page that sets several attributes asks once
    if (signal.aborted) return;
    const [run, node] = [this.getAttribute("run"), this.getAttribute("node")];
    if (!run || !node) {
      this.replaceChildren(h("p.muted", {}, "Choose a node to see why it has its score."));
      return;
    }
    const asked = new URLSearchParams();
    for (const name of ["weight", "top"]) if (this.getAttribute(name)) asked.set(name, this.getAttribute(name));
    const why = await api(`runs/${run}/nodes/${node}?${asked}`, { signal });
    const go = (position) => this.dispatchEvent(new CustomEvent("node", { bubbles: true, detail: position }));
    this.replaceChildren(...sections(why, go));
  }
}

function sections(why, go) {
  const explained = why.error !== null && why.error !== undefined;
  return [
    head(why),
    explained ? parts(why) : h("div.notice", { role: "note" }, "This detector gives a score only: it has no parts that could explain it. What speaks for and against it is below."),
    features(why, explained),
    neighbours(why, go),
    explained ? absent(why, go) : "",
    stability(why),
    peers(why),
    opinions(why),
  ].filter(Boolean);
}

function head({ node, sentence }) {
  const same = node.in_degree === null || node.in_degree === undefined || node.in_degree === node.degree;
  const facts = [
    ["rank", number(node.rank)],
    ["percentile", percent(node.percentile)],
    ["score", number(node.score)],
    [same ? "links" : "links out", number(node.degree)],
    same ? null : ["links in", number(node.in_degree)],
    node.flagged_neighbours === undefined ? null : ["flagged neighbours", number(node.flagged_neighbours)],
  ].filter(Boolean);
  return h(
    "header.whyhead",
    {},
    h("h3", {}, node.name, node.flagged ? h("span.tag", {}, "flagged") : ""),
    h("p.lead", {}, sentence),
    h("p.facts", {}, ...facts.map(([name, value]) => h("span", {}, h("b", {}, value), ` ${name}`))),
  );
}

customElements.define("v-why", Why);
