// Which class is taken for which, before and after looking closer; the pictures of a cell, and the pairs as a table.

import { h } from "./core.js";
import { stamp } from "./scores-data.js";
import { matrix } from "./scores-matrix.js";
import { paged } from "./scores-pictures.js";
import { table } from "./table.js";

const MODES = { before: "Before", after: "After", change: "Change" };

export function confusionCard(found, classifier) {
  const of = (refinement) => found.confusion.find((row) => row.classifier === classifier && row.refinement === refinement);
  const [before, after] = [of("global"), of("vcr")];
  if (!before && !after) return "";
  const classes = (after ?? before).classes;
  const counts = { before, after };
  const panel = h("div.cellpictures", { "aria-live": "polite" }, h("p.muted", {}, "Choose a cell, or a pair of the table, to see its pictures."));
  const kept = found.picture.filter((row) => row.classifier === classifier);
  const show = (label, answer) => panel.replaceChildren(...cellPictures({ kept, found, label, answer, said: said(counts, label, answer) }));
  const draws = found.score.find((row) => row.classifier === classifier)?.seeds.length ?? 1;
  const confused = pairs(counts, show);
  const parts = classes.length ? drawing({ classes, counts, show }) : { chips: "", node: listing(confused) };
  return h(
    "section.card",
    { "aria-label": "Confusion" },
    h("div.row", {}, h("h2", {}, "What is taken for what"), parts.chips),
    stamp(found),
    draws > 1 ? h("p.muted.fine", {}, `Counts are summed over the ${draws} support draws.`) : "",
    h("div.confusionparts", {}, h("div", {}, parts.node), panel),
    classes.length ? folded(confused) : "",
  );
}

function drawing({ classes, counts, show }) {
  const state = { mode: counts.after ? "after" : "before", at: { label: null, answer: null } };
  const words = h("p.readout", {}, "Down the true class, across the answer: on the diagonal is what is right.");
  const box = h("div");
  const has = { before: counts.before, after: counts.after, change: counts.before && counts.after };
  const modes = Object.keys(MODES).filter((mode) => has[mode]);
  const buttons = modes.map((mode) => h("button.chip", { type: "button", onclick: () => choose(mode) }, MODES[mode]));
  const count = (mode, label, answer) => counts[mode]?.counts[label][answer] ?? 0;
  const draw = () => {
    const { mode, at } = state;
    const value = mode === "change" ? (label, answer) => count("after", label, answer) - count("before", label, answer) : (label, answer) => count(mode, label, answer);
    const tell = (label, answer) => (words.textContent = `${said(counts, classes[label], classes[answer])}.`);
    const pick = (label, answer) => (tell(label, answer), show(classes[label], classes[answer]));
    box.replaceChildren(matrix({ classes, value, change: mode === "change", tell, pick, at }));
  };
  const choose = (mode) => {
    state.mode = mode;
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(modes[place] === mode)));
    draw();
  };
  choose(state.mode);
  return { chips: h("div.chips", { role: "group", "aria-label": "Confusion shown" }, ...buttons), node: h("div", {}, box, words) };
}

function listing({ draw }) {
  return h("div", {}, h("p.muted.fine", {}, "Too many classes for a matrix: the pairs that are confused most often. A dash: it is not among the most frequent."), draw());
}

/** "red ring taken for red circle: 5 before, 2 after". */
function said(counts, label, answer) {
  const modes = ["before", "after"].filter((mode) => counts[mode]);
  const numbers = modes.map((mode) => `${countOf(counts[mode], label, answer) ?? "few"} ${mode}`).join(", ");
  return `${label === answer ? `${label} named right` : `${label} taken for ${answer}`}: ${numbers}`;
}

/** Null where it is not known: of many classes, only the pairs that are confused most are. */
function countOf(given, label, answer) {
  if (!given) return null;
  const { classes, counts, pairs: listed } = given;
  if (classes.length) return counts[classes.indexOf(label)][classes.indexOf(answer)];
  return listed.find((pair) => pair.label === label && pair.answer === answer)?.n ?? null;
}

function cellPictures({ kept, found, label, answer, said: words }) {
  const top = (given) => given[0]?.[0];
  const rows = kept.filter((row) => row.label === label && [top(row.before), top(row.after)].includes(answer));
  const nothing = "No picture of this cell was kept: a run keeps one answer a picture, at most some hundred, and few of those that stay right.";
  return [h("h3", {}, words), paged(rows, found, nothing, 4)];
}

/** Pairs of different classes that are confused, the most frequent first; of many classes only these are known. */
function pairs(counts, show) {
  const found = new Map();
  for (const given of Object.values(counts).filter(Boolean))
    for (const { label, answer } of pairsOf(given)) found.set(`${label}\n${answer}`, { label, answer, before: countOf(counts.before, label, answer), after: countOf(counts.after, label, answer) });
  const rows = [...found.values()].map((row) => ({ ...row, change: row.before === null || row.after === null ? null : row.after - row.before }));
  const number = (key, title, write = (value) => value ?? "–") => ({ key, title, num: true, value: (row) => row[key], cell: (row) => write(row[key]) });
  const columns = [
    { key: "label", title: "Class", value: (row) => row.label, cell: (row) => row.label },
    { key: "answer", title: "Taken for", value: (row) => row.answer, cell: (row) => row.answer },
    number("before", "Before"),
    number("after", "After"),
    number("change", "Change", signed),
    { key: "look", title: "", sort: false, cell: (row) => h("button.button.quiet", { type: "button", "aria-label": `Pictures of ${row.label} taken for ${row.answer}`, onclick: () => show(row.label, row.answer) }, "Pictures") },
  ];
  return { count: rows.length, draw: () => h("div.pairtable", {}, table({ caption: "Confused pairs", columns, rows, sort: "before", descending: true })) };
}

function folded({ count, draw }) {
  const box = h("div");
  return h("details", { ontoggle: () => box.childElementCount || box.append(draw()) }, h("summary", {}, `Confused pairs as a table (${count})`), box);
}

function signed(value) {
  if (value === null) return "–";
  return value > 0 ? `+${value}` : String(value).replace("-", "−");
}

function pairsOf({ classes, counts, pairs: listed }) {
  if (!classes.length) return listed;
  return counts.flatMap((line, label) => line.map((n, answer) => ({ label: classes[label], answer: classes[answer], n })).filter(({ n }, answer) => n && answer !== label));
}
