// What a table of runs says of each.

import { BASE, h } from "./core.js";
import { ago, badge, runLink, took } from "./format.js";

export function facts() {
  const name = {
    key: "title",
    title: "Run",
    head: true,
    cell: (run) =>
      h(
        "span.runname",
        {},
        run.pinned ? h("span", { title: "Pinned" }, "◆ ") : "",
        runLink(run),
        h(
          "small.muted",
          {},
          `${run.method} · seed ${run.seed}`,
          run.sweep_id ? [" · ", h("a", { href: `${BASE}sweep?id=${run.sweep_id}` }, "sweep")] : "",
        ),
      ),
  };
  return [
    name,
    {
      key: "status",
      title: "State",
      cell: (run) =>
        h(
          "span.state",
          {},
          badge(run.status),
          run.status === "running" ? h("small.muted", {}, `${Math.round(run.fraction * 100)} %`) : "",
        ),
    },
    { key: "created_at", title: "Created", cell: (run) => ago(run.created_at) },
    { key: "took", title: "Took", num: true, sort: false, cell: took },
    {
      key: "summary",
      title: "Result",
      sort: false,
      wide: true,
      cell: (run) => h("span.clip", { title: run.summary || run.error }, run.summary || run.error),
    },
  ];
}
