// Settings of several runs as text to paste elsewhere.

import { runTitle } from "./format.js";

const SAID = { absent: "no such setting", unused: "not used" };

/** A table of Markdown. */
export function asMarkdown(view, rows) {
  const line = (cells) => `| ${cells.map((text) => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll(/\r?\n/g, " ")).join(" | ")} |`;
  const head = ["Setting", ...view.runs.map(runTitle)];
  const body = rows.map((row) => [row.title, ...row.values.map((value, at) => plain(value, row.states[at]) + (row.states[at] === "default" ? " (default)" : ""))]);
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n") + "\n";
}

/** CSV with a row a setting; no cell can begin a formula of a spreadsheet. */
export function asCsv(view, rows) {
  const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const head = ["setting", ...view.runs.map((run) => `${runTitle(run)} (${run.id})`)];
  const body = rows.map((row) => [row.name, ...row.values.map((value, at) => plain(value, row.states[at]))]);
  return [head, ...body].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** JSON with the values as they are. */
export function asJson(view, rows) {
  const runs = view.runs.map(({ id, title, method }) => ({ id, title, method }));
  const settings = Object.fromEntries(rows.map(({ name, title, values, states }) => [name, { title, values, states }]));
  return JSON.stringify({ runs, settings }, null, 2) + "\n";
}

function plain(value, state) {
  if (state in SAID) return SAID[state];
  return typeof value === "string" ? value : JSON.stringify(value);
}
