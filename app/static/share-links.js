// Links as a list: where each leads, what it shows, how often it was opened, when it ends; copied, prolonged, revoked.

import { BASE, action, api, copy, h, toast } from "./core.js";
import { ask, confirm } from "./dialog.js";
import { date, number } from "./format.js";

const SIZE = 50;
const DAY = 86400;

export function address(share) {
  return location.origin + BASE + share.url.replace(/^\//, "");
}

/** The page of the studio that a link shows something of. */
export function targetLink(share) {
  const id = encodeURIComponent(share.target_id);
  const paths = {
    run: `run?id=${id}`,
    comparison: `compare?c=${id}`,
    sweep: `sweep?id=${id}`,
    pairs: `pairs?run=${id}`,
    node: `anomaly?run=${id}&node=${share.selection.position}`,
    certificate: `unlearning?request=${id}`,
  };
  return BASE + paths[share.kind];
}

export function stateOf(share) {
  if (share.state === "revoked") return `revoked ${date(share.revoked_at)}`;
  if (share.state === "expired") return `ended ${date(share.expires_at)}`;
  const left = (share.expires_at - Date.now() / 1000) / DAY;
  return left < 1 ? "ends today" : `works until ${date(share.expires_at)}`;
}

export function visits(share) {
  if (!share.hits) return "never opened";
  return `opened ${number(share.hits)} ${share.hits === 1 ? "time" : "times"}, last ${date(share.last_visit_at)}`;
}

/** What can be done with a link; `changed` is called afterwards. */
export function linkButtons(share, changed) {
  const button = (words, work, kind = "", title = "") =>
    h(`button.button${kind}`, { type: "button", title, onclick: action(work) }, words);
  const send = (method, body, said) => async () => {
    await api(`shares/${share.id}`, { method, body });
    toast(said);
    await changed();
  };
  return [
    share.state === "active" ? button("Copy", () => copy(address(share))) : "",
    share.state === "active" ? h("a.button", { href: address(share), target: "_blank", rel: "noopener" }, "Open") : "",
    share.mine && share.state !== "revoked" ? button("Until …", () => prolong(share, changed), "", "Change when it ends") : "",
    share.mine && share.state === "active" ? button("Revoke", send("DELETE", undefined, "Revoked: the link opens nothing any more."), ".danger") : "",
  ];
}

async function prolong(share, changed) {
  const left = Math.max(1, Math.round((share.expires_at - Date.now() / 1000) / DAY));
  const text = await ask("When does the link end?", "Days from now", String(left));
  if (text === null) return;
  if (!(Number(text) > 0)) throw new Error("A number of days is needed.");
  const now = await api(`shares/${share.id}`, { method: "PATCH", body: { days: Number(text) } });
  toast(`It works until ${date(now.expires_at)}.`);
  await changed();
}

/** Revoke all these links at once, if the person agrees. */
export async function revokeAll(shares) {
  const words = shares.length === 1 ? "this link" : `these ${shares.length} links`;
  if (!(await confirm(`Revoke ${words}?`, "Nobody can open them any more. This cannot be undone.", "Revoke"))) return false;
  await api("shares/revoke", { method: "POST", body: { ids: shares.map((share) => share.id) } });
  toast(shares.length === 1 ? "Revoked." : `Revoked ${shares.length} links.`);
  return true;
}

/** The links of one target: {node, load(id of a new one)}. */
export function linkList({ targetId, empty }) {
  const node = h("div", { "aria-live": "polite" });
  async function load(fresh) {
    const { items, total } = await api(`shares?${new URLSearchParams({ target_id: targetId, limit: SIZE })}`);
    if (!items.length) {
      node.replaceChildren(h("p.muted", {}, empty));
      return;
    }
    const mine = items.filter((share) => share.mine && share.state === "active");
    const all = action(async () => (await revokeAll(mine)) && load());
    node.replaceChildren(
      h("ul.shares", {}, ...items.map((share) => item(share, share.id === fresh, load))),
      h(
        "p.actions",
        {},
        h("a", { href: `${BASE}links?target=${encodeURIComponent(targetId)}` }, total > items.length ? `All ${total} links of this` : "In the list of all links"),
        mine.length > 1 ? h("button.button.danger", { type: "button", onclick: all }, `Revoke all ${mine.length}`) : "",
      ),
    );
  }
  return { node, load };
}

function item(share, fresh, changed) {
  const works = share.state === "active";
  const field = h("input", {
    readOnly: true,
    value: address(share),
    "aria-label": "Link",
    onfocus: (event) => event.target.select(),
  });
  return h(
    `li${fresh ? ".fresh" : ""}${works ? "" : ".over"}`,
    {},
    works ? field : h("code", {}, address(share)),
    h("span.muted", {}, [stateOf(share), visits(share), share.created_by && `by ${share.created_by}`, share.note].filter(Boolean).join(" · ")),
    h("div.actions", {}, ...linkButtons(share, () => changed())),
  );
}
