// What can be done with a run, as a small menu.

import { BASE, action, api, h, toast } from "./core.js";
import { compareWith } from "./compare-add.js";
import { ask, confirm } from "./dialog.js";
import { runTitle } from "./format.js";
import { menu } from "./menu.js";

const PANELS = {
  "alignment.hardness": "pairs",
  "alignment.pairs": "pairs",
  "alignment.evaluate": "evaluate",
  "fewshot.regularise": "fewshot-regularise",
  "fewshot.evaluate": "fewshot-evaluate",
}; // where a method's launch panel is, if not on its family's page

export function cloneLink(run) {
  return `${BASE}${PANELS[run.method] ?? run.family}?from=${run.id}`;
}

/** A link that downloads runs as one file that opens offline. */
export function reportLink(ids, title = "") {
  const asked = new URLSearchParams([...ids.map((id) => ["run", id]), ...(title ? [["title", title]] : [])]);
  const about = "One file with all of this: it opens offline and loads nothing";
  return h("a.button", { href: `${BASE}api/v1/report.html?${asked}`, download: "report.html", title: about }, "Report");
}

export async function rerun(run) {
  const again = await api(`runs/${run.id}/rerun`, { method: "POST" });
  location.href = `${BASE}run?id=${again.id}`;
}

export async function rename(run) {
  const title = await ask("Rename", "Title", run.title || runTitle(run));
  return title === null ? run : api(`runs/${run.id}`, { method: "PATCH", body: { title } });
}

export async function remove(run) {
  const text = `${runTitle(run)}, its curves and its images will be gone, also from comparisons and shared links. This cannot be undone.`;
  if (!(await confirm("Delete this run?", text, "Delete"))) return false;
  await api(`runs/${run.id}`, { method: "DELETE" });
  toast("Deleted.");
  return true;
}

/** `changed` is called when the run is no longer what it was. */
export function actions(run, changed) {
  const patch = (body, said) => async () => {
    await api(`runs/${run.id}`, { method: "PATCH", body });
    toast(said);
    await changed();
  };
  const button = (label, work, kind = "", needs = "editor") =>
    h(
      `button${kind}`,
      {
        type: "button",
        role: "menuitem",
        "data-needs": needs,
        onclick: action(async (event) => {
          node.open = false;
          await work(event);
        }),
      },
      label,
    );
  const items = [
    button("Run again", () => rerun(run)),
    h("a", { role: "menuitem", href: cloneLink(run) }, "Clone with changes"),
    button("Compare with …", () => compareWith(run), "", "viewer"),
    button("Rename", async () => {
      await rename(run);
      await changed();
    }),
    button(
      run.pinned ? "Unpin" : "Pin",
      patch({ pinned: !run.pinned }, run.pinned ? "Unpinned." : "Pinned."),
    ),
  ];
  if (run.finished) {
    items.push(
      button(
        run.archived ? "Take out of the archive" : "Archive",
        patch({ archived: !run.archived }, run.archived ? "Back among the runs." : "Archived."),
      ),
    );
    items.push(
      button(
        "Delete",
        async () => {
          if (await remove(run)) await changed();
        },
        ".danger",
      ),
    );
  } else {
    items.push(
      button(
        "Cancel",
        async () => {
          await api(`runs/${run.id}/cancel`, { method: "POST", body: {} });
          toast("Asked to stop.");
          await changed();
        },
        ".danger",
      ),
    );
  }
  const node = menu("⋯", items, { label: `Actions for ${runTitle(run)}` });
  return node;
}
