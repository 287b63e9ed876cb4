// One row that a request names: what is asked of it, its losses at a step length, what the model says, its neighbours.

import { h } from "./core.js";
import { change, known, loss, mean } from "./edit-data.js";
import { markRanges, wordDiff } from "./word-diff.js";

const TASKS = { remove: "remove", prompt: "new prompt", answer: "new answer", both: "new prompt and answer" };

/** One marked row; `fill()` writes what depends on the step length. */
export class Card {
  constructor(row, near, rows) {
    Object.assign(this, { row, near, rows });
    this.meters = h("div.meters");
    this.around = h("div");
    const fresh = row.task !== "remove" && row.task !== "";
    this.node = h(
      "article.editrow",
      { "aria-label": `Row ${row.position}` },
      h("header", {}, h("b", {}, `#${row.position}`), h("span.tag", {}, TASKS[row.task] ?? row.task), h("code.muted", {}, row.row_id)),
      h(
        "div.asked",
        {},
        h("p.prompt", {}, h("b", {}, "Prompt"), row.new_prompt === null || row.new_prompt === undefined ? row.prompt : struck(row.prompt, row.new_prompt)),
        h("p.prompt", {}, h("b", {}, "Answer"), answerOf(row)),
      ),
      h("div.rowparts", {}, this.meters, said(row, rows.names)),
      this.around,
    );
    this.fresh = fresh;
    this.fill();
  }

  fill() {
    const { row, rows } = this;
    const [before, after] = [row.variants.before, rows.loss(row)];
    const fresh = this.fresh ? [before.new_loss, rows.loss(row, true)] : [];
    const most = Math.max(0.1, ...[before.loss, after, ...fresh].filter(known));
    this.meters.replaceChildren(
      meter(this.fresh ? "old row" : "its loss", before.loss, after, most, row.task === "prompt" ? "" : "up"),
      this.fresh ? meter(row.task === "prompt" ? "new prompt" : "corrected row", ...fresh, most, "down") : "",
    );
    if (!this.near.length) return;
    const open = this.around.querySelector("details")?.open ?? false;
    const now = this.near.map((other) => rows.loss(other));
    const first = mean(this.near.map((other) => other.variants.before.loss));
    const count = this.near.length === 1 ? "1 neighbour" : `${this.near.length} neighbours`;
    this.around.replaceChildren(
      h(
        "details",
        { open },
        h("summary", {}, `${count}: mean loss ${loss(first)} → ${loss(mean(now))} (${change(mean(now), first)})`),
        rows.small(`Neighbours of row ${row.position}`, this.near),
      ),
    );
  }
}

function answerOf(row) {
  if (row.task === "remove") return h("del", {}, row.answer);
  if (row.new_answer === null || row.new_answer === undefined) return row.answer;
  return struck(row.answer, row.new_answer);
}

/** What a variant answers; null where it was not asked. */
export function says(row, name) {
  return row.variants[name]?.text ?? null;
}

/** The old text and the new, their words that differ marked. */
export function struck(old, fresh) {
  const [gone, come] = wordDiff(old, fresh, 1);
  return h("span.struck", {}, h("del", {}, ...markRanges(old, gone)), " → ", h("ins", {}, ...markRanges(fresh, come)));
}

/** Loss before as a line, now as a bar, on a scale that ends at `most`; `good` is the way it should go, "" for either. */
function meter(name, before, now, most, good) {
  const bar = h("span.bar", { "aria-hidden": "true" }, h("i"), h("b"));
  bar.children[0].style.width = `${(100 * (now ?? 0)) / most}%`;
  bar.children[1].style.left = `${(100 * (before ?? 0)) / most}%`;
  const way = good && known(now) && known(before) && Math.abs(now - before) > 5e-4 ? (now > before === (good === "up") ? "good" : "bad") : "";
  return h(
    "div.meter",
    {},
    h("span.muted", {}, name),
    bar,
    h("span.num", {}, `${loss(before)} → `, h("b", {}, loss(now)), h(`small${way ? `.${way}` : ".muted"}`, {}, ` ${change(now, before)}`)),
  );
}

/** What the variants say, to the prompt as it was and as it should be. */
function said(row, names) {
  const mended = names.some(({ name }) => known(row.variants[name]?.new_text?.length));
  return h(
    "section.says",
    {},
    h("h3", {}, mended ? "The model says to the old prompt" : "The model says"),
    answersBy(row, names, "text"),
    mended ? [h("h3", {}, "To the new prompt"), answersBy(row, names, "new_text")] : "",
    extraction(row),
  );
}

/** Answers, each with those who give it. */
function answersBy(row, names, key) {
  const there = names.filter(({ name }) => known(row.variants[name]?.[key]?.length));
  const alike = Object.entries(Object.groupBy(there, ({ name }) => row.variants[name][key]));
  const who = (by) => by.flatMap(({ name, title }, place) => [place ? ", " : "", name === "edit" ? h("b", {}, title) : title]);
  const item = ([text, by]) => h("li", {}, h("p", {}, text || h("em.muted", {}, "nothing"), " ", judged(row, text)), h("small.muted", {}, ...who(by)));
  return alike.length ? h("ul.said", {}, ...alike.map(item)) : h("p.muted.fine", {}, "It was not asked.");
}

function judged(row, text) {
  const is = (answer) => plain(text) === plain(answer);
  if (row.new_answer && is(row.new_answer)) return h("small.became.good", {}, "✓ the new answer");
  if (row.task === "prompt") return h("small.muted", {}, is(row.answer) ? "its answer" : "another answer");
  return is(row.answer) ? h("small.became.bad", {}, "✕ the old answer") : h("small.muted", {}, "not the old answer");
}

function extraction({ variants: { before, edit } }) {
  if (!known(before?.extraction) || !known(edit?.extraction)) return "";
  const about = "Share of the old answer that the model continues by itself once it is given the beginning";
  return h("p.muted.fine", { title: about }, `Extraction strength of the old answer: ${before.extraction.toFixed(2)} → ${edit.extraction.toFixed(2)}`);
}

function plain(text) {
  return (text ?? "").trim().toLowerCase();
}
