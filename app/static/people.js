// <v-people>: for admins, who may use the studio, and the log of what was done; for others nothing.

import { Element, action, api, h } from "./core.js";
import { confirm } from "./dialog.js";
import { ago, date } from "./format.js";
import { me } from "./role.js";
import { table } from "./table.js";

const ROLES = ["viewer", "editor", "admin"];
const PAGE = 20;

class People extends Element {
  async start(signal) {
    const { name, role } = await me();
    if (role !== "admin") return;
    this.signal = signal;
    this.local = name === "local";
    this.accounts = h("section.card", {}, h("h2", {}, "Accounts"), h("p.muted", {}, "Loading …"));
    this.log = new Log(signal);
    this.replaceChildren(this.accounts, this.log.box);
    await Promise.all([this.draw(), this.log.fill()]);
  }

  async draw() {
    const found = await api("accounts", { signal: this.signal });
    const columns = [
      { key: "name", title: "Name", value: (each) => each.name, cell: (each) => each.name },
      { key: "role", title: "Role", sort: false, cell: (each) => this.roles(each) },
      { key: "proof", title: "Known by", sort: false, cell: (each) => (each.has_token ? "a token" : "the proxy") },
      { key: "since", title: "Since", value: (each) => each.created_at, cell: (each) => date(each.created_at) },
      { key: "act", title: "", sort: false, cell: (each) => this.remover(each) },
    ];
    const list = found.length
      ? table({ caption: "Who may use this studio", rows: found, columns })
      : h("p", {}, this.local
          ? "No account, and none is needed: whoever reaches this studio is an admin (VITRINE_AUTH=none)."
          : "No account yet: whom the proxy names has the role that VITRINE_PROXY_ROLE gives.");
    const make = h("p.muted", {}, "A new account, or a new token: ", h("code", {}, "vitrine accounts add NAME --role editor"), ", ", h("code", {}, "vitrine accounts renew NAME"), " on the studio's machine.");
    this.accounts.replaceChildren(h("h2", {}, "Accounts"), list, make);
  }

  roles(account) {
    const options = ROLES.map((role) => h("option", { value: role, selected: role === account.role }, role));
    const change = action(async (event) => {
      await api(path(account), { method: "PATCH", body: { role: event.target.value } });
      await Promise.all([this.draw(), this.log.fill()]);
    });
    return h("label.field.inline", {}, h("select", { "aria-label": `Role of ${account.name}`, onchange: change }, ...options));
  }

  remover(account) {
    const remove = action(async () => {
      const text = `The token and the logins of ${account.name} end at once. What they made stays.`;
      if (!(await confirm(`Remove ${account.name}?`, text, "Remove"))) return;
      await api(path(account), { method: "DELETE" });
      await Promise.all([this.draw(), this.log.fill()]);
    });
    return h("button.button.danger", { type: "button", onclick: remove }, "Remove");
  }
}

function path(account) {
  return `accounts/${encodeURIComponent(account.name)}`;
}

/** The log, newest first, with what narrows it down. */
class Log {
  constructor(signal) {
    this.signal = signal;
    const field = (name, words) => h("input", { name, type: "search", placeholder: words, "aria-label": words, maxLength: 100 });
    this.form = h(
      "form.toolbar.log",
      { onsubmit: (event) => (event.preventDefault(), this.search(event)), onchange: (event) => event.stopPropagation() },
      field("actor", "By whom"),
      field("action", "What: run, run.delete"),
      field("target", "To what: an id"),
      h("button.button", { type: "submit" }, "Show"),
    );
    this.search = action(() => this.fill());
    this.rows = h("div");
    this.more = h("div.actions");
    this.box = h("section.card", {}, h("div.row", {}, h("h2", {}, "What was done"), this.form), this.rows, this.more);
  }

  async fill(cursor = "", before = []) {
    const wanted = new URLSearchParams({ limit: PAGE });
    for (const [name, value] of new FormData(this.form)) if (value.trim()) wanted.set(name, value.trim());
    if (cursor) wanted.set("cursor", cursor);
    const page = await api(`audit?${wanted}`, { signal: this.signal });
    const lines = [...before, ...page.items];
    this.rows.replaceChildren(lines.length ? listed(lines) : h("p.muted", {}, "Nothing of this was done yet."));
    const next = action(() => this.fill(page.cursor, lines));
    this.more.replaceChildren(page.cursor ? h("button.button", { type: "button", onclick: next }, "Earlier") : "");
  }
}

function listed(lines) {
  const columns = [
    { key: "at", title: "When", sort: false, cell: (line) => ago(line.at) },
    { key: "actor", title: "Who", sort: false, cell: (line) => h("span.runname", {}, line.actor, h("small.muted", {}, line.role)) },
    { key: "action", title: "What", sort: false, cell: (line) => line.action },
    { key: "target", title: "To what", sort: false, cell: (line) => h("code", {}, line.target) },
    { key: "data", title: "More", sort: false, wide: true, cell: (line) => told(line.data) },
  ];
  return table({ caption: "What was done, newest first", rows: lines, columns });
}

/** The rest of a line in words: "title Mine, runs 3". */
function told(data) {
  const words = Object.entries(data).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return h("small.muted", {}, words.join(", "));
}

customElements.define("v-people", People);
