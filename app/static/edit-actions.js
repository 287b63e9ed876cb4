// What can be done with an edit: keep it, take it back, write it at another step length, carry its certificate away.

import { ApiError, BASE, action, api, h, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { fileUrl, stepName } from "./edit-data.js";
import { runTitle } from "./format.js";

const UPDATE = "update.safetensors";

/** The adapter it began with, this one, and which is kept. */
export function lineage({ run, artefacts, request }) {
  const from = String(run.config.adapter ?? "");
  const parent = /^([0-9a-z]{6,})\/[^/]+$/i.exec(from);
  const kept = request?.kept_run;
  const state = kept === run.id ? h("span.badge.succeeded", {}, "● kept") : kept ? h("span.muted", {}, "another version is kept: ", h("a", { href: `${BASE}run?id=${kept}` }, kept.slice(0, 6))) : h("span.muted", {}, "not kept");
  const request_ = request ? [" · request ", h("a", { href: `${BASE}unlearning?request=${request.id}` }, request.title || request.id), h("span.muted", {}, ` (${request.state})`)] : [];
  const has = artefacts.some((item) => item.name === "adapter.zip");
  return h(
    "p.lineage",
    {},
    h("span.muted", {}, "Adapter "),
    parent ? h("a", { href: `${BASE}run?id=${parent[1]}` }, from) : h("code", {}, from || "as uploaded"),
    " → ",
    has ? h("code", {}, `${run.id}/adapter.zip`) : h("span.muted", {}, "no new version"),
    " · ",
    request ? state : h("span.muted", {}, "of no request of the studio"),
    ...request_,
  );
}

/** `changed` is called when what is kept has changed. */
export function buttons({ run, artefacts, request }, changed) {
  const file = (name) => artefacts.find((item) => item.name === name);
  const adapter = file("adapter.zip");
  const nodes = [];
  if (request && adapter && request.kept_run !== run.id)
    nodes.push(
      h("button.button.primary", { type: "button", onclick: action(() => keep(request, run, changed)) }, "Keep this version"),
    );
  if (request?.kept_run === run.id)
    nodes.push(h("button.button.danger", { type: "button", onclick: action(() => undo(request, changed)) }, "Undo"));
  if (adapter)
    nodes.push(h("a.button", { href: `${fileUrl(adapter)}?name=adapter-${run.id}.zip` }, "Download the adapter"));
  nodes.push(...certificate(run, request, file));
  return h("div.actions", {}, ...nodes);
}

function certificate(run, request, file) {
  const link = (href, name) => h("a.button", { href, target: "_blank" }, name);
  if (request) {
    const asked = `${BASE}api/v1/requests/${request.id}/certificate`;
    return [link(`${asked}.html?run=${run.id}`, "Certificate"), link(`${asked}?run=${run.id}`, "as JSON")];
  }
  return [
    ["certificate.html", "Certificate"],
    ["certificate.json", "as JSON"],
  ]
    .filter(([name]) => file(name))
    .map(([name, said]) => link(fileUrl(file(name)), said));
}

async function keep(request, run, changed) {
  await api(`requests/${request.id}/keep`, { method: "POST", body: { run: run.id } });
  toast("Kept: this version stands for the request.");
  await changed();
}

async function undo(request, changed) {
  const text = "What was kept before comes back; this version stays where it is, and can be kept again.";
  if (!(await confirm("Take this edit back?", text, "Undo"))) return;
  await api(`requests/${request.id}/undo`, { method: "POST", body: {} });
  toast("Taken back.");
  await changed();
}

/** Writes a version at the step length that is looked at; `show(point, isChosen)` says what the button would do. */
export class Write {
  constructor({ run, artefacts, request }) {
    Object.assign(this, { run, request });
    this.has = artefacts.some((item) => item.name === UPDATE);
    this.button = h("button.button", { type: "button", onclick: action(() => this.launch()) });
    this.result = h("span.muted", { role: "status" });
    this.node = h("div.actions", {}, this.button, this.result);
  }

  show(point, isChosen) {
    this.point = point;
    this.button.textContent = isChosen ? "This is the version of this run" : `Write this version (step length ${stepName(point.alpha)})`;
    this.button.disabled = isChosen || point.alpha === 0 || !this.has;
    this.button.classList.toggle("danger", !point.allowed);
    this.button.title = this.has ? "" : "The run has saved no update to take a part of.";
    this.result.replaceChildren();
  }

  /** A run that solves nothing: it takes this run's update, at this length, and measures it. A request that it is for launches it, and says so in its trail. */
  async launch() {
    const { run, request, point } = this;
    const config = { ...run.config, direction: `${run.id}/${UPDATE}`, step_length: point.alpha };
    const title = `${runTitle(run)}, step ${stepName(point.alpha)}`.slice(0, 200);
    const launched =
      request && request.file === run.config.request
        ? api(`requests/${request.id}/run`, { method: "POST", body: { launches: [{ title, values: config }], seed: run.seed } })
        : api("runs", { method: "POST", body: { method: run.method, config, seed: run.seed, title, parent_id: run.id } });
    const [made] = await launched.then((found) => [found].flat()).catch((error) => {
      throw error instanceof ApiError ? error : new Error("The version could not be written.");
    });
    this.result.replaceChildren("Being written: ", h("a", { href: `${BASE}run?id=${made.id}` }, runTitle(made)));
    this.node.dispatchEvent(new CustomEvent("launched", { bubbles: true, detail: made }));
  }
}
