// The head of a comparison: its title, its notes, what can be done with it, and what is not kept yet.

import { BASE, action, api, copy, h, toast } from "./core.js";
import { bodyOf, writeDraft } from "./compare-draft.js";
import { ask, confirm } from "./dialog.js";
import { ago } from "./format.js";
import { menu } from "./menu.js";
import { reportLink } from "./run-actions.js";
import { shareDialog } from "./share-dialog.js";

const MOST_NOTES = 4000;

/** `page` is the v-compare: its `draft`, what is `saved` of it, and `change`. */
export function head(page, changed) {
  const { draft, saved, embedded } = page;
  const heading = embedded ? h("h2", {}, "Side by side") : h("h1", { id: "content", tabIndex: -1 }, draft.title || "Comparison");
  const crumb = embedded ? "" : h("p.crumb", {}, h("a", { href: `${BASE}compare` }, "Comparisons"), saved ? ` / ${saved.id}` : " / not saved");
  return h(
    "div",
    {},
    h(
      "header.pagehead",
      {},
      h("div", {}, crumb, heading, embedded ? "" : renaming(page)),
      h("p.muted", {}, counted(draft.runs.length), ...(saved ? [" · ", ago(saved.created_at)] : []), saved?.owner ? ` · ${saved.owner}` : "", saved?.pinned ? h("span.tag", {}, "pinned") : ""),
      h("div.actions", {}, ...actions(page, changed)),
    ),
    embedded ? "" : h("div.comparehead", {}, changed ? unsaved(page) : "", notes(page)),
  );
}

export function counted(count) {
  return count === 1 ? "1 run" : `${count} runs`;
}

function renaming(page) {
  const rename = async () => {
    const title = await ask("Rename", "Title", page.draft.title);
    if (title !== null) await page.change({ title });
  };
  return h("button.button.quiet", { type: "button", "aria-label": "Rename", title: "Rename", onclick: action(rename) }, "✎");
}

function actions(page, changed) {
  const { draft, saved, embedded } = page;
  const share = async () => {
    if (changed && !(await confirm("Save it first?", "A link shows what is kept of a comparison.", "Save", "Not now"))) return;
    if (changed) await save(page);
    await shareDialog("comparison", page.draft.id);
  };
  const report = reportLink(page.view.runs.map((run) => run.id), draft.title);
  const link = h("button.button", { type: "button", onclick: () => copy(changed ? location.href : `${location.origin}${BASE}c/${draft.id}`) }, "Copy link");
  const buttons = [h("button.button.primary", { type: "button", "data-needs": "editor", onclick: action(share) }, "Share"), link, report];
  if (embedded) return [...buttons, h("a.button", { href: `${BASE}compare?c=${draft.id}` }, "Open as a page")];
  return saved ? [...buttons, more(page)] : buttons;
}

function more(page) {
  const { saved } = page;
  const item = (words, work, kind = "") => h(`button${kind}`, { type: "button", role: "menuitem", "data-needs": "editor", onclick: action(work) }, words);
  const pin = async () => {
    page.saved = await api(`comparisons/${saved.id}`, { method: "PATCH", body: { pinned: !saved.pinned } });
    page.heads();
    toast(saved.pinned ? "Unpinned." : "Pinned: it stays on top of the list.");
  };
  const duplicate = async () => {
    const made = await api(`comparisons/${saved.id}/duplicate`, { method: "POST", body: {} });
    location.href = `${BASE}compare?c=${made.id}`;
  };
  const remove = async () => {
    if (!(await confirm("Delete this comparison?", "Its notes will be gone, and links that show it end. Its runs stay.", "Delete"))) return;
    await api(`comparisons/${saved.id}`, { method: "DELETE" });
    location.href = `${BASE}compare`;
  };
  return menu("⋯", [item(saved.pinned ? "Unpin" : "Pin", pin), item("Duplicate", duplicate), item("Delete", remove, ".danger")], { label: "More" });
}

function unsaved(page) {
  const { saved } = page;
  const discard = () => {
    Object.assign(page.draft, { runs: saved.run_ids, title: saved.title, notes: saved.notes, baseline: saved.baseline });
    writeDraft(page.draft, saved);
    return page.load(page.stop.signal);
  };
  return h(
    "div.notice.unsaved",
    { role: "status" },
    h("p", {}, h("strong", {}, saved ? "Changes are not saved. " : "Not saved. "), `This page's address holds ${saved ? "them" : "it"}, so a reload loses nothing.`),
    h(
      "div.actions",
      {},
      h("button.button.primary", { type: "button", "data-needs": "editor", onclick: action(() => save(page)) }, "Save"),
      saved ? h("button.button", { type: "button", "data-needs": "editor", onclick: action(() => save(page, true)) }, "Save as new") : "",
      saved ? h("button.button.quiet", { type: "button", onclick: action(discard) }, "Discard") : "",
    ),
  );
}

/** Keep what is shown, under the id it has or a new one. */
async function save(page, anew = false) {
  const { draft } = page;
  const old = draft.id && !anew;
  page.saved = await api(old ? `comparisons/${draft.id}` : "comparisons", { method: old ? "PATCH" : "POST", body: bodyOf(draft) });
  draft.id = page.saved.id;
  writeDraft(draft, page.saved);
  page.heads();
  toast("Saved.");
}

/** Plain text; its line breaks are kept, and nothing in it becomes a link. */
function notes(page) {
  const { draft } = page;
  const edit = () => {
    const field = h("textarea", { value: draft.notes, maxLength: MOST_NOTES, rows: Math.min(16, Math.max(3, draft.notes.split("\n").length + 1)), "aria-label": "Notes", placeholder: "What these runs were for, what they show, what to try next. Plain text." });
    const keep = () => page.change({ notes: field.value.trim() });
    const leave = (event) => {
      if (event.key === "Escape") page.heads();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) keep();
    };
    field.addEventListener("keydown", leave);
    box.replaceChildren(field, h("div.actions", {}, h("button.button", { type: "button", onclick: action(keep) }, "Done"), h("button.button.quiet", { type: "button", onclick: () => page.heads() }, "Cancel")));
    field.focus();
  };
  const button = h("button.button.quiet", { type: "button", onclick: edit }, draft.notes ? "Edit notes" : "Add notes");
  const box = h("section.notes", { "aria-label": "Notes" }, draft.notes ? h("p", {}, draft.notes) : "", button);
  return box;
}
