// <v-unlearning>: from an adapter's training table through marks, a request, its approval and runs to a version that is kept.

import { ApiError, BASE, Element, action, api, complain, every, h, poll, query, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { select } from "./fields.js";
import { number, runTitle } from "./format.js";
import { listenKeys } from "./keys.js";
import { Desk } from "./unlearning-desk.js";
import { KEYS } from "./unlearning-keys.js";
import { lineage, requestsList } from "./unlearning-lists.js";
import { Marks, NOTHING } from "./unlearning-marks.js";
import { RequestPanel, counted } from "./unlearning-request.js";
import { results, resultsKey } from "./unlearning-runs.js";
import { absent, beginning, counterpart, ranking } from "./unlearning-start.js";
import { OPEN, readState, stateOf, writeState } from "./unlearning-state.js";
import { trail } from "./unlearning-trail.js";
import "./live.js";

const TABLES = "unlearning/tables";
const WAIT = 300; // ms after the last mark

function named(table) {
  return [table.id, `${runTitle(table)} · ${number(table.rows)} rows`];
}

/** The largest loss and self-influence of a table: {loss, self_influence}, null where none is known. */
async function mostOf(table, signal) {
  const largest = async (key) => {
    const asked = new URLSearchParams({ sort: key, descending: true, limit: 1 });
    const { rows } = await api(`runs/${table.id}/instructions?${asked}`, { signal });
    return [key, rows[0]?.[key] ?? null];
  };
  return Object.fromEntries(await Promise.all(["loss", "self_influence"].map(largest)));
}

class Unlearning extends Element {
  async start(signal) {
    this.replaceChildren(h("p.muted", {}, "Loading …"));
    this.state = readState();
    this.described = { title: "", note: "" };
    const [tables, request] = await Promise.all([
      every(TABLES, { signal }),
      this.state.request ? api(`requests/${this.state.request}`, { signal }) : null,
    ]);
    this.request = request;
    this.state.table = request?.table || this.state.table || tables[0]?.id;
    if (!this.state.table) return beginning(this, signal);
    this.run = await this.tableRun(signal);
    if (this.run && !this.run.finished) return this.wait(signal);
    await this.open(tables, signal);
    return undefined;
  }

  /** What the address names is gone: the way on. */
  fail(error) {
    if (error.name !== "AbortError" && error.status === 404) absent(this, error).catch((other) => super.fail(other));
    else super.fail(error);
  }

  /** The run of the table; null where a request outlived it. */
  async tableRun(signal) {
    try {
      return await api(`runs/${this.state.table}`, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && this.request) return null;
      throw error;
    }
  }

  async wait(signal) {
    const back = h("button.button.quiet", { type: "button", onclick: () => this.goTo({ table: "" }) }, "Other tables");
    this.replaceChildren(h("v-live", { run: this.run.id }), h("p.actions", {}, back));
    await poll(async () => !(await api(`runs/${this.run.id}`, { signal })).finished, { every: 1500, signal });
    await this.start(signal);
  }

  async open(tables, signal) {
    const table = tables.find((each) => each.id === this.run?.id) ?? null;
    const [most, methods] = await Promise.all([table && mostOf(table, signal), api("methods", { signal })]);
    const method = methods.find(({ name }) => name === (this.request?.method ?? `${this.run.family}.erase`));
    this.marks = new Marks({
      request: () => this.ensure(),
      onchange: (row, now) => this.desk?.marked(row, now),
      onsent: () => this.later(),
    });
    this.marks.learnItems(this.request?.items ?? []);
    this.desk = table && new Desk({ table, most, state: this.state, marks: this.marks, locked: () => this.locked(), signal });
    this.panel = new RequestPanel({ method, rows: table?.rows ?? 0, act: this.acts(), signal });
    this.build(tables, table);
    if (this.desk) listenKeys(KEYS, this.keyActs(), signal);
    for (const changed of ["decided", "launched"]) // an edit on this page was kept, taken back, or written at another length
      this.resultsBox.addEventListener(changed, () => this.refresh().catch(complain));
    document.addEventListener("progress", (event) => event.detail.finished && this.ended(event.detail).catch(complain), { signal });
    this.show();
    await Promise.all([this.desk?.walk.load(), this.lists(signal)]);
    document.title = `${this.request?.title || "Unlearning"} · Vitrine`;
    if (query("from")) await this.toPanel(query("from"), signal);
  }

  /** The panel that the address fills with the settings of a run. */
  async toPanel(id, signal) {
    const { method } = await api(`runs/${id}`, { signal });
    document.getElementById(`panel-${method.replace(".", "-")}`)?.scrollIntoView();
  }

  build(tables, table) {
    this.tables = select("Adapter and its rows", tables.map(named), (chosen) => this.goTo({ table: chosen, request: "" }));
    const missing = this.run ? runTitle(this.run) : "Its run was deleted";
    if (!table) this.tables.input.prepend(h("option", { value: this.state.table }, missing));
    this.tables.input.value = this.state.table;
    this.tableBox = h(
      "details.tablebox",
      {},
      h("summary", {}, table ? `Training table: ${number(table.rows)} rows` : "Training table"),
      this.desk?.node ?? h("p.muted", {}, this.run ? "This run recorded no rows." : "The run that recorded this table is gone; the request keeps its texts."),
    );
    this.markbar = h("div.markbar", { hidden: true }); // where the request is below the table
    this.tableBox.append(this.markbar);
    this.resultsBox = h("div.results");
    this.trailBox = h("div");
    this.listsBox = h("div.lists");
    this.layout = h("div.unlearningdesk", {}, this.tableBox, this.panel.node);
    this.replaceChildren(this.toolbar(table, tables), this.failed(), this.layout, this.resultsBox, this.trailBox, this.listsBox);
  }

  toolbar(table, tables) {
    const rank = table && !table.ranked && ranking(table);
    const find = async () => this.goTo({ table: (await api("runs", { method: "POST", body: rank })).id, request: "" });
    this.another = h("button.button", { type: "button", onclick: () => this.goTo({ request: "" }) }, "New request");
    const about = "Ranks the rows by self-influence: how far each one's own gradient moves its own loss";
    return h(
      "div.toolbar.choose",
      {},
      this.tables.node,
      this.run ? h("a.button.quiet", { href: `${BASE}run?id=${this.run.id}` }, "Its run") : "",
      rank ? h("button.button", { type: "button", title: about, onclick: action(find) }, "Find suspicious rows") : "",
      table ? counterpart(this, table, tables) : "",
      this.another,
    );
  }

  failed() {
    if (!this.run || this.run.status === "succeeded") return "";
    return h("div.notice.bad", {}, h("strong", {}, `The run of this table ${this.run.status}`), h("p", {}, this.run.error || "The rows that it had recorded are below."));
  }

  /** The request as it stands now; what does not change stays where it is. */
  show() {
    const { request } = this;
    const open = !request || request.state === "requested";
    this.panel.show(request);
    this.another.hidden = !request;
    if (this.shownOpen !== open) {
      this.layout.classList.toggle("decided", !open);
      this.tableBox.open = open;
      this.layout.replaceChildren(...(open ? [this.tableBox, this.panel.node] : [this.panel.node]));
      if (!open) this.listsBox.before(this.tableBox);
      if (this.shownOpen !== undefined) this.desk?.redraw().catch(complain);
      if (this.shownOpen !== undefined) this.layout.scrollIntoView({ block: "nearest" });
      this.shownOpen = open;
    }
    this.markbar.hidden = !open || !request?.items.length;
    const toRequest = () => this.panel.node.scrollIntoView();
    this.markbar.replaceChildren(request ? counted(request.counts) : "", h("button.button", { type: "button", onclick: toRequest }, "To the request ↓"));
    const key = resultsKey(request);
    if (this.shownResults !== key) this.resultsBox.replaceChildren(...results(request));
    this.shownResults = key;
    this.trailBox.replaceChildren(request ? trail(request) : "");
  }

  locked() {
    const state = this.request?.state ?? "requested";
    if (this.run.status !== "succeeded") return `The run of this table ${this.run.status}: rows of one that succeeded can be marked.`;
    return state === "requested" ? "" : `The request is ${stateOf(this.request)[0].toLowerCase()}: reopen it to change its marks.`;
  }

  /** The request's id; the first mark makes one. */
  async ensure() {
    if (!this.request) {
      const body = { table: this.run.id, ...this.described };
      this.request = await api("requests", { method: "POST", body });
      this.state.request = this.request.id;
      writeState(this.state);
    }
    return this.request.id;
  }

  later() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh().catch(complain), WAIT);
  }

  async refresh(signal = this.stop.signal) {
    if (!this.state.request) return; // not even the first mark was kept
    this.request = await api(`requests/${this.state.request}`, { signal });
    this.marks.learnItems(this.request.items);
    this.show();
    await this.lists(signal);
  }

  async lists(signal) {
    const [requests, versions] = await Promise.all([every("requests", { signal }), every("unlearning/versions", { signal })]);
    this.listsBox.replaceChildren(...[requestsList(requests, this.state.request), lineage(versions)].filter(Boolean));
  }

  acts() {
    const post = (path, said) => async (body = {}) => {
      try {
        await api(`requests/${this.request.id}/${path}`, { method: "POST", body });
        if (said) toast(said);
      } finally {
        await this.refresh(); // also where somebody else was quicker
      }
    };
    return {
      describe: (words) => this.describe(words).catch(complain),
      open: (row) => this.desk?.show(row).catch(complain),
      unmark: (row) => this.marks.change(row, NOTHING),
      approve: (note) => post("approve", "Approved.")({ note }),
      reject: (note) => post("reject", "Rejected; it stays on record.")({ note }),
      reopen: post("reopen"),
      discard: () => this.discard(),
      run: (launches, seed) => post("run")({ launches, seed }),
      keep: (run) => post("keep", "Kept.")({ run }),
      undo: post("undo", "Undone."),
    };
  }

  /** A draft goes, if the person means it, and the table stays. */
  async discard() {
    const { id, title, table, items } = this.request;
    const marks = items.length ? ` with its ${counted(this.request.counts)}` : "";
    if (!(await confirm("Delete this draft?", `“${title}”${marks} cannot be brought back. The rows stay as they are.`, "Delete it"))) return;
    await api(`requests/${id}`, { method: "DELETE" });
    toast("Deleted.");
    this.described = { title: "", note: "" };
    this.goTo({ table, request: "" });
  }

  async describe(words) {
    this.described = words;
    if (!this.request) return;
    await api(`requests/${this.request.id}`, { method: "PATCH", body: words });
    await this.refresh();
  }

  /** Keys act on the table while it can be seen. */
  keyActs() {
    const act = this.desk.acts();
    return Object.fromEntries(Object.entries(act).map(([name, work]) => [name, (...all) => this.tableBox.open && work(...all)]));
  }

  /** A run of this page has ended: the request goes on, or there is another table. */
  async ended({ id }) {
    if (this.request?.runs.some((run) => run.id === id)) await this.refresh();
    const tables = await every(TABLES, { signal: this.stop.signal });
    const had = [...this.tables.input.options].map((option) => option.value);
    const fresh = tables.filter((table) => !had.includes(table.id)).map(named);
    this.tables.input.prepend(...fresh.map(([value, words]) => h("option", { value }, words)));
    if (fresh.length) toast(`Ready, and can be chosen above: ${fresh[0][1]}`);
  }

  /** Another table or request: everything anew. */
  goTo(change) {
    Object.assign(this.state, { row: "", ...OPEN, page: 1 }, change);
    writeState(this.state);
    this.shownOpen = this.shownResults = undefined;
    this.connectedCallback();
  }
}

customElements.define("v-unlearning", Unlearning);
