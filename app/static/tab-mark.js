// What the tab itself tells: how many followed runs go on, by a number before its title and a dot in its icon; and how those
// that ended did, until somebody looks.

import { BASE, h } from "./core.js";

const DOTS = { running: "#d98a00", done: "#1d7339", failed: "#b3261e" };
const FRAME =
  "<rect x='1' y='1' width='16' height='12.5' rx='2'/><path d='M1 16.5h16M5.5 10.5 9 4.5l3.5 6z'/>";
let prefix = "";
let usual;

function icon() {
  let link = document.querySelector("link[rel~=icon]");
  if (!link) document.head.append((link = h("link", { rel: "icon" })));
  usual ??= link.getAttribute("href") || `${BASE}static/favicon.svg`;
  return link;
}

function drawn(colour) {
  const space = "http://www.w3.org/2000/svg";
  const frame = `<g fill='none' stroke='#0b6e69' stroke-width='1.6' stroke-linejoin='round' stroke-linecap='round'>${FRAME}</g>`;
  const dot = `<circle cx='13' cy='12.5' r='4.6' fill='${colour}' stroke='#fff' stroke-width='1.2'/>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns='${space}' viewBox='0 0 18 18'>${frame}${dot}</svg>`)}`;
}

/** `kind` is "running", "done", "failed" or "" for nothing to tell. */
export function mark(kind, running) {
  const sign = { running: `(${running}) `, done: "✓ ", failed: "✕ " }[kind] ?? "";
  const link = icon();
  const wanted = kind ? drawn(DOTS[kind]) : usual;
  if (link.getAttribute("href") !== wanted) link.setAttribute("href", wanted);
  if (sign === prefix) return;
  const bare = document.title.startsWith(prefix) ? document.title.slice(prefix.length) : document.title;
  prefix = sign;
  document.title = sign + bare;
}

/** Pages write their title anew as they go on: the sign stays before it. */
new MutationObserver(() => {
  if (prefix && !document.title.startsWith(prefix)) document.title = prefix + document.title;
}).observe(document.head, { subtree: true, childList: true, characterData: true });
