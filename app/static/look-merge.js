// What the merged feature is made of, what its parts name, and a notice where they do not agree.

import { h } from "./core.js";
import { dissenting, isWhole, scaleClass, scaleName, shareOf, sharesByClass } from "./look-data.js";
import { table } from "./table.js";

const ROOM = 0.055; // of the bar, for a label in it

export function disagreement(picture) {
  const others = dissenting(picture);
  const local = picture.shares.filter(({ scale }) => !isWhole(scale)).length;
  if (!local) return "";
  if (!others.length) {
    const words = local === 1 ? "The chosen view names the same class as the merged feature." : `All ${local} chosen views name ${picture.top}.`;
    return h("p.agrees.fine", {}, h("span.good", { "aria-hidden": "true" }, "● "), words);
  }
  const whole = picture.shares.find(({ scale }) => isWhole(scale));
  const names = others.map(({ scale, top }) => h("li", {}, h(`b.scaletext.${scaleClass(scale)}`, {}, scaleName(scale)), ` says ${top}`));
  const also = whole && whole.top !== picture.top ? `; the whole picture says ${whole.top}` : "";
  return h(
    "div.notice.disagrees",
    { role: "note" },
    h("strong", {}, `${others.length} of ${local} chosen views ${others.length === 1 ? "names" : "name"} another class than ${picture.top}`),
    h("ul", {}, ...names),
    h("p.muted", {}, `Looking closer is surer of them than of any other crop, which does not make it right${also}. Look at their boxes before you trust the answer.`),
  );
}

/** `onscale(scale)` is called as a part is chosen. */
export function mergeBar(picture, onscale) {
  const parts = picture.shares.map(({ scale, share, top }) => {
    const words = `${isWhole(scale) ? "Whole picture" : scaleName(scale)}: ${shareOf(share)} of the merge, says ${top}`;
    const inside = share >= ROOM ? (isWhole(scale) ? "whole" : scaleName(scale)) : "";
    const style = `flex-grow:${share}`;
    return h(`button.mergepart.${scaleClass(scale)}${top === picture.top ? "" : ".dissents"}`, { type: "button", style, title: words, "aria-label": words, onclick: () => onscale(isWhole(scale) ? "all" : scale) }, inside);
  });
  const classes = sharesByClass(picture).map(([name, share]) => h("li", {}, h("b", {}, shareOf(share)), ` from views that say ${name}`));
  return h(
    "section.merge",
    { "aria-label": "Merge" },
    h("h3", {}, "What the answer is merged from"),
    h("div.mergebar", { role: "group", "aria-label": "Share of each scale in the merged feature" }, ...parts),
    h("ul.mergeclasses", {}, ...classes),
    twin(picture),
  );
}

function twin(picture) {
  const columns = [
    { key: "scale", title: "Scale", value: (row) => (isWhole(row.scale) ? 1 : row.scale), cell: (row) => (isWhole(row.scale) ? "whole picture" : scaleName(row.scale)) },
    { key: "share", title: "Share of the merge", num: true, value: (row) => row.share, cell: (row) => shareOf(row.share) },
    { key: "top", title: "Says", value: (row) => row.top, cell: (row) => row.top },
  ];
  return h("details.fine", {}, h("summary", {}, "Shares as a table"), table({ caption: "Shares of the merge", columns, rows: picture.shares }));
}
