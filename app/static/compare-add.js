// Choosing runs to compare with: those that make sense first, each with its reason; or any, by a search.

import { BASE, api, complain, h } from "./core.js";
import { ago, badge, runTitle } from "./format.js";
import { open } from "./dialog.js";

const MOST = 64;

/** Ask for runs to put beside `runs`; `take(ids)` gets those chosen. */
export async function addDialog(runs, take) {
  const [own] = runs;
  const known = new Set(runs.map((run) => run.id));
  const chosen = new Set();
  const list = h("ul.choices", { "aria-live": "polite" });
  const go = h("button.button.primary", { type: "button", disabled: true }, "Compare");
  const room = MOST - runs.length;
  const mark = () => {
    go.disabled = !chosen.size || chosen.size > room;
    go.textContent = chosen.size > room ? `At most ${room} more` : chosen.size ? `Compare with ${chosen.size}` : "Compare";
  };
  const line = ({ run, reason }) =>
    h(
      "li",
      {},
      h(
        "label",
        {},
        h("input", { type: "checkbox", checked: chosen.has(run.id), onchange: (event) => (event.target.checked ? chosen.add(run.id) : chosen.delete(run.id), mark()) }),
        h("span.said", {}, h("b", {}, runTitle(run)), h("small.muted", {}, `${reason ? `${reason} · ` : ""}${run.method} · seed ${run.seed} · `, ago(run.created_at))),
        run.status === "succeeded" ? "" : badge(run.status),
      ),
    );
  const show = (found) => {
    const others = found.filter(({ run }) => !known.has(run.id));
    list.replaceChildren(...(others.length ? others.map(line) : [h("li.muted", {}, "No other run matches.")]));
  };
  let asked = 0;
  const find = async () => {
    const own_ = ++asked;
    const text = search.value.trim();
    const found = text
      ? (await api(`runs?${new URLSearchParams({ q: text, limit: 50 })}`)).runs.map((run) => ({ run, reason: "" }))
      : await api(`runs/${own.id}/companions`);
    if (own_ === asked) show(found);
  };
  let waiting;
  const search = h("input", {
    type: "search",
    placeholder: "Search any run: title, method, id",
    "aria-label": "Search runs",
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => find().catch(complain), 180);
    },
  });
  const dialog = open(`Compare ${runs.length === 1 ? runTitle(own) : "them"} with`, h("div.toolbar", {}, search), list, h("footer", {}, go));
  go.addEventListener("click", () => {
    dialog.close();
    Promise.resolve(take([...chosen])).catch(complain);
  });
  await find();
  list.querySelector("input")?.focus();
}

/** From a run to the page where it stands beside others. */
export function compareWith(run) {
  return addDialog([run], (ids) => {
    location.href = `${BASE}compare?${new URLSearchParams([run.id, ...ids].map((id) => ["run", id]))}`;
  });
}
