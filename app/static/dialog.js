// Asking: a yes or no, a line of text; and the frame of every dialog.

import { h } from "./core.js";

/** A dialog with a heading and a way out; it leaves the page when it is closed. */
export function open(title, ...children) {
  const close = h(
    "button.button.quiet",
    { type: "button", "aria-label": "Close", onclick: () => dialog.close() },
    "✕",
  );
  const dialog = h(
    "dialog.dialog",
    { "aria-label": title },
    h("header", {}, h("h2", {}, title), close),
    ...children,
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Resolves to true if the person agrees to `yes` rather than `no`. */
export function confirm(title, text, yes, no = "Keep it") {
  return new Promise((resolve) => {
    const stay = h(
      "button.button",
      { type: "button", autofocus: true, onclick: () => dialog.close() },
      no,
    );
    const go = h(
      "button.button.danger",
      { type: "button", onclick: () => (resolve(true), dialog.close()) },
      yes,
    );
    const dialog = open(title, h("p", {}, text), h("footer", {}, stay, go));
    dialog.addEventListener("close", () => resolve(false));
  });
}

/** Resolves to the text, or null if the person thought better of it. */
export function ask(title, label, value) {
  return new Promise((resolve) => {
    const field = h("input", { value, maxLength: 200, required: true, autofocus: true });
    const form = h(
      "form",
      { method: "dialog", onsubmit: () => resolve(field.value.trim()) },
      h("label.field", {}, label, field),
      h("footer", {}, h("button.button.primary", {}, "Save")),
    );
    const dialog = open(title, form);
    dialog.addEventListener("close", () => resolve(null));
    field.select();
  });
}
