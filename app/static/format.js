// How numbers, times and states are written.

import { BASE, h } from "./core.js";

const STATUS = {
  queued: ["Queued", "○"],
  running: ["Running", "◐"],
  cancelling: ["Cancelling", "◌"],
  succeeded: ["Succeeded", "●"],
  failed: ["Failed", "✕"],
  cancelled: ["Cancelled", "–"],
};
export const STATUSES = Object.keys(STATUS);
export const TERMINAL = ["succeeded", "failed", "cancelled"];

export function statusName(status) {
  return STATUS[status]?.[0] ?? status;
}

export function badge(status) {
  const mark = h("span", { "aria-hidden": "true" }, STATUS[status]?.[1] ?? "");
  return h(`span.badge.${status}`, {}, mark, statusName(status));
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return "not finite";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en");
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return Number(value.toPrecision(4)).toString();
}

/** A setting as text: lists are short, an object is JSON; no classes are all of them. */
export function setting(value, widget = "") {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map((item) => setting(item)).join(", ") || (widget === "classes" ? "all" : "none");
  return typeof value === "object" ? JSON.stringify(value) : number(value);
}

/** The widget of each setting of these methods, by the setting's name. */
export function widgets(methods) {
  const fields = methods.flatMap((method) => Object.entries(method.schema.properties));
  return Object.fromEntries(fields.map(([name, field]) => [name, field.widget ?? ""]));
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(size) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let index = 0;
  while (size >= 1000 && index < units.length - 1) {
    size /= 1000;
    index += 1;
  }
  return `${index && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[index]}`;
}

export function date(at) {
  if (!at) return "–";
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Date(at * 1000).toLocaleString("en-GB", options);
}

/** "3 min ago", with the date as its title. */
export function ago(at) {
  if (!at) return "–";
  const seconds = Date.now() / 1000 - at;
  let text = "just now";
  if (seconds >= 86400 * 7) text = new Date(at * 1000).toLocaleDateString("en-GB", { dateStyle: "medium" });
  else if (seconds >= 86400) text = `${Math.floor(seconds / 86400)} d ago`;
  else if (seconds >= 3600) text = `${Math.floor(seconds / 3600)} h ago`;
  else if (seconds >= 60) text = `${Math.floor(seconds / 60)} min ago`;
  else if (seconds >= 10) text = `${Math.floor(seconds)} s ago`;
  return h("time", { dateTime: new Date(at * 1000).toISOString(), title: date(at) }, text);
}

export function took(run) {
  if (!run.started_at) return "–";
  return duration((run.finished_at ?? Date.now() / 1000) - run.started_at);
}

// Metrics of detections whose names would not read as words.
const WHOLE = {
  flagged_alone: "Share flagged by no trivial score",
  flagged_by_plain: "Share flagged by the plain autoencoder too",
  flagged_by_degree: "Share flagged by the out-degree too",
  flagged_by_norm: "Share flagged by the feature norm too",
  flagged_by_forest: "Share flagged by the Isolation Forest too",
  plain_spearman: "Rank correlation, plain autoencoder",
  degree_spearman: "Rank correlation, out-degree",
  norm_spearman: "Rank correlation, feature norm",
  forest_spearman: "Rank correlation, Isolation Forest",
  distance_spearman: "Rank correlation of the attribute error, distance from the mean",
  plain_distance_spearman: "Rank correlation of the plain attribute error, distance from the mean",
  links_agreement: "Rank agreement of the structure error, number of links",
};

/** "peak_memory_mb" -> "Peak memory, MB". */
export function title(name) {
  if (name in WHOLE) return WHOLE[name];
  const units = {
    mb: "MB",
    gb: "GB",
    ms: "ms",
    s: "s",
    seconds: "s",
    percent: "%",
    gmacs: "GMACs",
    macs: "MACs",
  };
  const known = {
    fid: "FID",
    is: "IS",
    sfid: "sFID",
    psnr: "PSNR",
    ssim: "SSIM",
    lpips: "LPIPS",
    l2c: "L2C",
    eoc: "EOC",
    goc: "GOC",
    mse: "MSE",
    l2: "L2",
    flop: "FLOP",
    ff: "feed-forward",
    attn: "attention",
    plain: "of plain reuse",
    "chair-i": "CHAIR_i",
    "chair-s": "CHAIR_s",
    dpo: "DPO",
    dama: "DAMO",
    logps: "log-probability",
    logp: "log-probability",
    kl: "KL divergence",
    mia: "membership AUC by",
    ba: "BA",
    npo: "NPO",
    afr: "AFR",
    rouge: "ROUGE",
    vcr: "VCR",
    gda: "GDA",
    tip: "Tip-Adapter",
    l: "L",
  };
  // The s of CHAIR is for sentences, not a unit.
  const words = name.replace(/\bchair_([is])(?=_|$)/, "chair-$1").split(/[_./]/).filter(Boolean);
  const unit = words.length > 1 ? units[words.at(-1)] : undefined;
  const text = (unit ? words.slice(0, -1) : words).map((word) => known[word] ?? word).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1) + (unit ? `, ${unit}` : "");
}

export function runTitle(run) {
  return run.title || `${run.method} · ${run.id.slice(0, 6)}`;
}

export function runLink(run) {
  return h("a", { href: `${BASE}run?id=${run.id}` }, runTitle(run));
}

export function ordinal(position) {
  const place = position + 1;
  const ending =
    place % 100 >= 11 && place % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return place + ending;
}
