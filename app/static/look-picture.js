// The picture with a box for every chosen view, coloured by its scale, and what a view says when one points at it.

import { BASE, h, svg } from "./core.js";
import { isWhole, percent, pictureName, scaleClass, scaleName } from "./look-data.js";

const COARSE = 200; // px: smaller pictures are enlarged without smoothing
const ALL = "all";
/** Where the labels of one box after the other stand, so that those of like boxes do not hide each other. */
const CORNERS = [["top", "left"], ["top", "right"], ["bottom", "right"], ["bottom", "left"]];

export const pictureUrl = (picture) => BASE + picture.url.replace(/^\//, "");

/** A crop of the picture in a box of `side` px, cut out by the browser. */
export function crop(picture, [x, y, width, height], side) {
  const scale = side / Math.max(width, height);
  const style = [
    `width:${(width * scale).toFixed(1)}px`,
    `height:${(height * scale).toFixed(1)}px`,
    `background-image:url("${encodeURI(pictureUrl(picture))}")`,
    `background-size:${(picture.width * scale).toFixed(1)}px ${(picture.height * scale).toFixed(1)}px`,
    `background-position:${(-x * scale).toFixed(1)}px ${(-y * scale).toFixed(1)}px`,
  ].join(";");
  return h(`span.crop${width < COARSE / 2 ? ".coarse" : ""}`, { style, role: "presentation" });
}

/**
 * `onscale(scale)` is called when a scale of the legend is chosen, "all" for every one. Gives {node, show(scale), point(view, scale)}:
 * `show` lets one scale stand out, `point` marks any view, null none.
 */
export function lookPicture(picture, onscale) {
  const chosen = picture.scales.filter(({ scale, views }) => !isWhole(scale) && views.length);
  const boxes = chosen.map(({ scale, views }) => box(views[0].box, scale));
  const labels = chosen.map(({ scale, views }, place) => label(picture, views[0].box, scale, CORNERS[place % CORNERS.length]));
  const pointed = svg("g", { class: "pointed" });
  const layer = svg(
    "svg",
    { viewBox: `0 0 ${picture.width} ${picture.height}`, preserveAspectRatio: "none", role: "img", "aria-label": `The chosen views on ${pictureName(picture)}` },
    svg("g", { class: "chosenboxes" }, ...boxes),
    pointed,
  );
  const image = h(`img${Math.max(picture.width, picture.height) <= COARSE ? ".coarse" : ""}`, { src: pictureUrl(picture), alt: pictureName(picture) });
  const known = picture.label === null || picture.label === undefined ? "" : `; it shows: ${picture.label}`;
  const resting = `${pictureName(picture)}, ${picture.width} × ${picture.height} px${known}`;
  const readout = h("p.readout", { "aria-live": "polite" }, resting);
  const style = `aspect-ratio:${picture.width} / ${picture.height};--ratio:${(picture.width / picture.height).toFixed(4)}`;
  const canvas = h("div.canvas", { style }, image, layer, ...labels);
  const chips = [ALL, ...chosen.map(({ scale }) => scale)].map((scale) =>
    h(
      `button.chip.scalechip.${scaleClass(scale)}`,
      { type: "button", "aria-pressed": String(scale === ALL), onclick: () => onscale(scale), "data-scale": String(scale) },
      scale === ALL ? "All chosen" : [h("i.dot", { "aria-hidden": "true" }), scaleName(scale)],
    ),
  );

  function show(scale) {
    chosen.forEach((each, place) => {
      const off = scale !== ALL && scale !== each.scale;
      for (const mark of [boxes[place], labels[place]]) mark.classList.toggle("off", off);
    });
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.scale === String(scale)));
  }

  function point(view, scale, words = "") {
    pointed.replaceChildren(...(view ? [box(view.box, scale)] : []));
    canvas.classList.toggle("pointing", Boolean(view));
    readout.textContent = view ? `${scaleName(scale)} of the area${words}: says ${view.top} (${percent(view.probability)} %), margin ${margin(view.margin)}` : resting;
  }

  const legend = chosen.length ? h("div.chips", { role: "group", "aria-label": "Scales" }, ...chips) : "";
  return { node: h("figure.lookpicture", {}, canvas, readout, legend), show, point };
}

export const margin = (value) => (Math.abs(value) >= 0.0995 ? value.toFixed(2) : value.toFixed(3)).replace(/^(-?)0\./, "$1.");

/** A frame with a dark edge, so that it shows on any picture. */
function box([x, y, width, height], scale) {
  const place = { x, y, width, height };
  return svg("g", { class: `viewbox ${scaleClass(scale)}` }, svg("rect", { ...place, class: "halo" }), svg("rect", { ...place, class: "frame" }));
}

/** The share of a box in one of its corners. */
function label(picture, [x, y, width, height], scale, [down, across]) {
  const sides = { top: y / picture.height, bottom: 1 - (y + height) / picture.height, left: x / picture.width, right: 1 - (x + width) / picture.width };
  const style = [down, across].map((side) => `${side}:${(100 * sides[side]).toFixed(2)}%`).join(";");
  return h(`span.boxlabel.${scaleClass(scale)}`, { style, "aria-hidden": "true" }, scaleName(scale));
}
