// What a comparison shows: what is kept of it, and the changes to it that are only in the page's address so far.

/** Of each field how it is called in the address. */
const NAMES = { runs: "run", baseline: "baseline", title: "title", notes: "notes" };

/** {id, runs, baseline, title, notes, runsGiven}; `saved` is a comparison or null. */
export function readDraft(saved) {
  const asked = new URLSearchParams(location.search);
  const text = (name) => asked.get(name) ?? saved?.[name] ?? "";
  const given = [...new Set(asked.getAll("run"))];
  const runs = given.length ? given : (saved?.run_ids ?? []);
  const baseline = text("baseline");
  return { id: saved?.id ?? "", runs, baseline: runs.includes(baseline) ? baseline : "", title: text("title"), notes: text("notes") };
}

/** Whether something is not kept. */
export function isChanged(draft, saved) {
  if (!saved) return true;
  return (
    draft.runs.join() !== saved.run_ids.join() ||
    draft.title !== saved.title ||
    draft.notes !== saved.notes ||
    (draft.baseline || saved.run_ids[0]) !== (saved.baseline || saved.run_ids[0])
  );
}

/** Into the address goes what differs from what is kept; a reload loses nothing. */
export function writeDraft(draft, saved) {
  const url = new URL(location.href);
  for (const name of Object.values(NAMES)) url.searchParams.delete(name);
  if (draft.id) url.searchParams.set("c", draft.id);
  else url.searchParams.delete("c");
  if (!saved || draft.runs.join() !== saved.run_ids.join()) for (const run of draft.runs) url.searchParams.append("run", run);
  for (const name of ["baseline", "title", "notes"]) if (draft[name] !== (saved?.[name] ?? "")) url.searchParams.set(name, draft[name]);
  history.replaceState(history.state, "", url);
}

/** What REST takes to keep it. */
export function bodyOf(draft) {
  return { run_ids: draft.runs, title: draft.title, notes: draft.notes, baseline: draft.baseline };
}

/** The baseline first, then the others in their order. */
export function ordered({ runs, baseline }) {
  return baseline ? [baseline, ...runs.filter((run) => run !== baseline)] : runs;
}
