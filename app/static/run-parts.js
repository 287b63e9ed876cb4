// The parts of a run's page: why it failed, what it measured and drew, where it comes from, its files and log.

import { BASE, h } from "./core.js";
import { curves } from "./chart.js";
import { bytes, date, duration, number, runTitle, setting, took, title } from "./format.js";
import { grid } from "./grid.js";
import { isSupporting } from "./metrics.js";
import { records } from "./records.js";
import { table } from "./table.js";

export function failure(run) {
  return h(
    "div.notice.bad",
    { role: "alert" },
    h("strong", {}, run.error_type || "Failed"),
    h("p", {}, run.error),
    h(
      "p.muted",
      {},
      run.traceback
        ? "This looks like a fault of the studio or the model, not of your settings. Run it again; if it fails the same way, the text below says where."
        : "Clone it with changes, and mend what the message names.",
    ),
    run.traceback ? h("details", {}, h("summary", {}, "Traceback"), h("pre", {}, run.traceback)) : "",
  );
}

export function metrics(run) {
  const entries = Object.entries(run.metrics);
  if (!entries.length) return "";
  const tile = ([name, value]) => {
    const [low, high] = [run.metrics[`${name}_low`], run.metrics[`${name}_high`]];
    const interval =
      low === undefined || high === undefined
        ? ""
        : h("small", {}, `95 %: ${number(low)} to ${number(high)}`);
    return h("div", {}, h("dt", {}, title(name)), h("dd", {}, number(value)), interval);
  };
  const rest = entries.filter(([name]) => isSupporting(name));
  const main = entries.filter((entry) => !rest.includes(entry));
  const more = rest.length
    ? h(
        "details",
        {},
        h("summary", {}, `${rest.length} supporting metrics`),
        h(
          "dl.pairs",
          {},
          ...rest.flatMap(([name, value]) => [h("dt", {}, title(name)), h("dd", {}, number(value))]),
        ),
      )
    : "";
  return h("section", { "aria-label": "Metrics" }, h("dl.metrics", {}, ...main.map(tile)), more);
}

/** What a run recorded of its images, [[name of the artefact, row], ...]; empty where it recorded nothing. */
export async function imagesOf(run, signal) {
  const rows = await records(run.id, "images", signal);
  return rows.map((row) => [row.name, row]);
}

/** The run's images above their uncached twins, where it has them; what it drew as sheets below. */
export function pictures(run, artefacts, images) {
  const twins = artefacts
    .filter((item) => item.role === "reference")
    .map((item) => ({ ...item, role: "sample" }));
  const twin = { id: "twin", title: "Reference" };
  const parts = twins.length
    ? [
        { run: twin, artefacts: twins },
        { run, artefacts, images },
      ]
    : [{ run, artefacts, images }];
  const note = twins.length
    ? "Below each reference image, what this run made of the same noise."
    : "What this run made.";
  const sheets = artefacts
    .filter((item) => item.role === "grid")
    .map((item) =>
      h(
        "figure",
        {},
        h(
          "a",
          { href: BASE + item.url.slice(1), target: "_blank" },
          h("img", { src: BASE + item.url.slice(1), alt: item.name, loading: "lazy" }),
        ),
        h("figcaption", {}, item.name),
      ),
    );
  return [
    grid(parts, parts[0].run, note),
    sheets.length
      ? h("details.card", {}, h("summary", {}, "All images on a sheet"), h("div.sheets", {}, ...sheets))
      : "",
  ];
}

// Curves of what a run is measured against, by the ending of their names: they share the plot of the run's own.
const CONTROLS = { _plain: "Plain reuse", _uncached: "Uncached" };

export function plots(run, series) {
  const drawn = Object.entries(series).filter(([, points]) => points.length > 1);
  const ending = (name) => Object.keys(CONTROLS).find((end) => name.endsWith(end));
  const own = drawn.filter(([name]) => !(ending(name) && name.slice(0, -ending(name).length) in series));
  const controls = (name) =>
    Object.entries(CONTROLS)
      .filter(([end]) => name + end in series)
      .map(([end, said]) => ({ name: said, points: series[name + end] }));
  const figures = own.map(([name, points]) => ({
    name,
    figure: curves(title(name), [{ name: runTitle(run), points }, ...controls(name)]),
  }));
  const first = figures.filter((item) => /error|loss/.test(item.name));
  const rest = figures.filter((item) => !first.includes(item)).map((item) => item.figure);
  return [
    ...first.map((item) => h("section.card", {}, item.figure)),
    rest.length
      ? h("details.card", { open: !first.length }, h("summary", {}, `More curves (${rest.length})`), ...rest)
      : "",
  ];
}

export function origin(run, attempts) {
  const pairs = [
    ["Created", date(run.created_at)],
    ["Waited", run.started_at ? duration(run.started_at - run.created_at) : "–"],
    ["Took", took(run)],
    ["Queue", run.queue],
    ["Worker", run.worker_id ?? "–"],
    ["Attempt", `${run.attempt} of at most ${run.max_attempts}`],
    ["Code", run.code_version],
    ...Object.entries(run.env).map(([name, value]) => [title(name), setting(value)]),
  ];
  const tries =
    attempts.length > 1
      ? h(
          "ul",
          {},
          ...attempts.map((item) =>
            h("li", {}, `Attempt ${item.n} on ${item.worker_id}: ${item.outcome || "going on"}`),
          ),
        )
      : "";
  const parent = run.parent_id
    ? [
        h("dt", {}, "Made from"),
        h("dd", {}, h("a", { href: `${BASE}run?id=${run.parent_id}` }, run.parent_id)),
      ]
    : [];
  return h(
    "section.card",
    {},
    h("h2", {}, "Where it comes from"),
    h(
      "dl.pairs",
      {},
      ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ...parent,
    ),
    tries,
  );
}

export function files(artefacts) {
  if (!artefacts.length) return "";
  const columns = [
    {
      key: "name",
      title: "File",
      value: (item) => item.name,
      cell: (item) =>
        item.lost
          ? h("span", {}, item.name, " ", h("span.tag", { title: "vitrine doctor --deep says more" }, "lost"))
          : h("a", { href: `${BASE}${item.url.slice(1)}?name=${encodeURIComponent(item.name)}` }, item.name),
    },
    { key: "role", title: "Kind", value: (item) => item.role, cell: (item) => item.role },
    { key: "size", title: "Size", num: true, value: (item) => item.size, cell: (item) => bytes(item.size) },
  ];
  return h(
    "details.card",
    {},
    h("summary", {}, `Files (${artefacts.length})`),
    table({ caption: "Files", columns, rows: artefacts, sort: "name" }),
  );
}

export function log(events) {
  if (!events.length) return "";
  return h(
    "details.card",
    {},
    h("summary", {}, `Log (${events.length})`),
    h(
      "ol.log",
      {},
      ...events.map((item) =>
        h(
          `li.${item.level}`,
          {},
          h("span.muted", {}, new Date(item.at * 1000).toLocaleTimeString("en-GB")),
          " ",
          item.level === "info" ? "" : h("b", {}, `${item.level}: `),
          item.message,
        ),
      ),
    ),
  );
}
