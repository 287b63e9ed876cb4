// The request: what is marked, what it is for, what it would take, and what was decided of it.

import { BASE, action, h } from "./core.js";
import { number, runTitle } from "./format.js";
import { shareDialog } from "./share-dialog.js";
import { Plan } from "./unlearning-plan.js";
import { TASKS } from "./unlearning-marks.js";
import { stateOf } from "./unlearning-state.js";
import { markRanges, wordDiff } from "./word-diff.js";

const SHOWN = 5; // items unfolded at first
const STEPS = [
  ["requested", "Mark rows"],
  ["approved", "Approve"],
  ["running", "Run"],
  ["verified", "Verify"],
  ["kept", "Keep"],
];
const CALLED = { remove: ["to remove", "to remove"], prompts: ["new prompt", "new prompts"], answers: ["new answer", "new answers"] };

export function chip(request) {
  const [word, sign] = stateOf(request);
  return h(`span.badge.${request.state}`, {}, h("span", { "aria-hidden": "true" }, sign), word);
}

/** "2 to remove · 1 new answer". */
export function counted(counts) {
  const said = Object.entries(CALLED)
    .filter(([key]) => counts[key])
    .map(([key, [one, many]]) => `${number(counts[key])} ${counts[key] === 1 ? one : many}`);
  return said.join(" · ") || "nothing marked";
}

export class RequestPanel {
  /**
   * `rows`: of the table in all; `act`: {describe({title, note}), open(row), unmark(row), approve(note), reject(note), reopen(),
   * discard(), run(launches, seed), keep(run), undo()}, each of which asks the studio and draws anew.
   */
  constructor({ method, rows, act, signal }) {
    Object.assign(this, { rows, act, signal });
    this.plan = new Plan(method);
    this.title = h("input", { maxLength: 200, placeholder: "What is it about?", onchange: () => this.describe() });
    this.note = h("textarea", { rows: 2, maxLength: 2000, placeholder: "Who asks, and why", onchange: () => this.describe() });
    this.why = h("input", { maxLength: 2000, placeholder: "kept in the audit trail" });
    this.words = h("div.describe", {}, h("label.field", {}, "Title", this.title), h("label.field", {}, "Note", this.note));
    this.head = h("header.row");
    this.body = h("div.requestbody");
    this.way = h("div");
    this.node = h("aside.card.request", { "aria-label": "The request" }, this.head, this.way, this.words, this.body);
  }

  describe() {
    this.act.describe({ title: this.title.value.trim(), note: this.note.value.trim() });
  }

  /** `request`: as REST gives it; null while nothing is marked. */
  show(request) {
    const state = request?.state ?? "";
    this.head.replaceChildren(h("h2", {}, state && state !== "requested" ? request.title || "The request" : "The request"), request ? chip(request) : "");
    for (const name of ["title", "note"])
      if (request && document.activeElement !== this[name]) this[name].value = request[name];
    this.words.hidden = state !== "" && state !== "requested";
    this.way.replaceChildren(steps(state));
    this.body.replaceChildren(...this.parts(request, state).filter(Boolean));
    if (request?.items.length && ["requested", "approved", "verified", "kept"].includes(state)) this.plan.estimate(request, this.signal);
  }

  parts(request, state) {
    if (!request)
      return [h("p.muted", {}, "Mark rows in the table: remove them, edit their prompts, correct their answers. The first mark opens a request; nothing is changed before it is approved and run.")];
    const marked = [this.count(request), items(request, this.act, state === "requested")];
    if (state === "requested") return [...marked, ...this.deciding(request)];
    const note = request.note ? h("p.prompt", {}, request.note) : "";
    const shown = [note, ...marked];
    if (state === "approved") return [...shown, this.plan.node, h("div.actions", {}, this.run(), this.reopen())];
    if (state === "running") return [...shown, h("p.muted", {}, "Its runs are below.")];
    if (state === "rejected") return [...shown, h("div.actions", {}, this.reopen())];
    const more = h("details", {}, h("summary", {}, "Run another edit of it"), this.plan.node, h("div.actions", {}, this.run()));
    const undo = () => this.button("Undo", () => this.act.undo(), "What was kept before it comes back; the file stays.");
    const after = state === "kept" ? [undo()] : [this.reopen(), this.reject()];
    return [...shown, ...this.finished(request), more, h("div.actions", {}, ...after)];
  }

  count({ counts, items: marked }) {
    const share = this.rows ? ` of ${number(this.rows)}: ${number(Number(((100 * marked.length) / this.rows).toPrecision(2)))} %` : "";
    return h("p", {}, h("b", {}, counted(counts)), marked.length ? h("span.muted", {}, ` (${number(marked.length)} ${marked.length === 1 ? "row" : "rows"}${share})`) : "");
  }

