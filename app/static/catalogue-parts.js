// The parts of the catalogue's page: an entry, the timeline, the taxonomy.

import { BASE, h } from "./core.js";

const FACTS = {
  optimisation: "Optimisation",
  base_model: "Base model",
  data_source: "Data",
  annotation: "Annotation",
  construction: "Knowledge",
  size: "Size",
  prompt_source: "Prompts from",
  model_responses: "Answers from",
  evaluates: "Evaluates",
  arxiv: "arXiv",
  venue: "Venue",
  note: "Note",
};
const LINKS = { paper: "Paper", article: "Article", code: "Code", data: "Data", page: "Page" };
const HOSTS = { "github.com": "GitHub", "huggingface.co": "Hugging Face", "openreview.net": "OpenReview" };
const PLACES = { "alignment.train": "alignment", "alignment.evaluate": "evaluate", "alignment.pairs": "pairs" };
const RECALLED = "Recalled; not found in a source";

export function mark(words = "unverified", about = RECALLED) {
  return h("span.tag.unverified", { title: about }, words);
}

/**
 * `related`: [[section title, entry, () => go there], ...] of the same publication; `addresses`: where a source or an
 * arXiv number can be read.
 */
export function card(entry, related, addresses) {
  const kinds = entry.facts.kind ?? [];
  return h(
    "li.card.entry",
    { id: entry.id },
    h(
      "header",
      {},
      h("h3", {}, entry.name),
      h("small.muted", {}, [month(entry.date), entry.venue].filter(Boolean).join(" · ")),
      entry.sources.length ? "" : mark("no source", "Recalled as a whole; not found in a source"),
    ),
    entry.title && entry.title !== entry.name ? h("p.worktitle", {}, entry.title) : "",
    entry.groups.length + kinds.length
      ? h(
          "p.tags",
          {},
          ...entry.groups.map((group) => h("span.tag", {}, group)),
          ...kinds.map((fact) =>
            h(
              `span.tag.kind${fact.checked ? "" : ".unverified"}`,
              { title: fact.checked ? "Kind of optimisation" : `Kind of optimisation. ${RECALLED}` },
              fact.value + (fact.checked ? "" : ", unverified"),
            ),
          ),
        )
      : "",
    ...facts(entry, addresses),
    h(
      "div.foot",
      {},
      entry.here ? here(entry.here) : "",
      ...Object.entries(entry.links).map(([kind, address]) => outside(address, name(kind, address))),
      ...related.map(([section, other, go]) =>
        h("button.link", { type: "button", onclick: go }, `${section}: ${other.name}`),
      ),
      sources(entry, addresses),
    ),
  );
}

function name(kind, address) {
  const host = new URL(address).hostname.replace(/^www\./, "");
  if (host === "arxiv.org") return `arXiv ${address.split("/abs/")[1]}`;
  return HOSTS[host] ?? `${LINKS[kind]}: ${host}`;
}

function outside(href, words) {
  return h("a", { href, target: "_blank", rel: "noreferrer" }, words);
}

function here({ method, values, note }) {
  const address = `${BASE}${PLACES[method]}?${new URLSearchParams(values)}`;
  return h("span.here", {}, h("a.button.primary", { href: address }, "Open here"), h("small", {}, note));
}

/** What was found in a source, then in a frame of its own what was not. */
function facts(entry, addresses) {
  const rows = (checked) =>
    Object.entries(entry.facts)
      .filter(([key]) => key !== "kind")
      .map(([key, list]) => [key, list.filter((fact) => fact.checked === checked)])
      .filter(([, list]) => list.length);
  const list = (found) =>
    h(
      "dl.pairs",
      {},
      ...found.flatMap(([key, values]) => [
        h("dt", {}, FACTS[key]),
        h("dd", {}, ...values.map((fact) => linked(fact.value, addresses))),
      ]),
    );
  const [checked, recalled] = [rows(true), rows(false)];
  return [
    checked.length ? list(checked) : "",
    recalled.length ? h("div.recalled", { role: "group", "aria-label": "Unverified" }, mark(), list(recalled)) : "",
  ];
}

function linked(text, addresses) {
  return addresses[text] ? outside(addresses[text], text) : text;
}

