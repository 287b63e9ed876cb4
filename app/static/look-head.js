// What was asked in a look: the model, the prompts, the shots, where the features came from; and the looks before it.

import { BASE, action, api, h } from "./core.js";
import { duration, setting } from "./format.js";
import { MARGINS, MERGES, classifierName } from "./look-data.js";

const SAID = { whole: "whole picture", model: "CLIP" }; // settings whose names do not read as words

export function asked({ run, setup, pictures }) {
  const shots = setup.shots ?? {};
  const total = Object.values(shots).reduce((sum, count) => sum + count, 0);
  const counts = [...new Set(Object.values(shots))];
  const each = counts.length === 1 ? `${counts[0]} ${counts[0] === 1 ? "shot" : "shots"} a class` : `${total} shots, ${Math.min(...counts)} to ${Math.max(...counts)} a class`;
  const facts = [
    `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`,
    `${(setup.classes ?? []).length} classes`,
    total ? each : "no shots: zero-shot only",
    run.config.model === "scenes" ? "CLIP of the small world" : (setup.model ?? run.config.model),
    `margin of ${MARGINS[run.config.margin]}`,
    MERGES[run.config.merge_norm],
  ];
  return h("p.facts.lookfacts", {}, ...facts.map((fact) => h("span", {}, fact)), ...cached(run, pictures));
}

/** Where the features of the views came from: the cache, where these pictures were looked at before. */
function cached(run, pictures) {
  const encoded = pictures.reduce((sum, { encoded: count }) => sum + (count ?? 0), 0);
  const views = pictures.reduce((sum, { scales }) => sum + scales.reduce((all, { distinct }) => all + distinct, 0), 0);
  if (!encoded) return [h("span.good.cachefact", {}, h("b", {}, `all ${views.toLocaleString("en")} views from the cache`))];
  const kept = run.metrics.pictures_from_cache;
  const took = run.metrics.seconds_encoding === undefined ? "" : ` in ${duration(run.metrics.seconds_encoding)}`;
  return [h("span.cachefact", {}, `${encoded.toLocaleString("en")} views encoded${took}${kept ? `, ${kept} pictures from the cache` : ""}`)];
}

/** What stands against the answers, such as class names that CLIP hardly tells apart. */
export function remarks({ setup }) {
  const notes = setup.notes ?? [];
  return notes.length ? h("ul.fine.muted.looknotes", { "aria-label": "Remarks" }, ...notes.map((note) => h("li", {}, note))) : "";
}

/** The prompts and, of each classifier, alpha and beta with what they were chosen on. */
export function prompts({ setup }) {
  const shots = setup.shots ?? {};
  const rows = (setup.classes ?? []).map((name) => {
    const texts = [setup.prompts?.[name] ?? []].flat();
    return h("tr", {}, h("th", { scope: "row" }, name), h("td.wide", {}, texts.join(" · ")), h("td.num", {}, String(shots[name] ?? 0)));
  });
  const tuned = Object.entries(setup.classifiers ?? {}).filter(([, each]) => each && each.alpha !== null && each.alpha !== undefined);
  const words = ([name, { alpha, beta, tuned_on: on }]) => {
    const said = [`cache weight alpha ${setting(alpha)}`, beta === null || beta === undefined ? "" : `sharpness beta ${setting(beta)}`, on];
    return h("li", {}, h("b", {}, classifierName(name)), `: ${said.filter(Boolean).join(", ")}`);
  };
  return h(
    "details.fine.asked",
    {},
    h("summary", {}, "What CLIP was asked"),
    tuned.length ? h("ul", {}, ...tuned.map(words)) : "",
    h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": "Prompts" },
      h("table.table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Class"), h("th", { scope: "col" }, "Prompts"), h("th.num", { scope: "col" }, "Shots"))), h("tbody", {}, ...rows)),
    ),
  );
}

/** The looks at these pictures, one after the other; `ongo(id)` shows another. Empty for a first look. */
export function trail(looks, shown, ongo) {
  if (looks.length < 2) return "";
  const items = looks.map((run, place) => {
    const words = place ? differing(looks[place - 1], run) : "first look";
    return h("li", {}, h("button.chip", { type: "button", "aria-pressed": String(run.id === shown), onclick: () => ongo(run.id), title: run.title || run.id }, h("b", {}, `${place + 1}`), ` · ${words}`));
  });
  const beside = async () => {
    const done = looks.filter((run) => run.status === "succeeded").map(({ id }) => id);
    const made = await api("comparisons", { method: "POST", body: { run_ids: done } });
    location.href = BASE + made.url.replace(/^\//, "");
  };
  return h("nav.looktrail", { "aria-label": "Looks at these pictures" }, h("ol", {}, ...items), h("button.button.quiet", { type: "button", onclick: action(beside) }, "Side by side"));
}

/** What the second look asks otherwise, in a few words. */
export function differing(before, after) {
  const names = Object.keys(after.config).filter((name) => JSON.stringify(after.config[name]) !== JSON.stringify(before.config[name]));
  if (!names.length) return "the same again";
  return names
    .map((name) => {
      if (name === "classes") return classesChanged(before.config.classes, after.config.classes);
      if (name === "margin") return `margin of ${MARGINS[after.config.margin]}`;
      if (name === "merge_norm") return MERGES[after.config.merge_norm];
      return SAID[name] ?? name.replace(/_/g, " ");
    })
    .join(", ");
}

function classesChanged(before, after) {
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  const [was, is] = [new Set(lines(before)), new Set(lines(after))];
  const added = [...is].filter((name) => !was.has(name));
  const gone = [...was].filter((name) => !is.has(name));
  const said = (names, sign) => (names.length > 2 ? [`${sign}${names.length} classes`] : names.map((name) => `${sign}${name}`));
  return (was.size ? [...said(added, "+"), ...said(gone, "−")] : [`${is.size} classes named`]).join(" ") || "order of classes";
}
