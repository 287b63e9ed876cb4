// <v-evaluations runs="a,b">: figures and answers of one of these runs, chosen where there are several; stays away where
// none has answers. Without `runs`: the latest that have some, the chosen one kept in the address as ?run=; one that ends
// while the page is open is shown as soon as it does.

import { BASE, Element, ApiError, api, h, query, setQuery } from "./core.js";
import { ago, runTitle } from "./format.js";

const METHODS = ["alignment.evaluate", "alignment.train"];
const LATEST = 12;

class Evaluations extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    this.given = this.hasAttribute("runs");
    if (!this.given) this.watch(signal);
    await this.load(signal);
  }

  /** Runs of this page that are going on report to the document. */
  watch(signal) {
    const going = new Set();
    const heard = ({ detail: { id, finished } }) => {
      if (!finished) going.add(id);
      else if (going.delete(id)) {
        setQuery({ run: id });
        this.load(signal).catch((error) => this.fail(error));
      }
    };
    document.addEventListener("progress", heard, { signal });
  }

  async load(signal) {
    const ids = this.given ? this.getAttribute("runs").split(",").filter(Boolean) : await latest(signal);
    const found = await Promise.all([...new Set(ids)].map((id) => answered(id, signal)));
    this.runs = found.filter(Boolean);
    if (this.runs.length) this.show(this.runs.find((run) => run.id === query("run")) ?? this.runs[0]);
    else this.replaceChildren(this.given ? "" : nothing());
  }

  show(chosen) {
    if (!this.given) setQuery({ run: chosen.id });
    const choice = h(
      "select",
      { onchange: (event) => this.show(this.runs[Number(event.target.value)]) },
      ...this.runs.map((run, place) => h("option", { value: place, selected: run === chosen }, runTitle(run))),
    );
    const several = this.runs.length > 1;
    this.replaceChildren(
      h(
        "div.toolbar",
        { hidden: this.given && !several },
        h("label.field.inline", {}, "Figures and answers of", choice),
        h("a", { href: `${BASE}run?id=${chosen.id}` }, "its run"),
        h("span.muted", {}, ago(chosen.finished_at)),
      ),
      chosen.summary && !this.given ? h("p.lead", {}, chosen.summary) : "",
      h("v-figures", { run: chosen.id }),
      h("v-answers", { run: chosen.id }),
    );
  }
}

/** Ids of the newest runs that may have answers, the one in the address first. */
async function latest(signal) {
  const pages = await Promise.all(
    METHODS.map((method) => api(`runs?method=${method}&status=succeeded&limit=${LATEST}`, { signal })),
  );
  const runs = pages.flatMap((page) => page.runs).sort((a, b) => b.created_at - a.created_at);
  return [query("run"), ...runs.map((run) => run.id)].filter(Boolean);
}

/** The run, if it recorded answers. */
async function answered(id, signal) {
  try {
    const page = await api(`runs/${id}/records/answer?limit=1`, { signal });
    return page.total ? await api(`runs/${id}`, { signal }) : null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null; // deleted meanwhile
    throw error;
  }
}

function nothing() {
  return h(
    "div.empty",
    {},
    h("strong", {}, "No answers yet"),
    h(
      "p",
      {},
      "Launch an evaluation above, or a training that answers held-out scenes before and after: its answers are shown " +
        "here side by side, with what they made up marked.",
    ),
    h("a.button", { href: `${BASE}alignment` }, "Go to training"),
  );
}

customElements.define("v-evaluations", Evaluations);