  deciding(request) {
    const discard = request.draft ? this.button("Delete draft", () => this.act.discard(), "Nobody decided about it yet: it goes, and leaves nothing.", ".quiet") : "";
    if (!request.items.length)
      return [h("p.muted", {}, `No row is marked any more. Mark some, or ${request.draft ? "delete" : "reject"} the request.`), h("div.actions", {}, request.draft ? discard : this.reject())];
    return [
      this.plan.node,
      h("label.field", {}, "Why it is approved or rejected", this.why),
      h(
        "div.actions.decide",
        {},
        this.button("Approve", () => this.act.approve(this.why.value.trim()), "Its marks stand from then on, and it can run.", ".primary"),
        this.reject(),
        discard,
      ),
    ];
  }

  run() {
    const launch = () => this.act.run(this.plan.launches(), Number(this.plan.seed.value));
    return this.button("Run", launch, "Each chosen edit, one run", ".primary");
  }

  reopen() {
    const title = "Its marks can be changed again, and it must be approved anew.";
    return this.button("Reopen", () => this.act.reopen(), title);
  }

  reject() {
    const title = "Nothing of it is kept; the request stays on record.";
    return this.button("Reject", () => this.act.reject(this.why.value.trim()), title, ".danger");
  }

  button(words, work, title, kind = "") {
    return h(`button.button${kind}`, { type: "button", title, onclick: action(work) }, words);
  }

  /** The runs that can be kept, and what is on record of each. */
  finished(request) {
    const done = request.runs.filter((run) => run.status === "succeeded");
    return [
      h("h3", {}, request.state === "kept" ? "Kept" : "Which version is kept?"),
      h(
        "ul.keepable",
        {},
        ...done.map((run) =>
          h(
            `li${run.id === request.kept_run ? ".kept" : ""}`,
            {},
            h("a", { href: `#edit-${run.id}`, onclick: unfold }, runTitle(run)),
            run.summary ? h("p.fine.muted", {}, run.summary) : "",
            h(
              "div.actions",
              {},
              run.id === request.kept_run ? h("span.badge.kept", {}, "✓ kept") : this.button("Keep", () => this.act.keep(run.id), "This version stands for the adapter from now on."),
              h("a.button.quiet", { href: `${BASE}api/v1/requests/${request.id}/certificate.html?run=${run.id}`, target: "_blank", "aria-label": `Certificate of ${runTitle(run)}` }, "Certificate"),
              h("a.button.quiet", { href: `${BASE}api/v1/requests/${request.id}/certificate?run=${run.id}`, target: "_blank", "aria-label": `Certificate of ${runTitle(run)} as JSON` }, "JSON"),
              h("button.button.quiet", { type: "button", "data-needs": "editor", "aria-label": `Share the certificate of ${runTitle(run)}`, onclick: action(() => shareDialog("certificate", request.id, { run: run.id })) }, "Share …"),
            ),
          ),
        ),
      ),
    ];
  }
}

/** The edit that a link leads to is opened. */
function unfold({ currentTarget }) {
  const target = document.getElementById(currentTarget.hash.slice(1));
  if (target?.tagName === "DETAILS") target.open = true;
}

/** Where the request is on its way. */
function steps(state) {
  const at = state === "rejected" ? -1 : Math.max(0, STEPS.findIndex(([name]) => name === state));
  return h(
    "ol.requestway",
    { "aria-label": "The way of a request" },
    ...STEPS.map(([, words], place) => h(place < at ? "li.done" : "li", { "aria-current": place === at ? "step" : null }, words)),
  );
}

function items(request, act, editable) {
  if (!request.items.length) return "";
  const lines = (some) => some.map((item) => line(item, act, editable));
  const rest = request.items.slice(SHOWN);
  const more = h("details", {}, h("summary", {}, `${number(rest.length)} more`));
  more.addEventListener("toggle", () => more.append(h("ul.askeditems", { "aria-label": "More marked rows" }, ...lines(rest))), { once: true });
  return h("div", {}, h("ul.askeditems", { "aria-label": "Marked rows" }, ...lines(request.items.slice(0, SHOWN))), rest.length ? more : "");
}

function line(item, act, editable) {
  const task = TASKS[item.task];
  const changed = (before, now) => (now === null || now === undefined ? [before] : markRanges(now, wordDiff(before, now, 1)[1]));
  return h(
    "li",
    {},
    h("span", {}, h(`span.task.${item.task}`, { title: task.about }, `${task.sign} ${task.name}`), h("small.muted", {}, ` row ${item.position}`)),
    h(
      "button.itemtext",
      { type: "button", title: "Show the row", onclick: () => act.open(item.row_id) },
      item.task === "remove" ? h("s", {}, item.prompt) : h("span", {}, ...changed(item.prompt, item.new_prompt)),
      item.task === "remove" ? "" : h("span.muted", {}, " → ", ...changed(item.answer, item.new_answer)),
    ),
    editable ? h("button.button.quiet", { type: "button", "aria-label": `Take back the mark of row ${item.position}`, onclick: () => act.unmark(item.row_id) }, "✕") : "",
  );
}
