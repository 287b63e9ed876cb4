// What the curves of trainings say in plain words, and which pairs carry the gradient now.

import { BASE, h } from "./core.js";
import { number } from "./format.js";

const SIGNS = { info: "i", warning: "!", error: "✕" };
const FEW = 3;
const WELL = "No rule of the curve doctor fired: nothing in these curves asks for attention.";
const NEVER = "Training ended before its first step: there are no curves to read.";
const SO_FAR =
  "Nothing has asked for attention so far. The curve doctor looks at every step: falling rewards, saturated pairs, a " +
  "missing end token, cut answers, a filter that drops too much, beta at its floor.";

/** Where a pair is looked at, with what this training did to it; `source` is the run that recorded it, if known. */
export function pairLink(run, pair, source = String(run.config.hardness ?? "").split("/")[0]) {
  const values = { training: run.id, pair };
  return `${BASE}pairs?${new URLSearchParams(source ? { run: source, ...values } : values)}`;
}

/** `found`: [{run, step, severity, title, text, pairs}, ...]; the newest first. `trained`: a step was logged. */
export function reading(found, colour, finished, trained) {
  if (!found.length) {
    return h("p.muted", {}, finished ? (trained ? WELL : NEVER) : SO_FAR);
  }
  const alike = Object.values(Object.groupBy(found, ({ title, text }) => JSON.stringify([title, text])));
  const last = (items) => Math.max(...items.map((item) => item.step));
  alike.sort((a, b) => last(b) - last(a));
  return h("ul.reading", {}, ...alike.map((items) => diagnosis(items, colour)));
}

/** One thing that was said of one run or of several; pairs are those of the first that names some. */
function diagnosis(items, colour) {
  const { severity, title, text } = items[0];
  const { run, pairs = [] } = items.find((item) => item.pairs?.length) ?? items[0];
  const links = pairs.map((pair) => h("a", { href: pairLink(run, pair) }, pair.slice(0, 6)));
  const more = links.splice(FEW);
  return h(
    `li.${severity}`,
    {},
    h("span.sign", { title: severity, role: "img", "aria-label": severity }, SIGNS[severity] ?? ""),
    h(
      "div",
      {},
      h(
        "p",
        {},
        h("strong", {}, title),
        ...items.map((item) => h("small.muted", {}, colour(item.run), `${item.run.name}, step ${number(item.step)}`)),
      ),
      h("p", {}, text),
      links.length
        ? h(
            "p.muted.pairlinks",
            {},
            links.length + more.length === 1 ? "Pair " : "Pairs ",
            ...links.flatMap((link) => [link, " "]),
            more.length ? folded(more) : "",
          )
        : "",
    ),
  );
}

function folded(links) {
  return h("details", {}, h("summary", {}, `and ${links.length} more`), ...links.flatMap((link) => [link, " "]));
}

/** The pairs that carry most of the gradient of the last steps; `run` is the training. */
export function heaviest(run, rows) {
  if (!rows.length) return h("p.muted", {}, run.ended ? "No step was logged." : "No step has been logged yet.");
  const most = Math.max(...rows.map((row) => row.share));
  const known = rows.some((row) => row.prompt || row.image);
  return h(
    "div",
    {},
    known ? "" : unknown(),
    h("ol.heaviest", {}, ...rows.map((row) => heavy(run, row, most, known))),
  );
}

function unknown() {
  const measure = h("a", { href: `${BASE}pairs` }, "measure these pairs");
  return h("p.muted.fine", {}, "To see their pictures and texts here, ", measure, ".");
}

/** `pictured`: pictures of some pairs are known, so that each has its place for one. */
function heavy(run, row, most, pictured) {
  const bar = h("span.bar", { "aria-hidden": "true" }, h("i"));
  bar.firstChild.style.width = `${(100 * row.share) / (most || 1)}%`;
  const fact = (name, value, about) => h("span", { title: about }, `${name} `, h("b", {}, value));
  return h(
    "li",
    {},
    pictured ? picture(row) : "",
    h(
      "div",
      {},
      h("div.share", {}, h("b", {}, `${number(Number((100 * row.share).toPrecision(2)))} %`), bar),
      h(
        "p.facts",
        {},
        fact("gap", number(row.gap), "Chosen against rejected, each against the reference, in nats; without beta"),
        fact("beta", number(row.beta), "Of this pair, after both factors"),
        fact("kept", `${Math.round(100 * row.kept_share)} %`, "Share of its steps in which the filter left it in the loss"),
      ),
      row.prompt ? h("p.clip", {}, row.prompt) : "",
      h("a", { href: pairLink(run, row.pair_id, row.run) }, "Look at the pair"),
    ),
  );
}

function picture(row) {
  if (!row.image) return h("span.nopicture", { "aria-hidden": "true" });
  return h("img", { src: `${BASE}api/v1/runs/${row.run}/pictures/${row.image}`, alt: "", loading: "lazy" });
}
