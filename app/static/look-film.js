// All pictures of a look, small, each with what looking closer did to it; one is shown.

import { h } from "./core.js";
import { changes, dissenting, first, pictureName } from "./look-data.js";
import { pictureUrl } from "./look-picture.js";

/** `previous`: sha256 of a picture -> the same in the look before. `onshow(index)`. Gives {node, show(index)}. */
export function film(pictures, previous, onshow) {
  const items = pictures.map((picture, place) => {
    const marks = marksOf(picture, previous.get(picture.sha256));
    const words = [pictureName(picture), ...marks.map(([, meaning]) => meaning)].join(", ");
    return h(
      "button.filmpicture",
      { type: "button", title: words, "aria-label": words, onclick: () => onshow(place) },
      h("img", { src: pictureUrl(picture), alt: "", loading: "lazy" }),
      h("span.filmname", {}, pictureName(picture)),
      h("span.filmmarks", { "aria-hidden": "true" }, ...marks.map(([sign, , kind]) => h(`i.${kind}`, {}, sign))),
    );
  });
  const node = h("nav.film.scroll", { "aria-label": "Pictures", tabIndex: -1 }, ...items);
  const show = (index) =>
    items.forEach((item, place) => {
      item.setAttribute("aria-current", String(place === index));
      if (place === index) node.scrollLeft = Math.max(0, item.offsetLeft - node.clientWidth / 2);
    });
  return { node, show };
}

/** [[sign, meaning, kind], ...] */
export function marksOf(picture, before) {
  const changed = Object.keys(picture.answers).filter((name) => changes(picture, name));
  const others = dissenting(picture).length;
  const was = before && Object.keys(picture.answers).some((name) => first(before, name, "vcr") && first(before, name, "vcr")[0] !== first(picture, name, "vcr")?.[0]);
  return [
    ...(changed.length ? [["≠", `looking closer changes the answer of ${changed.length} of ${Object.keys(picture.answers).length} classifiers`, "changedmark"]] : []),
    ...(others ? [[`!${others}`, `${others} chosen views disagree`, "dissentmark"]] : []),
    ...(was ? [["↻", "another answer than in the look before", "wasmark"]] : []),
  ];
}

/** What the signs mean, of those that are there. */
export function filmKey(pictures, previous) {
  const found = new Map(pictures.flatMap((picture) => marksOf(picture, previous.get(picture.sha256)).map(([sign, , kind]) => [kind, sign[0]])));
  const words = { changedmark: "answer changed", dissentmark: "chosen views that disagree", wasmark: "other than in the look before" };
  return h("p.muted.fine.filmkey", {}, ...[...found].map(([kind, sign]) => h("span", {}, h(`i.${kind}`, { "aria-hidden": "true" }, sign), ` ${words[kind]}`)));
}
