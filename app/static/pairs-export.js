// What was reviewed leaves the studio: flipped pairs swapped, dropped ones left out, in the format that a trainer wants.

import { BASE, api, every, h, poll } from "./core.js";
import { open } from "./dialog.js";
import { trainLink } from "./pairs-start.js";
import { select } from "./fields.js";
import "./live.js";

const WHICH = [
  ["all_but_dropped", "all pairs but the dropped ones"],
  ["reviewed", "only what was reviewed, without the dropped ones"],
];

/** `run`: the hardness run whose pairs leave. */
export async function exportDialog(run) {
  const formats = await api("pairs/formats");
  const format = select(
    "Format",
    formats.map((each) => [each.name, each.title ?? each.name]),
    () => {},
  );
  const which = select("Which", WHICH, () => {});
  const result = h("div", { "aria-live": "polite" });
  const go = h("button.button.primary", {}, "Export");
  const stop = new AbortController();
  const form = h(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        launch().catch(
          (error) => error.name !== "AbortError" && result.replaceChildren(refusal(error.message)),
        );
      },
    },
    h("div.toolbar", {}, format.node, which.node),
    h("footer", {}, go),
  );

  async function launch() {
    go.disabled = true;
    try {
      const body = { format: format.input.value, which: which.input.value };
      const made = await api(`runs/${run.id}/pairs/export`, { method: "POST", body });
      result.replaceChildren(h("v-live", { run: made.id, compact: true }));
      await poll(() => ended(made.id), { every: 700, signal: stop.signal });
    } finally {
      go.disabled = false;
    }
  }

  async function ended(id) {
    const found = await api(`runs/${id}`, { signal: stop.signal });
    if (!found.finished) return true;
    const files = (await every(`runs/${id}/artefacts`, { signal: stop.signal })).filter(
      (item) => item.role === "file",
    );
    result.replaceChildren(...done(found, files, run));
    return false;
  }

  const dialog = open(
    "Export the reviewed set",
    h(
      "p.muted",
      {},
      "Flipped pairs change places, dropped ones are left out, everything else stays as it is. Training takes their hardness as it is measured here, that of a flipped pair with the other sign. The export is a run of its own, so it can be found again.",
    ),
    form,
    result,
  );
  dialog.addEventListener("close", () => stop.abort());
}

function refusal(message) {
  return h("div.notice.bad", { role: "alert" }, h("strong", {}, "Not exported"), h("p", {}, message));
}

function done(run, files, measured) {
  const page = h("a", { href: `${BASE}run?id=${run.id}` }, "its run");
  if (run.status !== "succeeded")
    return [refusal(run.error || `The export was ${run.status}.`), h("p", {}, "More on ", page, ".")];
  return [
    h("p", {}, run.summary, " See ", page, "."),
    ...files.map((file) =>
      h(
        "p.actions",
        {},
        h(
          "a.button.primary",
          { href: BASE + file.url.slice(1), download: file.name },
          `Download ${file.name}`,
        ),
        h(
          "a.button",
          { href: trainLink({ pairs: `${run.id}/${file.name}` }, measured) },
          "Train on it",
        ),
      ),
    ),
  ];
}
