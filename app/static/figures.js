// <v-figures run="...">: what an evaluation measured: before, after and the difference, each with its interval and with what
// it divides. One table for each extractor and judge: figures of different ones do not compare.

import { Element, h } from "./core.js";
import { title } from "./format.js";
import { records } from "./records.js";
import { hint } from "./table.js";

const VARIANTS = { answers: "Measured", before: "Before", after: "After", difference: "Difference" };
const DIGITS = 1; // of a share in percent: an interval over some hundred images allows no more

class Figures extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    const rows = await records(this.getAttribute("run"), "figure", signal);
    this.replaceChildren(...grouped(rows, (row) => [row.benchmark, row.extractor, row.judge].join("\n")).map(card));
  }
}

function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

function card(rows) {
  const [first] = rows;
  const variants = Object.keys(VARIANTS).filter((name) => rows.some((row) => row.variant === name));
  const types = grouped(rows, (row) => row.type);
  const [overall, ...others] = types;
  const who = [
    first.extractor ? ["Objects found by ", h("strong", {}, first.extractor), ". "] : "",
    first.judge ? ["Judged by ", h("strong", {}, first.judge), ". "] : first.extractor ? "No judge. " : "",
  ];
  return h(
    "section.card.figures",
    {},
    h("div.row", {}, h("h2", {}, `Figures: ${title(first.benchmark)}`)),
    h(
      "p.muted.fine",
      {},
      ...who.flat(),
      `${first.answers} answers${variants.length > 1 ? " before and after" : ""}. 95 % intervals over images, drawn again with replacement; those of differences are paired.`,
    ),
    grid(`Figures of ${title(first.benchmark)}`, variants, overall),
    others.length
      ? h(
          "details",
          {},
          h("summary", {}, `By type (${others.length})`),
          ...others.map((part) => [
            h("h3", {}, title(part[0].type)),
            grid(`Figures of ${title(part[0].type)}`, variants, part),
          ]).flat(),
        )
      : "",
  );
}

function grid(caption, variants, rows) {
  const body = grouped(rows, (row) => row.metric).map((of) => {
    const cells = variants.map((name) => cell(of.find((row) => row.variant === name)));
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span.runname", {}, named(of[0]), h("small.muted", {}, of[0].divides))),
      ...cells,
    );
  });
  const heads = variants.map((name) => h("th.num", { scope: "col" }, VARIANTS[name]));
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": caption },
    h(
      "table.table",
      {},
      h("caption.offscreen", {}, caption),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Figure"), ...heads)),
      h("tbody", {}, ...body),
    ),
  );
  return h("div", {}, scroll, hint(scroll));
}

export function named(row) {
  return row.title.charAt(0).toUpperCase() + row.title.slice(1);
}

export function cell(row) {
  if (!row) return h("td.num", {}, "–");
  const changed = row.variant === "difference";
  const value = changed ? difference(row.value, row.unit) : amount(row.value, row.unit);
  const write = changed ? difference : amount;
  const range =
    row.low === null || row.low === undefined
      ? ""
      : h("small", {}, `${write(row.low, row.unit)} to ${write(row.high, row.unit)}`);
  return h(
    "td.num",
    {},
    h(
      "span.measure",
      {},
      changed ? verdict(row, value) : h("span", {}, value),
      range,
      changed ? "" : h("small", { title: row.divides }, `${count(row.numerator)} / ${count(row.denominator)}`),
      row.official === null || row.official === undefined
        ? ""
        : h("small", { title: "As the benchmark's own script prints it, in percent" }, `script: ${row.official}`),
    ),
  );
}

/** The difference, and in words whether it is better, where its interval leaves zero out. */
function verdict(row, value) {
  const certain = row.low !== null && row.low !== undefined && (row.low > 0 || row.high < 0);
  if (!certain || !row.better) return h("span", {}, value, certain ? "" : h("small", {}, row.value === null ? "" : " may be chance"));
  const good = row.value < 0 === (row.better === "less");
  return h(good ? "span.good" : "span.bad", {}, value, good ? " better" : " worse");
}

function amount(value, unit) {
  if (value === null || value === undefined) return "not defined";
  return unit === "share" ? `${(100 * value).toFixed(DIGITS)} %` : value.toFixed(2);
}

function difference(value, unit) {
  if (value === null || value === undefined) return "not defined";
  const scaled = unit === "share" ? 100 * value : value;
  const text = Math.abs(scaled).toFixed(unit === "share" ? DIGITS : 2);
  const sign = Number(text) === 0 ? "±" : scaled > 0 ? "+" : "−";
  return sign + text;
}

function count(value) {
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(2);
}

customElements.define("v-figures", Figures);
