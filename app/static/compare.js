// <v-compare c="id">: runs side by side. Metrics and differing settings, images on a grid, any two under a slider, curves.

import { BASE, Element, action, api, copy, h, query, setQuery, toast } from "./core.js";
import { cacheMaps } from "./cache-map.js";
import { curves } from "./chart.js";
import { ask, shareDialog } from "./dialog.js";
import { ago, runTitle, setting, title, widgets } from "./format.js";
import { frontier } from "./frontier.js";
import { grid } from "./grid.js";
import { metricTable } from "./metrics.js";
import { reported } from "./reported.js";
import { reportLink } from "./run-actions.js";
import { imagesOf } from "./run-parts.js";
import { drawsCurves, views } from "./views.js";

function runsOf({ run_ids: ids }) {
  return ids.length === 1 ? "1 run" : `${ids.length} runs`;
}

class Compare extends Element {
  heading = "Comparison";
  static observedAttributes = ["version"];

  async start(signal) {
    const id = this.getAttribute("c") ?? query("c");
    if (!id) {
      await this.library(signal);
      return;
    }
    const found = await api(`comparisons/${id}`, { signal });
    if (!found.run_ids.length) {
      this.replaceChildren(
        h(
          "div.empty",
          {},
          h("strong", {}, "Its runs are gone"),
          h("p", {}, "Every run of this comparison was deleted."),
          h("a.button", { href: `${BASE}compare` }, "Other comparisons"),
        ),
      );
      return;
    }
    const parameters = new URLSearchParams(found.run_ids.map((run) => ["run", run]));
    const [view, studio, methods] = await Promise.all([
      api(`compare?${parameters}`, { signal }),
      api("studio", { signal }),
      api("methods", { signal }),
    ]);
    const parts = await Promise.all(
      view.runs.map(async (run) => ({
        run,
        artefacts: await api(`runs/${run.id}/artefacts`, { signal }),
        series: await api(`runs/${run.id}/series`, { signal }),
        images: await imagesOf(run, signal),
      })),
    );
    this.methods = methods;
    this.viewed = "";
    this.charted = ""; // a chart that an earlier start had asked for may never have come
    this.widgets = widgets(methods.filter((method) => view.runs.some((run) => run.method === method.name)));
    this.daysMax = studio.share_days_max;
    this.show(found, view, parts);
  }

  show(found, view, parts) {
    const wanted = query("control");
    const control = view.runs.find((run) => run.id === wanted) ?? view.runs[0];
    const againstSelect = h(
      "select",
      {
        onchange: (event) => {
          setQuery({ control: event.target.value });
          this.show(found, view, parts);
        },
      },
      ...view.runs.map((run) =>
        h("option", { value: run.id, selected: run.id === control.id }, runTitle(run)),
      ),
    );
    const embedded = this.hasAttribute("embedded");
    if (!embedded) document.title = `${found.title || "Comparison"} · Vitrine`;
    const waiting = view.runs.filter((run) => !run.finished).length;
    const failed = view.runs.filter((run) => run.status === "failed");
    const open = this.querySelector("details.common")?.open ?? false;
    this.replaceChildren(
      this.head(found, embedded),
      waiting
        ? h(
            "div.notice",
            { role: "status" },
            `${waiting} of ${view.runs.length} runs have not finished; what is here so far is shown.`,
          )
        : "",
      ...failed.map((run) =>
        h(
          "div.notice.bad",
          {},
          h("strong", {}, `${runTitle(run)} failed`),
          h("p", {}, run.error),
          h("a", { href: `${BASE}run?id=${run.id}` }, "See why"),
        ),
      ),
      h(
        "section.card",
        { "aria-label": "Metrics" },
        h(
          "div.row",
          {},
          h("h2", {}, view.runs.length > 1 ? "Settings that differ, and metrics" : "Metrics"),
          view.runs.length > 1 ? h("label.field.inline", {}, "Compare against", againstSelect) : "",
        ),
        view.remark ? h("p.remark", {}, view.remark) : "",
        metricTable(view, control, this.widgets),
        h(
          "details.common",
          { open },
          h("summary", {}, `Settings they share (${view.common.length})`),
          h(
            "dl.pairs",
            {},
            ...view.common.flatMap((row) => [
              h("dt", {}, row.title),
              h("dd", {}, setting(row.values[0], this.widgets[row.name])),
            ]),
          ),
        ),
      ),
      grid(parts, control),
      cacheMaps(parts),
      this.frontier(view.runs),
      ...this.family(view.runs, embedded),
      ...(drawsCurves(view.runs) ? [] : this.plots(parts, control)),
      ...(embedded ? [] : this.papers(view.runs)), // the page around has them
    );
  }

