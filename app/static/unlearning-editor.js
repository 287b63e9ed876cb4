// One row of the training table, opened: its texts, what it should say instead, and the words in which they differ.

import { h } from "./core.js";
import { number } from "./format.js";
import { KINDS } from "./unlearning-state.js";
import { NOTHING, TASKS, known, taskOf } from "./unlearning-marks.js";
import { markRanges, wordDiff } from "./word-diff.js";

/**
 * `row`: an instruction; `place`: words such as "3 of 31 in the list"; `mark`: what is asked of it; `locked`: why nothing can be
 * asked, or ""; `act`: what the buttons do (next, previous, remove, undo, help, save(change)).
 * Gives {node, showMark(mark), focus("prompt" | "answer")}.
 */
export function editor({ row, place, mark, locked, act }) {
  const texts = {
    prompt: text("prompt", "Prompt", row.prompt, locked, act),
    answer: text("answer", "Answer", row.answer, locked, act),
  };
  const remove = h(
    "button.chip.remove",
    { type: "button", title: `Remove: ${TASKS.remove.about}`, disabled: Boolean(locked), onclick: act.remove },
    `${TASKS.remove.sign} Remove `,
    h("kbd", { "aria-hidden": "true" }, "x"),
  );
  const right = known(row);
  const mend = right && h("button.chip", { type: "button", title: right.answer ?? right.prompt, onclick: () => act.save(right) }, "As the data says is right");
  const unmark = h("button.button.quiet", { type: "button", onclick: () => act.save(NOTHING) }, "Take the mark back");
  const node = h(
    "section.roweditor",
    { "aria-label": `Row ${row.position}` },
    head(row, place, act),
    locked ? h("p.muted.fine", {}, locked) : h("div.chips", {}, remove, mend, unmark),
    h("div.sides", {}, texts.prompt.node, texts.answer.node),
  );
  const showMark = (now) => {
    remove.setAttribute("aria-pressed", String(now.remove));
    unmark.hidden = taskOf(now) === "";
    node.classList.toggle("removed", now.remove);
    texts.prompt.show(now.prompt);
    texts.answer.show(now.answer);
  };
  showMark(mark);
  return { node, showMark, focus: (name) => texts[name].focus() };
}

function head(row, place, act) {
  const button = (label, title, work) =>
    h("button.button.quiet", { type: "button", title, "aria-label": title, onclick: work }, label);
  const facts = [
    `loss ${number(row.loss)}`,
    row.self_influence === null || row.self_influence === undefined ? "" : `self-influence ${number(row.self_influence)}`,
    `${number(row.tokens)} tokens`,
  ];
  return h(
    "header.row",
    {},
    h("h3", {}, `Row ${row.position}`),
    row.kind ? h("span.tag", {}, KINDS[row.kind] ?? row.kind) : "",
    h("span.muted.fine.origin", {}, [place, ...facts].filter(Boolean).join(" · ")),
    h(
      "div.actions",
      {},
      button("‹", "Previous row (k)", act.previous),
      button("›", "Next row (j)", act.next),
      button("?", "Keys (?)", act.help),
    ),
  );
}

/** A text as it was trained on, a field for what it should be, and the difference while one types. */
function text(name, heading, trained, locked, act) {
  const was = h("p.answer.was");
  const problem = h("p.fine.warning", { hidden: true, role: "alert" });
  const field = h("textarea", {
    rows: 2,
    maxLength: 20000,
    spellcheck: false,
    "aria-label": `${heading} should be`,
    readOnly: Boolean(locked),
    oninput: () => draw(),
    onchange: () => keep(),
  });
  let kept = null;
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = kept ?? trained;
    if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) field.blur();
    if (event.key === "Escape") draw();
  });
  const keep = () => {
    if (!problem.hidden) return;
    const now = field.value === trained ? null : field.value;
    if (now !== kept) act.save({ remove: false, [name]: now });
  };
  const draw = () => {
    const changed = field.value !== trained;
    const [before] = changed ? wordDiff(trained, field.value, 1) : [[]];
    was.replaceChildren(...markRanges(trained, before));
    becomes.replaceChildren(...(changed ? difference(trained, field.value) : []));
    problem.hidden = field.value.trim() !== "";
    problem.textContent = `An empty ${name} cannot be learnt: remove the row instead.`;
  };
  const becomes = h("p.answer.becomes", { "aria-live": "polite" });
  const node = h(
    "section.side",
    { "aria-label": heading },
    h("h4", {}, heading, " ", h("small.muted", {}, "as it was trained on")),
    was,
    locked ? "" : h("label.field", {}, h("span", {}, "Should be ", h("kbd", { "aria-hidden": "true" }, name === "prompt" ? "e" : "a")), field),
    becomes,
    problem,
  );
  const show = (now) => {
    kept = now;
    if (document.activeElement !== field) field.value = now ?? trained;
    draw();
  };
  return { node, show, focus: () => (field.focus(), field.select()) };
}

/** The new text with the words marked that the old one has not. */
function difference(before, now) {
  const [, added] = wordDiff(before, now, 1);
  return added.length
    ? [h("small.muted", {}, "becomes "), ...markRanges(now, added)]
    : [h("small.muted", {}, "becomes, by case, punctuation or words taken out only: "), now];
}
