// Pictures whose answer changed: fixed and broken side by side, each with what was said before and after.

import { h } from "./core.js";
import { pager } from "./pager.js";
import { percent, stamp } from "./scores-data.js";

const PAGE = 6; // pictures of a column
const COLUMNS = [
  ["fixed", "Fixed", "Wrong on the whole picture, right after looking closer."],
  ["broken", "Broken", "Right on the whole picture, wrong after looking closer."],
];

export function picturesCard(found, classifier) {
  const rows = found.picture.filter((row) => row.classifier === classifier);
  const wrong = rows.filter((row) => row.outcome === "both_wrong");
  const score = found.score.find((row) => row.classifier === classifier && row.refinement === "vcr");
  return h(
    "section.card",
    { "aria-label": "Fixed and broken pictures" },
    h("h2", {}, "Fixed and broken"),
    stamp(found),
    h(
      "div.outcomes",
      {},
      ...COLUMNS.map(([outcome, name, about]) => {
        const own = rows.filter((row) => row.outcome === outcome);
        return h("section", { "aria-label": name }, h(`h3.${outcome}`, {}, name, " ", count(own.length, score?.[outcome])), h("p.muted.fine", {}, about), paged(own, found, `No picture was ${outcome}.`));
      }),
    ),
    wrong.length ? stillWrong(wrong, found) : "",
  );
}

/** How many can be seen, and how many changed for the better, or the worse, over all support draws. */
function count(kept, all) {
  return h("small.muted", {}, all === undefined || all === kept ? String(kept) : `${kept} shown of ${all}`);
}

function stillWrong(rows, found) {
  const box = h("div");
  const fill = () => box.childElementCount || box.append(paged(rows, found, ""));
  return h("details", { ontoggle: fill }, h("summary", {}, `Wrong before and after (${rows.length})`), box);
}

/** Pictures in pages. */
export function paged(rows, found, nothing, size = PAGE) {
  const box = h("div.shotlist");
  const show = (page) => {
    const shown = rows.slice((page - 1) * size, page * size);
    box.replaceChildren(
      h("div.shots", {}, ...shown.map((row) => shot(row, found))),
      rows.length > size ? pager({ page, total: rows.length, size }, show) : "",
    );
  };
  if (rows.length) show(1);
  else box.append(h("p.muted", {}, nothing));
  return box;
}

function shot(row, { files, setup }) {
  const url = files.get(row.picture);
  const said = `${row.name}: ${row.label}`;
  return h(
    "article.shot",
    { "aria-label": said },
    url ? h("a", { href: url, target: "_blank" }, h("img", { src: url, alt: said, loading: "lazy" })) : h("span.muted.fine", {}, "no picture kept"),
    h("header", {}, h("b", {}, row.label), h("small.muted", { title: row.name }, row.name.split("/").at(-1)), setup.seeds?.length > 1 ? h("small.muted", { title: "Seed of the support draw in which it came out so" }, `draw ${row.draw}`) : ""),
    answers("Before", row.before, row.label),
    answers("After", row.after, row.label),
  );
}

function answers(when, given, label) {
  const line = ([name, probability]) => {
    const bar = h("i", { "aria-hidden": "true" });
    bar.style.width = `${100 * probability}%`;
    const right = name === label;
    return h(`li${right ? ".right" : ""}`, {}, h("span.name", { title: name }, right ? `✓ ${name}` : name), h("span.bar", {}, bar), h("span.num", {}, percent(probability, 0)));
  };
  return h("div.shotanswers", {}, h("h4", {}, when), h("ol", {}, ...given.map(line)));
}
