// <v-run>: everything about the run named in the address.

import { BASE, Element, action, api, copy, every, h, query, toast } from "./core.js";
import { cacheMaps } from "./cache-map.js";
import { figure } from "./chart.js";
import { compareWith } from "./compare-add.js";
import { ago, badge, runTitle, setting, took, title } from "./format.js";
import { cloneLink, remove, rename, reportLink, rerun } from "./run-actions.js";
import { failure, files, imagesOf, log, metrics, origin, pictures, plots } from "./run-parts.js";
import { shareDialog } from "./share-dialog.js";
import { drawsCurves, tellsResults, views } from "./views.js";
import "./live.js";

class Run extends Element {
  heading = "Run";

  async start(signal) {
    const id = query("id");
    if (!id) {
      this.replaceChildren(
        h("header.intro", {}, h("h1", { id: "content", tabIndex: -1 }, "Run")),
        h(
          "div.empty",
          {},
          h("strong", {}, "No run chosen"),
          h("p", {}, "This page shows one run; choose it among all of them."),
          h("a.button.primary", { href: `${BASE}runs` }, "See all runs"),
        ),
      );
      return;
    }
    this.addEventListener("progress", (event) => this.follow(event.detail, signal), { signal });
    await this.load(id, signal);
  }

  async load(id, signal) {
    const [run, methods] = await Promise.all([
      api(`runs/${id}`, { signal }),
      api("methods", { signal }),
    ]);
    const parts = run.finished
      ? await Promise.all([
          every(`runs/${id}/artefacts`, { signal }),
          api(`runs/${id}/series`, { signal }),
          every(`runs/${id}/events`, { signal }),
          api(`runs/${id}/attempts`, { signal }),
          imagesOf(run, signal),
        ])
      : [[], {}, [], [], []];
    this.method = methods.find((method) => method.name === run.method);
    this.shown = run.status;
    document.title = `${runTitle(run)} · Vitrine`;
    this.show(run, ...parts);
  }

  follow(live, signal) {
    const percent = Math.round(live.fraction * 100);
    document.title = live.finished
      ? `${live.status === "succeeded" ? "✓" : "✕"} Vitrine`
      : live.status === "queued"
        ? "queued · Vitrine"
        : `${percent} % · Vitrine`;
    if (live.finished && this.shown !== live.status)
      this.load(live.id, signal).catch((error) => this.fail(error));
  }

  show(run, artefacts, series, events, attempts, images) {
    const tellsAll = tellsResults([run]); // the summary and the metrics stand in the family's own elements
    this.replaceChildren(
      this.head(run),
      run.status === "failed" ? failure(run) : "",
      run.status === "cancelled"
        ? h(
            "div.notice",
            {},
            h("strong", {}, "Cancelled"),
            h(
              "p",
              {},
              "It stopped where it was; what it had saved is below. Run it again, or clone it with changes.",
            ),
          )
        : "",
      run.summary && !tellsAll ? h("p.lead", {}, run.summary) : "",
      run.finished ? "" : h("v-live", { run: run.id }),
      tellsAll ? "" : metrics(run),
      ...views([run]),
      tellsAll ? h("details.card", {}, h("summary", {}, "All metrics"), metrics(run)) : "",
      ...pictures(run, artefacts, images),
      cacheMaps([{ run, artefacts }]),
      ...(drawsCurves([run]) ? [] : plots(run, series)),
      ...artefacts
        .filter((item) => item.mime === "application/json" && item.role === "figure")
        .map((item) => h("section.card", {}, figure(item))),
      h("div.columns", {}, this.settings(run), origin(run, attempts)),
      files(artefacts),
      log(events),
    );
  }

  head(run) {
    const again = h("button.button", { type: "button", "data-needs": "editor", onclick: action(() => rerun(run)) }, "Run again");
    const clone = h("a.button", { href: cloneLink(run) }, "Clone with changes");
    const compare = h("button.button", { type: "button", onclick: action(() => compareWith(run)) }, "Compare with …");
    const share = h(
      "button.button.primary",
      { type: "button", "data-needs": "editor", onclick: action(() => shareDialog("run", run.id)) },
      "Share",
    );
    const name = h(
      "button.button.quiet",
      {
        type: "button",
        "data-needs": "editor",
        "aria-label": "Rename",
        title: "Rename",
        onclick: action(async () => {
          const now = await rename(run);
          this.querySelector("h1").textContent = runTitle(now);
        }),
      },
      "✎",
    );
    const patch = (body, said) =>
      action(async () => {
        await api(`runs/${run.id}`, { method: "PATCH", body });
        toast(said);
        await this.load(run.id, this.stop.signal);
      });
    const archive = h(
      "button.button",
      {
        type: "button",
        "data-needs": "editor",
        onclick: patch({ archived: !run.archived }, run.archived ? "Back among the runs." : "Archived."),
      },
      run.archived ? "Unarchive" : "Archive",
    );
    const gone = h(
      "button.button.danger",
      {
        type: "button",
        onclick: action(async () => {
          if (await remove(run)) location.href = `${BASE}runs`;
        }),
      },
      "Delete",
    );
    return h(
      "header.pagehead",
      {},
      h(
        "div",
        {},
        h(
          "p.crumb",
          {},
          h("a", { href: `${BASE}runs` }, "Runs"),
          " / ",
          h(
            "button.link",
            {
              type: "button",
              title: "Copy the permalink",
              onclick: () => copy(`${location.origin}${BASE}r/${run.id}`),
            },
            run.id,
          ),
        ),
        h("h1", { id: "content", tabIndex: -1 }, runTitle(run)),
        name,
      ),
      h(
        "p.muted",
        {},
        badge(run.status),
        " ",
        this.method?.title ?? run.method,
        " · seed ",
        String(run.seed),
        " · ",
        ago(run.created_at),
        run.started_at ? ` · took ${took(run)}` : "",
        run.archived ? " · archived" : "",
        run.sweep_id ? [" · part of ", h("a", { href: `${BASE}sweep?id=${run.sweep_id}` }, "a sweep")] : "",
      ),
      h("div.actions", {}, share, compare, again, clone, run.finished ? reportLink([run.id]) : "", run.finished ? archive : "", run.finished ? gone : ""),
    );
  }

  settings(run) {
    const schema = this.method?.schema.properties ?? {};
    const rows = Object.entries(run.config).map(([name, value]) => ({
      name: schema[name]?.title ?? title(name),
      value: setting(value, schema[name]?.widget),
      about: schema[name]?.description ?? "",
    }));
    const papers = (this.method?.papers ?? []).map((paper) =>
      h(
        "li",
        {},
        h("a", { href: paper.url, rel: "noreferrer", target: "_blank" }, paper.title),
        h("small.muted", {}, ` ${paper.authors}, ${paper.venue}`),
      ),
    );
    return h(
      "section.card",
      {},
      h("h2", {}, "Settings"),
      h(
        "dl.pairs",
        {},
        ...rows.flatMap((row) => [h("dt", { title: row.about }, row.name), h("dd", {}, row.value)]),
      ),
      papers.length ? h("details", {}, h("summary", {}, "Papers"), h("ul", {}, ...papers)) : "",
    );
  }
}

customElements.define("v-run", Run);
