// <v-edits-beside runs="a,b">: several edits beside each other: what they differ in, what each did, where they disagree.

import { BASE, Element, api, h } from "./core.js";
import { known, loss, percent, change, readEdit, stepName, verdictList } from "./edit-data.js";
import { plotted } from "./edit-plot.js";
import { struck } from "./edit-row.js";
import { along } from "./edit-steps.js";
import { flagsOf, reach } from "./edit-variants.js";
import { duration, runTitle, setting } from "./format.js";
import { fitted } from "./frontier.js";
import { table } from "./table.js";

const MOST = 8; // rows they disagree on, at first
const OF_ONE_REQUEST = ["request", "adapter", "data"];

class EditsBeside extends Element {
  static observedAttributes = ["runs"];

  async start(signal) {
    const ids = (this.getAttribute("runs") ?? "").split(",").filter(Boolean);
    const read = await Promise.all(ids.map((id) => readEdit(id, signal)));
    const edits = read.filter((edit) => edit.variants?.length);
    if (edits.length < 2) {
      this.replaceChildren();
      return;
    }
    const asked = new URLSearchParams(edits.map(({ run }) => ["run", run.id]));
    const { differing } = await api(`compare?${asked}`, { signal });
    edits.forEach((edit, place) => Object.assign(edit, { place, name: runTitle(edit.run) }));
    const settings = this.closest("v-compare") ? [] : differing; // a comparison has them above
    this.replaceChildren(...[apart(differing), figures(edits, settings), courses(edits), disagreement(edits)].filter(Boolean));
  }
}

function of(edit, name) {
  return edit.variants.find((variant) => variant.name === name) ?? {};
}

/** What makes them edits of different things. */
function apart(differing) {
  const names = differing.filter(({ name }) => OF_ONE_REQUEST.includes(name)).map(({ title }) => title.toLowerCase());
  if (!names.length) return "";
  return h("div.notice", { role: "note" }, `They differ in ${names.join(", ")}: they were not asked the same of the same, and their figures do not compare.`);
}

function figures(edits, differing) {
  const name = {
    key: "run",
    title: "Edit",
    value: (edit) => edit.name,
    cell: (edit) => h("span.runname", {}, h("a", { href: `${BASE}run?id=${edit.run.id}` }, h(`i.swatch.c${edit.place % 8}`, { "aria-hidden": "true" }), edit.name), ...flags(edit)),
  };
  const settings = differing.map((item) => ({
    key: `setting ${item.name}`,
    title: item.title,
    value: (edit) => item.values[edit.place],
    cell: (edit) => h("div.cut", { title: setting(item.values[edit.place]) }, setting(item.values[edit.place])),
  }));
  const verdict = {
    key: "verdict",
    title: "Verdict",
    wide: true,
    sort: false,
    cell: (edit) => (edit.verdict.length ? verdictList(edit.verdict.slice(0, 1)) : "–"),
  };
  return h(
    "section.card.beside",
    { "aria-label": "Edits side by side" },
    h("h2", {}, "Edits side by side"),
    table({ caption: "Edits side by side", columns: [name, ...settings, verdict, ...measures(edits)], rows: edits }),
  );
}

function measures(edits) {
  const value = (key, title, write, since) => ({
    key,
    title,
    num: true,
    value: (edit) => of(edit, "edit")[key],
    cell: (edit) => {
      const [now, before] = [of(edit, "edit")[key], of(edit, "before")[key]];
      if (!known(now)) return "–";
      return h("span.measure", {}, write(now), since ? h("small", {}, since(now, before)) : "");
    },
  });
  const step = {
    key: "step_length",
    title: "Step length",
    num: true,
    value: (edit) => edit.run.metrics.step_length,
    cell: (edit) => (known(edit.run.metrics.step_length) ? stepName(edit.run.metrics.step_length) : "–"),
  };
  const three = (number) => number.toFixed(3);
  return [
    value("forget_loss", "Old answers, loss", loss, change),
    value("corrected_loss", "Corrected rows, loss", loss, change),
    value("retain_loss", "Retained rows, loss", loss, percent),
    value("held_out_loss", "Never trained on, loss", loss, percent),
    value("kl", "KL(before ‖ after)", loss),
    value("mia_loss", "Membership AUC, loss", three),
    value("reached", "Reached of the retrain", reach),
    value("logp_cosine", "Cosine, log-probabilities", three),
    step,
    value("seconds", "Time", duration),
  ].filter(({ value: found }) => edits.some((edit) => known(found(edit))));
}

function flags(edit) {
  return flagsOf(of(edit, "edit"), edit.variants, edit.run.config.retain_tolerance).map((text) => h("small.bad", {}, `✕ ${text}`));
}

