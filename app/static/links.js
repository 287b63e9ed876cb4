// <v-links>: every link that shows something of this studio to others: filtered, copied, prolonged, revoked.

import { BASE, Element, action, api, h, query, setQuery } from "./core.js";
import { select } from "./fields.js";
import { date, number } from "./format.js";
import { linkButtons, revokeAll, stateOf, targetLink, visits } from "./share-links.js";
import { table } from "./table.js";

const SIZE = 50;
const STATES = [
  ["active", "That work now"],
  ["ended", "That have ended"],
  ["", "All"],
];

class Links extends Element {
  async start(signal) {
    this.choices = await api("shares/choices", { signal });
    this.kinds = Object.fromEntries(this.choices.kinds.map((kind) => [kind.name, kind.title]));
    this.asked = { state: query("state") || "active", kind: query("kind"), target_id: query("target") };
    if (query("state") === "all") this.asked.state = "";
    const state = select("Links", STATES, (value) => this.set({ state: value }));
    const kind = select("Of", [["", "anything"], ...Object.entries(this.kinds)], (value) => this.set({ kind: value }));
    state.input.value = this.asked.state;
    kind.input.value = this.asked.kind;
    this.count = h("span.muted.fine", { role: "status" });
    this.bulk = h("span.actions");
    this.box = h("div", {}, h("p.muted", {}, "Loading …"));
    this.rest = h("p.actions");
    const one = this.asked.target_id
      ? h("span.tag", {}, `only of ${this.asked.target_id} `, h("a", { href: `${BASE}links` }, "all"))
      : "";
    this.replaceChildren(h("div.toolbar", {}, state.node, kind.node, one, this.count, this.bulk), this.box, this.rest);
    await this.load(signal);
  }

  async set(change) {
    Object.assign(this.asked, change);
    setQuery({ state: this.asked.state || "all", kind: this.asked.kind, target: this.asked.target_id });
    await this.load(this.stop.signal).catch((error) => this.fail(error));
  }

  async load(signal) {
    const asked = Object.entries(this.asked).filter(([, value]) => value);
    this.page = await api(`shares?${new URLSearchParams([...asked, ["limit", SIZE]])}`, { signal });
    this.shown = this.page.items;
    this.draw();
  }

  async more() {
    const asked = Object.entries(this.asked).filter(([, value]) => value);
    this.page = await api(`shares?${new URLSearchParams([...asked, ["limit", SIZE], ["cursor", this.page.cursor]])}`);
    this.shown = [...this.shown, ...this.page.items];
    this.draw();
  }

  draw() {
    const { total } = this.page;
    this.count.textContent = total ? `${number(total)} ${total === 1 ? "link" : "links"}` : "";
    const mine = this.shown.filter((share) => share.mine && share.state === "active");
    const revoke = action(async () => (await revokeAll(mine)) && this.load(this.stop.signal));
    this.bulk.replaceChildren(
      this.asked.target_id && mine.length ? h("button.button.danger", { type: "button", onclick: revoke }, `Revoke all ${mine.length}`) : "",
    );
    this.rest.replaceChildren(
      this.page.cursor
        ? h("button.button", { type: "button", onclick: action(() => this.more()) }, `Show more (${number(total - this.shown.length)} left)`)
        : "",
    );
    this.box.replaceChildren(this.shown.length ? h("section.card", { "aria-label": "Links" }, this.table()) : this.empty());
  }

  table() {
    const changed = () => this.load(this.stop.signal);
    const titles = Object.fromEntries(this.choices.parts.map((part) => [part.name, part.title]));
    const columns = [
      { key: "target", title: "What", value: (share) => share.title || share.target, cell: (share) => this.what(share) },
      { key: "kind", title: "Kind", value: (share) => this.kinds[share.kind], cell: (share) => this.kinds[share.kind] },
      { key: "shows", title: "It shows", sort: false, cell: (share) => this.parts(share, titles) },
      {
        key: "made",
        title: "Made",
        value: (share) => share.created_at,
        cell: (share) => h("span.runname", {}, date(share.created_at), share.created_by ? h("small.muted", {}, `by ${share.created_by}`) : ""),
      },
      { key: "ends", title: "Ends", value: (share) => share.expires_at, cell: (share) => (share.state === "revoked" ? stateOf(share) : date(share.expires_at)) },
      { key: "visits", title: "Visits", num: true, value: (share) => share.hits, cell: (share) => h("span", { title: visits(share) }, number(share.hits)) },
      { key: "act", title: "", sort: false, cell: (share) => h("div.actions", {}, ...linkButtons(share, changed)) },
    ];
    return table({
      caption: "Links",
      columns,
      rows: this.shown,
      row: (line, share) => share.state !== "active" && line.classList.add("over"),
    });
  }

  what(share) {
    const name = share.target || "deleted";
    return h(
      "span.linkname",
      {},
      share.target ? h("a", { href: targetLink(share) }, name) : h("span.muted", {}, name),
      share.title && share.title !== name ? h("small", {}, `shown as “${share.title}”`) : "",
      share.kind === "node" ? h("small", {}, `node ${share.selection.position}`) : "",
      share.note ? h("small", {}, share.note) : "",
    );
  }

  /** The preset where it is one, else what was left out. */
  parts(share, titles) {
    const known = this.choices.kinds.find((kind) => kind.name === share.kind).parts;
    const same = (preset) => {
      const own = preset.parts.filter((part) => known.includes(part));
      return own.length === share.shows.length && own.every((part) => share.shows.includes(part));
    };
    const all = share.shows.map((part) => titles[part]).join(", ");
    const preset = this.choices.presets.find(same);
    const left = known.filter((part) => !share.shows.includes(part)).map((part) => titles[part].toLowerCase());
    return h("span", { title: all }, preset ? preset.title : left.length <= 4 ? `all but ${left.join(", ")}` : all);
  }

  empty() {
    const words =
      this.asked.state === "ended"
        ? ["No link has ended", "Links that expire or are revoked stay listed here."]
        : ["Nothing is shared", "“Share” on the page of a run, a comparison, a sweep, a set of pairs, a node or a certificate makes a read-only page that needs no login."];
    return h(
      "div.empty",
      {},
      h("strong", {}, words[0]),
      h("p", {}, words[1]),
      h("a.button.primary", { href: `${BASE}runs` }, "Go to the runs"),
    );
  }
}

customElements.define("v-links", Links);
