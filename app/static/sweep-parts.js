// The parts of a sweep's page: what it concludes, its progress, its cells as a table.

import { BASE, h } from "./core.js";
import { badge, duration, number, statusName, title } from "./format.js";
import { table } from "./table.js";

const CLOCKED = /speedup|seconds|overhead/;
const SHOWN = ["relative_l2", "ssim", "psnr", "speedup", "flop_share", "seconds", "chair_i", "chair_s", "recall", "mentions", "reward_accuracy"];
const MARKS = { queued: "○", running: "◐", cancelling: "◌", succeeded: "●", failed: "✕", cancelled: "–" };

/** What the runs say together; advice first, with a way to launch it. */
export function findings(sweep) {
  if (!sweep.finished) {
    return h("p.muted", {}, "What to take from it is said here when all of its runs have ended.");
  }
  if (!sweep.findings.length) return "";
  const said = sweep.findings.map((item) => {
    const advised = item.kind === "advice" ? cellOf(sweep, item.values) : null;
    const run = advised?.runs.find((each) => each.status === "succeeded");
    const mark = { advice: "✓", none: "✕", note: "" }[item.kind];
    return h(
      `li.${item.kind}`,
      {},
      mark ? h("span.mark", { "aria-hidden": "true" }, mark) : "",
      h("p", {}, item.text),
      run ? h("a.button", { href: `${BASE}${sweep.family}?from=${run.id}` }, "Use these settings") : "",
    );
  });
  return h("section.card", {}, h("h2", {}, "What it says of this model"), h("ul.findings", {}, ...said));
}

function cellOf(sweep, values) {
  const same = ([name, value]) => (cell) => JSON.stringify(cell.config[name]) === JSON.stringify(value);
  return sweep.cells.find((cell) => Object.entries(values).every((entry) => same(entry)(cell)));
}

export function progress(sweep) {
  const { counts } = sweep;
  const ended = ["succeeded", "failed", "cancelled"].reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  const words = [h("span", {}, h("b", {}, `${ended} of ${sweep.runs}`), " runs ended")];
  for (const status of ["running", "cancelling", "failed", "cancelled"])
    if (counts[status]) words.push(h("span", {}, h("b", {}, counts[status]), ` ${statusName(status).toLowerCase()}`));
  if (sweep.seconds_left !== null)
    words.push(h("span", {}, "about ", h("b", {}, duration(sweep.seconds_left)), " left"));
  if (!sweep.finished) words.push(h("span", {}, "runs launched singly go first"));
  const percent = Math.round(100 * sweep.fraction);
  const bar = h(
    "div.bar",
    {
      role: "progressbar",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": percent,
      "aria-label": "Progress of the sweep",
    },
    h("i"),
  );
  bar.firstChild.style.width = `${percent}%`;
  return h("div.sweepbar", {}, sweep.finished ? "" : bar, h("p.facts", {}, ...words));
}

export function leftOut(items, combinations, open = false) {
  if (!items.length) return "";
  const count = items.reduce((sum, item) => sum + item.count, 0);
  const of = combinations ? ` of ${combinations}` : "";
  return h(
    "details.notice.leftout",
    { open },
    h("summary", {}, `${count}${of} combinations ${count === 1 ? "does" : "do"} not hold and ${count === 1 ? "is" : "are"} left out`),
    h("ul", {}, ...items.map((item) => h("li", {}, h("b", {}, `${item.count} × `), item.reason))),
  );
}

/** Metrics that some cell has: the usual ones first. */
export function metricsOf(sweep) {
  const all = [...new Set(sweep.cells.flatMap((cell) => Object.keys(cell.metrics)))];
  const shown = SHOWN.filter((name) => all.includes(name));
  return { all, shown: shown.length ? shown : all.slice(0, SHOWN.length) };
}

/**
 * The cells; `names` are the metrics to show, `sort` as an earlier table left it; `picked` holds the titles of cells to
 * compare, `pick` is called when it has changed.
 */