/** The losses along each update, a colour an edit. */
function courses(edits) {
  const alphas = [...new Set(edits.flatMap(({ curve }) => curve.map((point) => point.alpha)))].sort((a, b) => a - b);
  if (alphas.length < 2) return "";
  const panel = (name, key, since = false) => ({
    name: `${name}: loss${since ? " since before" : ""}, nats per token`,
    lines: edits
      .filter(({ curve }) => curve.length)
      .map(({ curve, place }) => {
        const values = along(curve, key, since);
        return { colour: place % 8, values: alphas.map((alpha) => values[curve.findIndex((point) => point.alpha === alpha)] ?? null) };
      }),
  });
  const panels = [panel("Old answers", "forget"), panel("Corrected rows", "corrected"), panel("Retained rows", "retain", true)].filter(({ lines }) =>
    lines.some(({ values }) => values.some(known)),
  );
  const forbidden = alphas.map((alpha) => edits.every(({ curve }) => curve.find((point) => point.alpha === alpha)?.allowed === false));
  const label = "Losses by step length of each edit";
  const draw = (width) => {
    const { plot, take } = plotted({ alphas, panels, forbidden, label }, width);
    for (const { curve, place } of edits) {
      const chosen = alphas.indexOf(curve.find((point) => point.chosen)?.alpha);
      if (chosen < 0) continue;
      take(chosen, `c${place % 8}`, 4 * (place - (edits.length - 1) / 2)); // those that took the same stand beside each other
    }
    return plot;
  };
  return h(
    "section.card.beside",
    { "aria-label": "Along the update" },
    h("h2", {}, "Along the update"),
    h("div.kinds", {}, ...edits.map(({ name, place }) => h("span.key", {}, h(`i.swatch.c${place % 8}`, { "aria-hidden": "true" }), name)), h("span.key", {}, "▼ the step length that each took")),
    fitted(draw),
  );
}

/** Marked rows that all of them have, those first whose losses lie furthest apart. */
function disagreement(edits) {
  const maps = edits.map(({ rows }) => new Map(rows.filter((row) => row.role === "marked").map((row) => [row.row_id, row])));
  const shared = [...maps[0].keys()].filter((id) => maps.every((rows) => rows.has(id)));
  const rows = shared
    .map((id) => maps.map((each) => each.get(id)))
    .map((each) => ({ row: each[0], edits: each.map((row) => row.variants.edit ?? {}) }))
    .map((item) => ({ ...item, spread: Math.max(spread(item.edits, "loss"), spread(item.edits, "new_loss")) }))
    .sort((a, b) => b.spread - a.spread);
  if (!rows.length) return "";
  const columns = [
    { key: "row", title: "Row", value: ({ row }) => row.position, cell: ({ row }) => `#${row.position}` },
    { key: "prompt", title: "Prompt", wide: true, value: ({ row }) => row.prompt, cell: ({ row }) => (row.new_prompt ? struck(row.prompt, row.new_prompt) : row.prompt) },
    {
      key: "answer",
      title: "Answer",
      wide: true,
      value: ({ row }) => row.answer,
      cell: ({ row }) => (row.task === "remove" ? h("span", {}, row.answer, " ", h("small.tag", {}, "remove")) : row.new_answer ? struck(row.answer, row.new_answer) : row.answer),
    },
    ...edits.map(({ name, place }) => ({
      key: `edit ${place}`,
      title: name,
      wide: true,
      value: (item) => item.edits[place].loss,
      cell: (item) => {
        const { text, loss: old, new_loss: fresh } = item.edits[place];
        const figures = known(fresh) ? `old ${loss(old)}, corrected ${loss(fresh)}` : `loss ${loss(old)}`;
        return h("span.measure", {}, h("span", {}, text || "–"), h("small", {}, figures));
      },
    })),
    { key: "spread", title: "Apart", num: true, hint: "Largest difference of a loss between the edits", value: (item) => item.spread, cell: (item) => loss(item.spread) },
  ];
  const draw = (some) => table({ caption: "Rows on which the edits disagree", columns, rows: some });
  const box = h("div", {}, draw(rows.slice(0, MOST)));
  const all = h(
    "button.button",
    {
      type: "button",
      onclick: () => {
        box.replaceChildren(draw(rows));
        all.remove();
      },
    },
    `All ${rows.length} rows`,
  );
  return h(
    "section.card.beside",
    { "aria-label": "Where they disagree" },
    h("h2", {}, "Where they disagree"),
    h("p.muted.fine", {}, "What each says to the marked rows, and the losses of the old and the corrected answer; the largest differences first."),
    box,
    rows.length > MOST ? h("p.actions", {}, all) : "",
  );
}

function spread(items, key) {
  const found = items.map((item) => item[key]).filter(known);
  return found.length > 1 ? Math.max(...found) - Math.min(...found) : 0;
}

customElements.define("v-edits-beside", EditsBeside);
