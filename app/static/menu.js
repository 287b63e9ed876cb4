// A small menu behind a handle: closed by a choice, by Escape, by a press elsewhere, and by scrolling away.

import { h } from "./core.js";

/** `handle`: what the summary holds; `label`: what it is called where those are no words; `items`: nodes of role menuitem. */
export function menu(handle, items, { label, kind = "" } = {}) {
  const list = h("div", { role: "menu" }, ...items);
  const summary = h(`summary${kind}`, { "aria-label": label }, handle);
  const node = h("details.menu", {}, summary, list);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    node.open = false;
    summary.focus();
  });
  list.addEventListener("click", () => (node.open = false)); // it was chosen
  const outside = (event) => node.contains(event.target) || (node.open = false);
  node.addEventListener("toggle", () => {
    const listen = node.open ? addEventListener : removeEventListener;
    listen("pointerdown", outside, true);
    listen("scroll", outside, true);
    if (!node.open) return;
    const box = summary.getBoundingClientRect(); // fixed, because a table around it scrolls and would cut it off
    list.style.right = `${document.documentElement.clientWidth - box.right}px`;
    list.style.top = `${Math.min(box.bottom, innerHeight - list.offsetHeight - 8)}px`;
    list.querySelector("[role=menuitem]").focus();
  });
  return node;
}
