// What preference data holds: its format and why, every broken row that was kept, the first pairs, and a way to convert it.

import { BASE, action, api, h } from "./core.js";
import { number } from "./format.js";
import { trainLink } from "./pairs-start.js";
import { table } from "./table.js";
import { markRanges, wordDiff } from "./word-diff.js";

const CONVERT = "alignment.pairs";

/** `seen`: an answer of pairs/preview; `source`: the settings that were asked; `formats`: all there are. Gives nodes. */
export function found(seen, source, formats) {
  return [verdict(seen), ...wrong(seen), ...firstPairs(seen), ...(seen.broken < seen.checked ? [onward(source), convert(seen, source, formats)] : [])];
}

function verdict(seen) {
  return h(
    `div.notice${seen.broken ? ".bad" : ".well"}`,
    {},
    h("strong", {}, `${seen.title}, ${number(seen.count)} ${seen.count === 1 ? "row" : "rows"}`),
    h("p", {}, `${seen.name}: ${seen.reason}. ${seen.sentence}`),
    ...seen.notes.map((note) => h("p.muted.fine", {}, note)),
  );
}

function wrong(seen) {
  if (!seen.problems.length) return [];
  const all = Object.values(seen.counts).reduce((sum, count) => sum + count, 0);
  const left = all - seen.problems.length;
  const text = (key) => ({ value: (row) => row[key], cell: (row) => row[key] });
  const columns = [
    { key: "row", title: "Row", num: true, hint: "counted from 0", ...text("row") },
    { key: "field", title: "Field", ...text("field") },
    { key: "rule", title: "Rule", value: (row) => row.rule, cell: (row) => rule(row) },
    { key: "message", title: "What is there", wide: true, sort: false, ...text("message") },
  ];
  return [
    h("h3", {}, "What is wrong ", h("small.muted", {}, "rows count from 0")),
    table({ caption: "Problems by row", columns, rows: seen.problems }),
    left > 0 ? h("p.muted.fine", {}, `${number(left)} more like these.`) : null,
    h(
      "dl.rules",
      {},
      ...Object.entries(seen.rules).flatMap(([name, asks]) => [h("dt", {}, `${name} `, h("b", {}, number(seen.counts[name]))), h("dd", {}, asks)]),
    ),
  ].filter(Boolean);
}

function rule(problem) {
  return problem.severity === "error" ? problem.rule : h("span", {}, problem.rule, " ", h("span.tag", {}, "warning"));
}

function firstPairs(seen) {
  if (!seen.first.length) return [];
  return [h("h3", {}, "The first pairs, as they are read"), h("div.firstpairs", {}, ...seen.first.map(pair))];
}

function pair(each) {
  return h(
    "article.card",
    { "aria-label": `Row ${each.row}` },
    h("p.fine.muted", {}, `row ${each.row} · id ${each.id}`, ...extras(each.meta)),
    each.images.length ? h("div.pictures", {}, ...each.images.map(picture)) : null,
    ...each.turns.map((turn) => said(turn.role, marked(turn))),
    answers(each),
  );
}

/** Both answers, with the words marked in which they differ. */
function answers({ chosen, rejected }) {
  const [left, right] = wordDiff(chosen, rejected);
  const side = (name, text, ranges) => h("section.side", { "aria-label": name }, h("h4", {}, name), h("p.answer", {}, ...markRanges(text, ranges)));
  return h("div.sides", {}, side("Chosen", chosen, left), side("Rejected", rejected, right));
}

function extras(meta) {
  const names = Object.keys(meta);
  return names.length ? [` · also ${names.slice(0, 6).join(", ")}${names.length > 6 ? ` and ${names.length - 6} more` : ""}`] : [];
}

function picture(image) {
  const small = Math.max(image.width, image.height) < 160;
  return h(
    "figure",
    {},
    h(`img${small ? ".tiny" : ""}`, { src: image.src, alt: image.name || "image of the pair" }),
    h("figcaption.fine.muted", {}, `${image.width} x ${image.height}${image.name ? ` · ${image.name}` : ""}`),
  );
}

function said(role, text) {
  return h("p.said", {}, h("b", {}, role), " ", ...text);
}

/** The text with a small mark wherever a picture stands. */
function marked(turn) {
  const nodes = [];
  let start = 0;
  for (const place of turn.places) {
    nodes.push(slice(turn.text, start, place), h("span.tag", {}, "image"), " ");
    start = place;
  }
  return [...nodes, slice(turn.text, start)];
}

/** Offsets count characters, of which JavaScript takes some for two. */
function slice(text, start, end) {
  return [...text].slice(start, end).join("");
}

/** What one does next with pairs that can be read. */
function onward(source) {
  const asked = new URLSearchParams(Object.entries(source).filter(([, value]) => value));
  return h(
    "p.actions",
    {},
    h("a.button.primary", { href: `${BASE}pairs?${asked}` }, "Measure their hardness …"),
    h("a.button", { href: trainLink(source) }, "Train on them …"),
  );
}

function convert(seen, source, formats) {
  const output = h("select", {}, ...formats.map((each) => h("option", { value: each.name, selected: each.name !== seen.format }, each.title)));
  output.value = formats.find((each) => each.name !== seen.format)?.name ?? seen.format;
  const container = h("select", {}, h("option", { value: "parquet" }, "parquet, images inside"), h("option", { value: "zip" }, "zip: JSONL and images"));
  const skip = h("input", { type: "checkbox", checked: seen.broken > 0 });
  const made = h("p", { role: "status" });
  const launch = action(async () => {
    const config = { ...source, output_format: output.value, container: container.value, on_problem: skip.checked ? "skip" : "refuse" };
    const run = await api("runs", { method: "POST", body: { method: CONVERT, config, title: `${seen.name} as ${output.selectedOptions[0].text}`.slice(0, 200) } });
    made.replaceChildren("Converting: ", h("a", { href: `${BASE}run?id=${run.id}` }, run.title), ". The file is on that page once it is done.");
  });
  return h(
    "div.convert",
    {},
    h("h3", {}, "Convert it"),
    h(
      "div.fieldgrid",
      {},
      h("label.field", {}, "Write as", output),
      h("label.field", {}, "In", container),
      h("label.check", {}, skip, "Leave broken rows out, and say which"),
      h("button.button", { type: "button", onclick: launch }, "Convert"),
    ),
    made,
  );
}
