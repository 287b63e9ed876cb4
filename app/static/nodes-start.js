// Where the Anomaly page begins: no graph was scored yet.

import { action, api, h, poll, setQuery } from "./core.js";

const DETECT = "anomaly.detect";
const FIRST = [
  ["payments", "Score the payments world", "DiffGAD on the payments world", { graph: "payments", detector: "diffgad" }],
  ["miserables", "Score Les Misérables", "Plain autoencoder on Les Misérables", { graph: "miserables", detector: "autoencoder" }],
];
const ABOUT =
  "This page ranks the nodes of a graph by how badly a model of the whole graph reconstructs them and how unlike their neighbours they are, and shows why each ranks where it does. Begin with a graph that comes with the studio: payments between made-up accounts, some of which were tampered with, or the characters of Les Misérables. Or bring your own, below.";

/** One click scores a graph that comes with the studio; whatever is launched elsewhere is found too, and `page` starts anew. */
export async function beginning(page, signal) {
  const launch = (title, config) => async () => {
    const made = await api("runs", { method: "POST", body: { method: DETECT, config, title } });
    setQuery({ run: made.id });
    page.connectedCallback();
  };
  const buttons = FIRST.map(([, words, title, config], at) =>
    h(`button.button${at ? "" : ".primary"}`, { type: "button", onclick: action(launch(title, config)) }, words),
  );
  page.replaceChildren(
    h("div.empty", {}, h("strong", {}, "No graph scored yet"), h("p", {}, ABOUT), h("div.actions", {}, ...buttons)),
  );
  const look = async () => !(await api("anomaly/runs", { signal })).items.length;
  await poll(look, { every: 4000, signal });
  if (!signal.aborted) page.connectedCallback();
}