export function cellTable(sweep, names, sort, picked, pick) {
  const column = (name) => {
    const means = sweep.cells.map((cell) => cell.metrics[name]?.mean).filter(Number.isFinite);
    const way = CLOCKED.test(name) ? 0 : sweep.directions[name]; // a clock's best is often its luckiest
    const best = way && means.length > 1 ? (way > 0 ? Math.max(...means) : Math.min(...means)) : NaN;
    return {
      key: name,
      title: title(name),
      num: true,
      hint: "Mean over seeds ± half of its 95 % interval",
      value: (cell) => cell.metrics[name]?.mean,
      cell: (cell) => {
        const mean = cell.metrics[name];
        if (!mean) return "–";
        const is = mean.mean === best;
        return h(
          "span.measure",
          {},
          h("span", {}, number(mean.mean), is ? h("b.good", { title: "Best of this sweep" }, " ★") : ""),
          mean.high === null
            ? h("small", {}, "one seed")
            : h("small", {}, `± ${number(Number((mean.high - mean.mean).toPrecision(2)))}`),
        );
      },
    };
  };
  const columns = [
    { key: "cell", title: "Cell", value: (cell) => cell.title, cell: (cell) => h("span.runname", {}, cell.title) },
    ...names.map(column),
    { key: "n", title: "Seeds", num: true, value: done, cell: (cell) => `${done(cell)} of ${cell.runs.length}` },
    { key: "runs", title: "Runs", sort: false, cell: seeds },
    { key: "pick", title: "Compare", sort: false, cell: (cell) => picking(cell, picked, pick) },
  ];
  return table({
    caption: "Cells of the sweep, means over seeds",
    columns,
    rows: sweep.cells,
    ...sort,
    row: (line, cell) => (line.dataset.cell = sweep.cells.indexOf(cell)),
  });
}

const done = (cell) => cell.runs.filter((run) => run.status === "succeeded").length;

function picking({ title: name }, picked, pick) {
  const turn = (event) => {
    if (event.target.checked) picked.add(name);
    else picked.delete(name);
    pick();
  };
  return h("input", { type: "checkbox", checked: picked.has(name), "aria-label": `Compare ${name}`, onchange: turn });
}

function seeds(cell) {
  const link = (run) =>
    h(
      "a",
      {
        href: `${BASE}run?id=${run.id}`,
        title: `${statusName(run.status)}${run.error ? `: ${run.error}` : ""}`,
        "aria-label": `Seed ${run.seed}, ${statusName(run.status).toLowerCase()}`,
      },
      h(`span.badge.${run.status}`, { "aria-hidden": "true" }, MARKS[run.status]),
      ` ${run.seed}`,
    );
  return h("span.seeds", {}, ...cell.runs.map(link));
}

/** Which column a table is sorted by, and how. */
export function sortOf(box) {
  const heads = [...box.querySelectorAll("thead th")];
  const at = heads.findIndex((head) => ["ascending", "descending"].includes(head.getAttribute("aria-sort")));
  return at < 0 ? null : { at, descending: heads[at].getAttribute("aria-sort") === "descending" };
}

export function failures(sweep) {
  const failed = sweep.cells.flatMap((cell) => cell.runs.filter((run) => run.status === "failed"));
  if (!failed.length) return "";
  const reasons = new Map();
  for (const run of failed) reasons.set(run.error, [...(reasons.get(run.error) ?? []), run]);
  const lines = [...reasons].map(([error, runs]) =>
    h("li", {}, h("b", {}, `${runs.length} × `), error || "no reason given", " ", h("a", { href: `${BASE}run?id=${runs[0].id}` }, "See why")),
  );
  const text = failed.length === 1 ? "1 run failed" : `${failed.length} runs failed`;
  return h("div.notice.bad", {}, h("strong", {}, text), h("ul", {}, ...lines), h("p.muted", {}, "Run one again on its page: it takes its place in the sweep."));
}

export function state(item) {
  const counts = item.counts;
  if (!item.finished) return badge(counts.running ? "running" : "queued");
  if (counts.failed) return badge("failed");
  return badge(counts.succeeded ? "succeeded" : "cancelled");
}
