// Places for pictures: a zone to drop into, and tiles that can be dragged or sent from one place to another.

import { complain, h } from "./core.js";
import { belongs, dropped, picked } from "./try-files.js";

const KIND = "application/x-vitrine-picture";

/** A place that takes dropped files and tiles: `onfiles([{file, path}])`, `ontile(id)`. */
export function dropZone(node, { onfiles, ontile }) {
  const over = (event) => {
    if (!event.dataTransfer.types.some((type) => type === "Files" || type === KIND)) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("over");
  };
  node.addEventListener("dragenter", over);
  node.addEventListener("dragover", over);
  node.addEventListener("dragleave", (event) => !node.contains(event.relatedTarget) && node.classList.remove("over"));
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation(); // a class box lies in the zone of all classes
    node.classList.remove("over");
    const id = event.dataTransfer.getData(KIND);
    if (id) ontile(id);
    else dropped(event.dataTransfer).then(onfiles).catch(complain);
  });
  return node;
}

/** Buttons that open the file dialog for `files`, for a whole `folder`, or both; each is the words on its button. */
export function pickers(onfiles, { files, folder }, about = "") {
  const one = (words, kind, attributes) => {
    if (!words) return "";
    const input = h("input", { type: "file", multiple: true, hidden: true, ...attributes, onchange: () => (onfiles(picked(input)), (input.value = "")) });
    return [input, h(`button.button${kind}`, { type: "button", "aria-label": about || words, onclick: () => input.click() }, words)];
  };
  return h("span.pickers", {}, one(files, "", { accept: "image/*" }), one(folder, files ? ".quiet" : "", { webkitdirectory: true }));
}

/** [{file, path}] with the class that each is a shot of: that of the box, or by its folders. */
export const placed = (found, { shotOf = null, amongClasses = false }) => found.map((each) => ({ ...each, shotOf: shotOf ?? belongs(each.path, amongClasses) }));

/** A picture as it was brought. `classes` are where it can be sent; `onmove(id, class)`, `onremove(id)`. */
export function tile(item, classes, { onmove, onremove }) {
  const { id, name, state, view, reason, shotOf } = item;
  const notes = view?.notes?.length ? view.notes.join("; ") : "";
  const places = [["", "to look at"], ...classes.filter(Boolean).map((each) => [each, `shot of ${each}`])];
  const send = h("select.sendto", { "aria-label": `What ${name} is`, onchange: () => onmove(id, send.value) }, ...places.map(([value, words]) => h("option", { value, selected: value === shotOf }, words)));
  const seen = view ? h("img", { src: view.preview, alt: name, draggable: false }) : h("span.blank", {}, state === "refused" ? "✕" : "…");
  const node = h(
    `li.tile.${state}`,
    { draggable: state !== "refused", title: [name, view ? `${view.width} × ${view.height} px` : "", notes, reason].filter(Boolean).join("\n") },
    seen,
    h("span.tilename", {}, name),
    h("button.tileout", { type: "button", "aria-label": `Leave out ${name}`, onclick: () => onremove(id) }, "✕"),
    state === "sound" && places.length > 1 ? send : "",
    notes ? h("span.tilenote", { "aria-label": notes }, "i") : "",
  );
  node.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData(KIND, id);
    event.dataTransfer.effectAllowed = "move";
  });
  return node;
}
