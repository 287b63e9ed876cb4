// <v-afr run="id">: what attentive feature regularisation did: whether it helps, which base classes it took and how.
// Tells the page around by the event "launched" of each run that is queued here (if nobody takes it, the run's page opens), and
// by "drawn" that a run which has ended is shown.

import { Element, h } from "./core.js";
import { accuracyCard } from "./afr-accuracy.js";
import { attentionCard } from "./afr-attention.js";
import { readAfr, runAddress } from "./afr-data.js";
import { gateCard } from "./afr-gate.js";
import { Projection } from "./afr-projection.js";
import { Related } from "./afr-related.js";
import { failure } from "./run-parts.js";
import "./live.js";

const WIDE = 11; // base classes that the attention shows beside the gate; more take the whole width

class Regularised extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    const id = this.getAttribute("run");
    if (!id) return;
    const afr = await readAfr(id, signal);
    if (afr.run.finished) {
      this.replaceChildren(...(afr.arms ? this.parts(afr) : [ended(afr.run)]));
      this.dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail: afr.run }));
    } else this.follow(afr.run, signal);
  }

  /** A run that works: its progress, and what it found as soon as it has ended. */
  follow(run, signal) {
    this.addEventListener(
      "progress",
      ({ detail }) => detail.finished && !signal.aborted && this.connectedCallback(),
      { signal },
    );
    this.replaceChildren(h("v-live", { run: run.id }));
  }

  parts(afr) {
    const launched = (run) => {
      const untaken = this.dispatchEvent(new CustomEvent("launched", { bubbles: true, cancelable: true, detail: run }));
      if (untaken) location.href = runAddress(run.id);
    };
    return [
      accuracyCard(afr),
      afr.related.length ? new Related(afr, launched).node : "",
      afr.projection?.points?.length ? new Projection(afr).node : "",
      h(`div.afrpair${afr.attention?.columns?.length > WIDE ? ".apart" : ""}`, {}, afr.attention?.rows?.length ? attentionCard(afr) : "", gateCard(afr, launched)),
    ].filter(Boolean);
  }
}

function ended(run) {
  if (run.status === "failed") return failure(run);
  return h("div.notice", {}, h("strong", {}, "Cancelled"), h("p", {}, "It was stopped before it ended: there is nothing to show."));
}

customElements.define("v-afr", Regularised);
