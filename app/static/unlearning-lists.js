// All requests with where each stands, and the versions of adapters that runs have made, each below what it came from.

import { BASE, h } from "./core.js";
import { ago } from "./format.js";
import { table } from "./table.js";
import { chip, counted } from "./unlearning-request.js";

export function requestsList(requests, shown) {
  if (!requests.length) return "";
  const text = (key) => (row) => row[key];
  const columns = [
    {
      key: "title",
      title: "Request",
      wide: true,
      value: text("title"),
      cell: (row) => h("a", { href: `${BASE}unlearning?request=${row.id}`, "aria-current": row.id === shown ? "true" : null }, row.title || "(no title)"),
    },
    { key: "state", title: "State", value: text("state"), cell: chip },
    { key: "counts", title: "Asks", wide: true, value: (row) => counted(row.counts), cell: (row) => counted(row.counts) },
    { key: "updated_at", title: "Last change", value: text("updated_at"), cell: (row) => ago(row.updated_at) },
  ];
  return h(
    "section",
    {},
    h("h2", {}, "Requests"),
    table({ caption: "Requests", columns, rows: requests, sort: "updated_at", descending: true }),
  );
}

/** `versions`, newest first, as REST gives them: a tree by weights; one whose parent no run made is the first of its line. */
export function lineage(versions) {
  if (!versions.length) return "";
  const first = new Map(); // weights -> the oldest version that has them: of several alike it carries what came from them
  for (const version of versions) first.set(version.sha256, version);
  const children = (sha256) => versions.filter((each) => each.parent === sha256 && first.get(sha256) !== each);
  const branch = (version) => {
    const from = first.get(version.sha256) === version ? children(version.sha256) : [];
    return h("li", {}, line(version), from.length ? h("ul", {}, ...from.map(branch)) : "");
  };
  const begins = (version) => !first.has(version.parent) || first.get(version.parent) === version;
  const roots = versions.filter(begins);
  const unknown = [...new Set(roots.map(({ parent }) => parent).filter((parent) => parent && !first.has(parent)))];
  const named = (parent) => [h("code", {}, parent.slice(0, 12)), h("span.muted", {}, " made elsewhere, or by a run that was deleted")];
  return h(
    "details.card",
    {},
    h("summary", {}, "Versions of adapters, and what each came from"),
    h(
      "ul.versiontree",
      {},
      ...roots.filter(({ parent }) => !unknown.includes(parent)).map(branch),
      ...unknown.map((parent) => h("li", {}, ...named(parent), h("ul", {}, ...roots.filter((each) => each.parent === parent).map(branch)))),
    ),
  );
}

function line({ sha256, run, title, request, kept, created_at: at }) {
  return h(
    "span.version",
    {},
    h("code", {}, sha256.slice(0, 12)),
    h("a", { href: `${BASE}run?id=${run}` }, title || run),
    request ? h("a", { href: `${BASE}unlearning?request=${request}` }, "its request") : "",
    kept ? h("span.badge.kept", {}, "✓ kept") : "",
    h("small.muted", {}, ago(at)),
  );
}