  head(found, embedded) {
    const share = h(
      "button.button.primary",
      { type: "button", onclick: action(() => shareDialog("comparison", found.id, this.daysMax)) },
      "Share",
    );
    const link = h(
      "button.button",
      { type: "button", onclick: () => copy(`${location.origin}${BASE}c/${found.id}`) },
      "Copy link",
    );
    const name = h(
      "button.button.quiet",
      {
        type: "button",
        "aria-label": "Rename",
        title: "Rename",
        onclick: action(async () => {
          const text = await ask("Rename", "Title", found.title);
          if (text === null) return;
          await api(`comparisons/${found.id}`, { method: "PATCH", body: { title: text } });
          toast("Renamed.");
          await this.start(this.stop.signal);
        }),
      },
      "✎",
    );
    const heading = embedded
      ? h("h2", {}, "Side by side")
      : h("h1", { id: "content", tabIndex: -1 }, found.title || "Comparison");
    const crumb = embedded
      ? ""
      : h("p.crumb", {}, h("a", { href: `${BASE}compare` }, "Comparisons"), ` / ${found.id}`);
    const all = embedded ? h("a.button", { href: `${BASE}compare?c=${found.id}` }, "Open as a page") : "";
    return h(
      "header.pagehead",
      {},
      h("div", {}, crumb, heading, embedded ? "" : name),
      h("p.muted", {}, `${runsOf(found)} · `, ago(found.created_at)),
      h("div.actions", {}, share, link, reportLink(found.run_ids, found.title), all),
    );
  }

  /** Drawn once: another control changes nothing in it. */
  frontier(runs) {
    const done = runs.filter((run) => run.status === "succeeded" && this.methodOf(run)?.tradeoff);
    if (!done.length) return "";
    const asked = done.map((run) => run.id).join();
    if (this.charted !== asked) {
      this.charted = asked;
      this.chart = frontier(asked.split(","), this.stop.signal);
    }
    return this.chart;
  }

  /** What the papers of the methods at hand report. */
  papers(runs) {
    const names = [...new Set(runs.map((run) => run.method))];
    return names.map((name) =>
      reported(
        this.methods.find((method) => method.name === name),
        runs.filter((run) => run.method === name),
      ),
    );
  }

  /** What the family of these runs shows of them, made once: another control changes nothing in it. */
  family(runs, embedded) {
    const asked = runs.map((run) => run.id + run.status).join();
    if (this.viewed !== asked) {
      this.viewed = asked;
      this.own = views(runs).filter((node) => !(embedded && around(node)));
    }
    return this.own;
  }

  methodOf(run) {
    return this.methods.find((method) => method.name === run.method);
  }

  plots(parts, control) {
    const names = [...new Set(parts.flatMap((part) => Object.keys(part.series)))];
    const ordered = [...parts].sort((a, b) => (b.run.id === control.id) - (a.run.id === control.id));
    const drawn = names.flatMap((name) => {
      const lines = ordered
        .filter((part) => part.series[name]?.length > 1)
        .map((part) => ({ name: runTitle(part.run), points: part.series[name], place: parts.indexOf(part) }));
      const only = lines.length === 1 && parts.length > 1 ? ` of ${lines[0].name}` : "";
      return lines.length ? [{ name, figure: curves(title(name) + only, lines) }] : [];
    });
    const errors = drawn.filter((item) => /error|loss/.test(item.name) && !/_plain$/.test(item.name));
    const rest = drawn.filter((item) => !errors.includes(item)).map((item) => item.figure);
    return [
      ...errors.map((item) => h("section.card", {}, item.figure)),
      rest.length
        ? h(
            "details.card",
            { open: !errors.length },
            h("summary", {}, `More curves (${rest.length})`),
            ...rest,
          )
        : "",
    ];
  }

  async library(signal) {
    const all = await api("comparisons", { signal });
    const heading = h(
      "header.pagehead",
      {},
      h("h1", { id: "content", tabIndex: -1 }, "Comparisons"),
      h(
        "p.muted",
        {},
        "Runs side by side: launch several policies at once, or choose runs on the runs page.",
      ),
    );
    if (!all.length) {
      this.replaceChildren(
        heading,
        h(
          "div.empty",
          {},
          h("strong", {}, "No comparison yet"),
          h(
            "p",
            {},
            "Launch several policies on the page of a family, or choose two runs or more on the runs page.",
          ),
          h("a.button.primary", { href: `${BASE}caching` }, "Go to caching"),
        ),
      );
      return;
    }
    this.replaceChildren(
      heading,
      h(
        "ul.cards",
        {},
        ...all.map((item) =>
          h(
            "li.card",
            {},
            h(
              "a",
              { href: `${BASE}compare?c=${item.id}` },
              h("strong", {}, item.title || `Comparison ${item.id}`),
            ),
            h("p.muted", {}, `${runsOf(item)} · `, ago(item.created_at)),
          ),
        ),
      ),
    );
  }
}

/** Whether the page around a comparison has what `node` would show: the board the curves, one page all evaluations. */
function around(node) {
  return node.tagName === "V-TRAINING" || document.querySelector(`${node.tagName}:not([runs])`);
}

customElements.define("v-compare", Compare);
