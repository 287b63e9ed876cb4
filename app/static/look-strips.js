// A strip a scale: its views by margin, the largest first; the chosen one framed, each with the class it names.

import { h } from "./core.js";
import { isWhole, percent, scaleClass, scaleName } from "./look-data.js";
import { crop, margin } from "./look-picture.js";
import { table } from "./table.js";

const SIDE = 76; // px of a thumbnail
const NAMED = 3; // classes that a strip's votes list

/** `onpoint(view, scale, words)` as one points at a view, with null as one leaves; `onscale(scale)` as a scale is chosen. */
export function strips(picture, { onpoint, onscale }) {
  const local = picture.scales.filter(({ scale, views }) => !isWhole(scale) && views.length);
  const most = Math.max(...local.flatMap(({ views }) => views.map((view) => view.margin)), 1e-9);
  const lines = local.map((each) => strip(picture, each, most, onpoint, onscale));
  const node = h("div.strips", {}, ...lines.map((line) => line.node), twin(local));
  const show = (scale) => lines.forEach((line, place) => line.node.classList.toggle("chosenscale", local[place].scale === scale));
  return { node, show };
}

function strip(picture, each, most, onpoint, onscale) {
  const { scale, views } = each;
  const listed = views.flatMap((view, place) => [gap(each, place), thumb(picture, each, view, place, most, onpoint)]).filter(Boolean);
  const scroll = h("div.scroll.viewrow", { tabIndex: 0, role: "region", "aria-label": `Views of ${scaleName(scale)} of the area, by margin` }, h("ol", {}, ...listed));
  const said = views[0].top === picture.top ? "" : ".dissents";
  const node = h(
    `section.viewstrip.${scaleClass(scale)}`,
    { "aria-label": `${scaleName(scale)} of the area` },
    h(
      "header",
      {},
      h("button.scalename", { type: "button", onclick: () => onscale(scale), title: "Let its box stand out on the picture" }, h("i.dot", { "aria-hidden": "true" }), scaleName(scale)),
      h(`p.chosensays${said}`, {}, h("b", {}, views[0].top), ` ${percent(views[0].probability)} %`),
      h("p.muted.fine", {}, counts(each)),
      h("p.muted.fine", {}, votes(each)),
    ),
    scroll,
  );
  return { node };
}

function counts({ drawn, distinct, views }) {
  if (distinct === 1 && drawn > 1) return "one view: no crop of this share fits, so all draws are the middle";
  return distinct < drawn ? `${drawn} drawn, ${distinct} distinct` : `${drawn} drawn${views.length < distinct ? `, ${views.length} shown` : ""}`;
}

/** "6 say red circle, 2 say ring". */
function votes({ votes: found }) {
  const ordered = Object.entries(found ?? {}).sort((a, b) => b[1] - a[1]);
  const rest = ordered.slice(NAMED).reduce((sum, [, count]) => sum + count, 0);
  const words = ordered.slice(0, NAMED).map(([name, count]) => `${count} × ${name}`);
  return [...words, ...(rest ? [`${rest} × others`] : [])].join(" · ");
}

/** Between the first views and the last, where not all are kept. */
function gap({ views, distinct }, place) {
  const left = distinct - views.length;
  return left > 0 && place === views.length - 1 ? h("li.viewgap.muted", {}, `${left} more`) : null;
}

function thumb(picture, { scale, views, distinct }, view, place, most, onpoint) {
  const rank = place === views.length - 1 ? distinct : place + 1;
  const words = place === 0 ? ", chosen" : `, ${rank} of ${distinct} by margin`;
  const dissents = view.top !== picture.top;
  const label = `${place === 0 ? "Chosen view" : `View ${rank} of ${distinct}`}: ${view.top}, ${percent(view.probability)} %, margin ${margin(view.margin)}`;
  const on = () => onpoint(view, scale, words);
  const off = () => onpoint(null);
  return h(
    "li",
    {},
    h(
      `button.view${place === 0 ? ".chosen" : ""}`,
      { type: "button", "aria-label": label, title: label, onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off, onclick: on },
      h("span.cropbox", {}, crop(picture, view.box, SIDE)),
      h("span.marginbar", { "aria-hidden": "true" }, h("i", { style: `width:${Math.max(2, (100 * Math.max(view.margin, 0)) / most)}%` })),
      h("span.marginfigure", {}, margin(view.margin)),
      h(`span.viewlabel${dissents ? ".dissents" : ""}`, {}, view.top),
    ),
  );
}

function twin(local) {
  const rows = local.flatMap(({ scale, views }) => views.map((view, place) => ({ scale, place, ...view })));
  const columns = [
    { key: "scale", title: "Scale", value: (row) => row.scale, cell: (row) => scaleName(row.scale) },
    { key: "chosen", title: "Chosen", value: (row) => row.place, cell: (row) => (row.place === 0 ? "chosen" : "") },
    { key: "margin", title: "Margin", num: true, value: (row) => row.margin, cell: (row) => row.margin.toFixed(4) },
    { key: "top", title: "Says", value: (row) => row.top, cell: (row) => row.top },
    { key: "probability", title: "Probability", num: true, value: (row) => row.probability, cell: (row) => `${percent(row.probability)} %` },
    { key: "box", title: "Box: left, top, width, height in px", sort: false, cell: (row) => row.box.join(", ") },
  ];
  return h("details.fine", {}, h("summary", {}, "Views as a table"), table({ caption: "Views by scale and margin", columns, rows, row: (line, row) => line.classList.toggle("control", row.place === 0) }));
}
