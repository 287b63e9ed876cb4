// What carrying a request out made: runs that are going on, what each edit did, and several side by side.

import { BASE, h } from "./core.js";
import { runLink, runTitle } from "./format.js";

/** Changes when what `results` shows has to be drawn anew. */
export function resultsKey(request) {
  return JSON.stringify((request?.runs ?? []).map((run) => [run.id, run.finished ? run.status : "going on", run.id === request.kept_run]));
}

export function results(request) {
  const runs = request?.runs ?? [];
  const going = runs.filter((run) => !run.finished);
  const done = runs.filter((run) => run.status === "succeeded");
  const later = (run) => runs.some((other) => other.created_at > run.created_at && runTitle(other) === runTitle(run));
  const fell = runs.filter((run) => run.finished && run.status !== "succeeded" && !later(run)); // one tried again is in the trail
  return [
    going.length ? h("section", { "aria-label": "Runs of the request" }, h("div.lives", {}, ...going.map((run) => h("v-live", { run: run.id, compact: true })))) : "",
    ...fell.map((run) =>
      h(
        `div.notice${run.status === "failed" ? ".bad" : ""}`,
        {},
        h("strong", {}, runLink(run), ` ${run.status}`),
        run.error ? h("p", {}, run.error) : "",
        h("a.button", { href: `${BASE}unlearning?from=${run.id}` }, "Change its settings"),
      ),
    ),
    done.length > 1 ? h("v-edits-beside", { runs: done.map((run) => run.id).join(",") }) : "",
    ...done.map((run) => edit(run, done.length === 1 || run.id === request.kept_run)),
  ].filter(Boolean);
}

/** One edit; of several only that which is kept is unfolded. */
function edit(run, open) {
  const shown = h("v-edit", { run: run.id });
  if (open) return h("section", { id: `edit-${run.id}`, "aria-label": runTitle(run) }, h("h2", {}, runTitle(run)), shown);
  const box = h("details.card", { id: `edit-${run.id}` }, h("summary", {}, runTitle(run)));
  box.addEventListener("toggle", () => shown.isConnected || box.append(shown), { once: true });
  return box;
}