function sources(entry, addresses) {
  if (!entry.sources.length) return "";
  return h(
    "details.sources",
    {},
    h("summary", {}, entry.sources.length === 1 ? "Source" : `${entry.sources.length} sources`),
    h("ul", {}, ...entry.sources.map((text) => h("li", {}, linked(text, addresses)))),
  );
}

function month(date) {
  if (!date) return "no date";
  return new Date(`${date}-15`).toLocaleDateString("en-GB", { month: "short", year: "numeric" });
}

/** Bars by month; a press on one filters. `bars`: [[month, all, chosen], ...]. */
export function timeline(bars, what, pressed, onpress) {
  const most = Math.max(1, ...bars.map(([, all]) => all));
  const buttons = bars.map(([at, all, chosen]) => {
    const words = at === "before" ? "before 2023" : month(at);
    const label = `${words}: ${chosen === all ? all : `${chosen} of ${all}`} ${what}`;
    const bar = h(
      "button.month",
      {
        type: "button",
        title: label,
        "aria-label": label,
        "aria-pressed": String(at === pressed),
        disabled: !all || at === "before",
        tabIndex: -1,
        onclick: () => onpress(at === pressed ? "" : at),
      },
      h("i.all"),
      h("i.chosen"),
    );
    bar.firstChild.style.height = `${(100 * all) / most}%`;
    bar.lastChild.style.height = `${(100 * chosen) / most}%`;
    return bar;
  });
  rove(buttons.filter((button) => !button.disabled));
  const years = bars.map(([at], place) => {
    const shows = at === "before" || at.endsWith("-01");
    return h("span", {}, shows ? (at === "before" ? "…" : at.slice(0, 4)) : place === 0 ? at : "");
  });
  return h(
    "figure.timeline",
    { "aria-label": `${what} by month; arrows walk over the months, Enter shows one` },
    h("div.months", {}, ...buttons),
    h("div.years", { "aria-hidden": "true" }, ...years),
  );
}

/** One of them is in the tab order; arrows go to the next. */
function rove(buttons) {
  const start = Math.max(0, buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true"));
  if (buttons.length) buttons[start].tabIndex = 0;
  buttons.forEach((button, index) =>
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = buttons[index + by];
      if (!by || !next) return;
      event.preventDefault();
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }),
  );
}

/** Scenarios that lead to their algorithms, the axes of data, open directions, and where the lists were corrected. */
export function taxonomy(catalogue, count, go) {
  const lead = (tab, filter, words, number) =>
    number
      ? h("button.link", { type: "button", onclick: () => go(tab, filter) }, words, h("small.muted", {}, ` ${number}`))
      : words;
  const branch = (title, items) =>
    h("section", {}, h("h3", {}, title), h("ul", {}, ...items.map((item) => h("li", {}, item))));
  const scenarios = Object.entries(catalogue.scenarios).map(([area, names]) =>
    branch(area, names.map((each) => lead("algorithms", { group: each }, each, count("algorithms", each)))),
  );
  const axes = Object.entries(catalogue.data_axes).map(([axis, names]) =>
    branch(axis.charAt(0).toUpperCase() + axis.slice(1), names),
  );
  const categories = catalogue.benchmark_categories.map((each) =>
    lead("benchmarks", { group: each }, each, count("benchmarks", each)),
  );
  const part = (title, ...nodes) => h("section.card", {}, h("h2", {}, title), ...nodes);
  const stages = branch("Stages of training", catalogue.stages);
  const corrections = h("ul", {}, ...catalogue.meta.corrections.map((each) => h("li", {}, each)));
  const directions = catalogue.directions.map((each) =>
    h(
      "li",
      {},
      each.topic,
      each.note ? [" ", mark("unverified", each.note)] : "",
      h("small.muted", {}, each.note || each.sources.join(", ")),
    ),
  );
  return h(
    "div.taxonomy",
    {},
    part("Scenarios of application", h("div.branches", {}, ...scenarios)),
    part("How preference data are made", h("div.branches", {}, ...axes)),
    part("Benchmarks and stages", h("div.branches", {}, branch("Categories of benchmarks", categories), stages)),
    part("Future directions", h("ul.directions", {}, ...directions)),
    part("Where this departs from the lists", h("p.muted", {}, catalogue.meta.reading), corrections),
  );
}
