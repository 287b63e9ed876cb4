// Asking: a yes or no, a line of text, and the dialog that makes, lists and revokes links.

import { BASE, action, api, copy, h, toast } from "./core.js";
import { date } from "./format.js";

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

export async function shareDialog(kind, targetId, daysMax) {
  const list = h("div", { "aria-live": "polite" });
  const days = h("input", {
    type: "number",
    min: 1,
    max: daysMax,
    value: Math.min(14, daysMax),
    required: true,
  });
  const make = async (event) => {
    event.preventDefault();
    const made = await api("shares", {
      method: "POST",
      body: { kind, target_id: targetId, days: Number(days.value) },
    });
    await copy(address(made));
    await show(made.id);
  };
  const form = h(
    "form.inline",
    { onsubmit: (event) => make(event).catch((error) => toast(error.message, "bad")) },
    h("label.field", {}, `Days it works (1 to ${daysMax})`, days),
    h("button.button.primary", {}, "Create link"),
  );

  async function show(fresh) {
    const shares = await api(`shares?target_id=${encodeURIComponent(targetId)}`);
    if (!shares.length) {
      list.replaceChildren(h("p.muted", {}, "No link yet."));
      return;
    }
    list.replaceChildren(
      h(
        "ul.shares",
        {},
        ...shares.map((share) => {
          const over = share.revoked_at || share.expires_at * 1000 < Date.now();
          const state = share.revoked_at
            ? `revoked ${date(share.revoked_at)}`
            : over
              ? `expired ${date(share.expires_at)}`
              : `until ${date(share.expires_at)}`;
          const field = h("input", {
            readOnly: true,
            value: address(share),
            "aria-label": "Link",
            onfocus: (event) => event.target.select(),
          });
          return h(
            `li${share.id === fresh ? ".fresh" : ""}${over ? ".over" : ""}`,
            {},
            over ? h("code", {}, address(share)) : field,
            h("span.muted", {}, `${state} · opened ${share.hits} ${share.hits === 1 ? "time" : "times"}`),
            over ? null : h("button.button", { type: "button", onclick: () => copy(address(share)) }, "Copy"),
            over
              ? null
              : h(
                  "button.button.danger",
                  {
                    type: "button",
                    onclick: action(async () => {
                      await api(`shares/${share.id}`, { method: "DELETE" });
                      await show();
                    }),
                  },
                  "Revoke",
                ),
          );
        }),
      ),
    );
  }

  open(
    "Share a read-only page",
    h(
      "p.muted",
      {},
      `Whoever has the link sees this ${kind} and its images, and nothing else: no login, nothing they can change. It ends by itself, and you can take it back.`,
    ),
    form,
    list,
  );
  await show();
}

function address(share) {
  return location.origin + BASE + share.url.replace(/^\//, "");
}
