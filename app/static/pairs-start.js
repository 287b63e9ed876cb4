// Where the Pairs page begins: nothing measured yet, or the set that a training run was trained on.

import { BASE, action, api, h, poll, setQuery } from "./core.js";

const LOOKED_AT = 10; // sets, newest first, among which that of a training is looked for
const FIRST = { method: "alignment.hardness", config: {}, title: "Hardness of the small world's pairs" };
const ABOUT =
  "This page shows pairs whose hardness was measured: how much more CLIP finds of the chosen answer in the image than of the rejected one. Begin with the small world that comes with the studio, or measure a file of yours below.";

/** The training page, filled in: `source` {pairs, format, images, max_pairs}, with the hardness that `measured` found of it. */
export function trainLink(source, measured) {
  const asked = new URLSearchParams();
  for (const name of ["pairs", "format", "images", "max_pairs"]) if (source[name]) asked.set(name, source[name]);
  if (measured?.method === FIRST.method) asked.set("hardness", `${measured.id}/hardness.parquet`);
  return `${BASE}alignment?${asked}`;
}

/** The newest set that a training run was trained on; without one the newest. */
export async function setOf(training, sets, signal) {
  for (const set of training ? sets.slice(0, LOOKED_AT) : []) {
    const { items: knowing } = await api(`pairs/trainings?run=${set.id}`, { signal });
    if (knowing.some((run) => run.id === training)) return set;
  }
  return sets[0];
}

/** One click measures the small world; whatever is launched elsewhere is found too, and `page` starts anew. */
export async function beginning(page, signal) {
  const launch = async () => {
    const made = await api("runs", { method: "POST", body: FIRST });
    setQuery({ run: made.id });
    page.connectedCallback();
  };
  const button = h(
    "button.button.primary",
    { type: "button", onclick: action(launch) },
    "Measure the small world's pairs",
  );
  page.replaceChildren(
    h("div.empty", {}, h("strong", {}, "No pairs measured yet"), h("p", {}, ABOUT), button),
  );
  const look = async () => !(await api("pairs/sets", { signal })).items.length;
  await poll(look, { every: 4000, signal });
  if (!signal.aborted) page.connectedCallback();
}
