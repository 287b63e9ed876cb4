// <v-fewshot-scores run="id">: how accurate few-shot classifiers are with and without looking closer. Without `run`: the newest
// one, or the one in the address as ?run=; others can be chosen, and one that ends on this page is shown as soon as it does.

import { BASE, Element, api, h, query, setQuery } from "./core.js";
import { verdictList } from "./edit-data.js";
import { select } from "./fields.js";
import { ago, duration, number, runTitle } from "./format.js";
import { classifierName } from "./look-data.js";
import { failure } from "./run-parts.js";
import { classesCard } from "./scores-classes.js";
import { confusionCard } from "./scores-confusion.js";
import { readScores, stamp } from "./scores-data.js";
import { mapCard } from "./scores-map.js";
import { picturesCard } from "./scores-pictures.js";
import { scoresCard } from "./scores-table.js";
import "./live.js";

const METHOD = "fewshot.evaluate";
const LATEST = 20;

class FewshotScores extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    this.order = { value: "change" };
    const own = this.getAttribute("run");
    this.watch(own, signal);
    if (own) return this.show(own, signal);
    return this.choose(query("run"), signal);
  }

  /** A run of this page that ends is shown; of an element that has a run of its own, only that one. */
  watch(own, signal) {
    const going = new Set();
    const heard = ({ detail: { id, finished } }) => {
      if (!finished) going.add(id);
      else if (going.delete(id) && (!own || own === id)) (own ? this.show(id, signal) : this.choose(id, signal)).catch((error) => this.fail(error));
    };
    document.addEventListener("progress", heard, { signal });
  }

  async choose(wanted, signal) {
    const { runs } = await api(`runs?method=${METHOD}&status=succeeded&limit=${LATEST}`, { signal });
    const id = wanted || runs[0]?.id || (await this.going(signal))?.id;
    if (!id) {
      this.replaceChildren(nothing());
      return;
    }
    setQuery({ run: id });
    await this.show(id, signal, runs);
  }

  /** One that has not ended, where none has. */
  async going(signal) {
    const { runs } = await api(`runs?method=${METHOD}&limit=${LATEST}`, { signal });
    return runs.find((run) => !run.finished);
  }

  async show(id, signal, runs = null) {
    const found = await readScores(id, signal);
    const tools = runs ? this.toolbar(found.run, runs, signal) : "";
    if (!found.run.finished) this.replaceChildren(tools, h("v-live", { run: id }));
    else if (found.run.status !== "succeeded") this.replaceChildren(tools, ended(found.run));
    else if (!found.score.length) this.replaceChildren(tools, h("p.muted", {}, "This run recorded no accuracy."));
    else this.replaceChildren(tools, ...this.parts(found));
  }

  toolbar(run, runs, signal) {
    const others = runs.some((each) => each.id === run.id) ? runs : [run, ...runs];
    const choice = select("Accuracy of", others.map((each) => [each.id, runTitle(each)]), (id) => this.choose(id, signal).catch((error) => this.fail(error)));
    choice.input.value = run.id;
    return h("div.toolbar", {}, choice.node, h("a", { href: `${BASE}run?id=${run.id}` }, "its run"), h("span.muted", {}, ago(run.finished_at)));
  }

  parts(found) {
    const { classifiers } = found;
    const wanted = query("classifier");
    const box = h("div.scoreparts");
    const buttons = classifiers.map((name) => h("button.chip", { type: "button", onclick: () => choose(name) }, classifierName(name)));
    const choose = (classifier) => {
      buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(classifiers[place] === classifier)));
      if (classifier !== classifiers[0] || query("classifier")) setQuery({ classifier });
      const cards = [classesCard(found, classifier, this.order), confusionCard(found, classifier), picturesCard(found, classifier), mapCard(found, classifier)];
      box.replaceChildren(...cards.filter(Boolean));
    };
    choose(classifiers.includes(wanted) ? wanted : classifiers[0]);
    const several = classifiers.length > 1;
    return [
      verdict(found),
      scoresCard(found),
      several ? h("div.chips.which", { role: "group", "aria-label": "Classifier" }, h("span.muted", {}, "In detail:"), ...buttons) : "",
      box,
    ];
  }
}

function verdict(found) {
  const said = found.verdict.length ? verdictList(found.verdict) : h("p.lead", {}, found.run.summary);
  const { notes = [] } = found.setup;
  return h(
    "section.card.edithead",
    { "aria-label": "Verdict" },
    h("h2", {}, "Does looking closer help?"),
    said,
    stamp(found),
    notes.length ? h("ul.muted.fine.setnotes", {}, ...notes.map((note) => h("li", {}, note))) : "",
    prompts(found.setup),
  );
}

/** The whole of what was asked and looked at. */
function prompts({ prompts: texts = [], scales = [], views, margin, seconds_encoding: seconds, encoded, cached }) {
  const known = `${number(encoded)} encoded in ${duration(seconds)}, ${number(cached)} from the cache`;
  return h(
    "details",
    {},
    h("summary", {}, `Views and prompts (${texts.length})`),
    h("p.muted.fine", {}, `Of each picture ${views} views at each of the scales ${scales.map(number).join(", ")} and the whole one; margin by ${margin}; ${known}.`),
    h("ul.promptlist", {}, ...texts.map((text) => h("li", {}, text))),
  );
}

function ended(run) {
  if (run.status === "failed") return failure(run);
  return h("div.notice", {}, h("strong", {}, "Cancelled"), h("p", {}, "It was stopped before it ended: no accuracy was recorded."));
}

function nothing() {
  return h(
    "div.empty",
    {},
    h("strong", {}, "No accuracy measured yet"),
    h(
      "p",
      {},
      "Launch an evaluation above: on generated scenes it takes seconds, on your own pictures give a folder or a zip with a folder a class. The figures, the confusions and the pictures that looking closer fixes or breaks are shown here.",
    ),
  );
}

customElements.define("v-fewshot-scores", FewshotScores);
