// <v-header page="runs">: name, pages, the parts of a family, what the queue does, light or dark; and the keys that work
// everywhere.

import { bell } from "./bell.js";
import { BASE, Element, api, complain, h, poll, svg } from "./core.js";
import { introduce } from "./role.js";

const PAGES = [
  ["", "Home", "h"],
  ["caching", "Caching", "a"],
  ["alignment", "Alignment", "l"],
  ["unlearning", "Unlearning", "u"],
  ["anomaly", "Anomaly", "n"],
  ["fewshot", "Few shots", "f"],
  ["runs", "Runs", "r"],
  ["compare", "Compare", "c"],
  ["sweep", "Sweeps", "w"],
  ["system", "System", "s"],
];
// Families that have several pages: the first is the family's own.
const PARTS = {
  alignment: [
    ["alignment", "Train"],
    ["pairs", "Pairs"],
    ["evaluate", "Evaluate"],
    ["catalogue", "Catalogue"],
  ],
  fewshot: [
    ["fewshot", "Try"],
    ["fewshot-evaluate", "Evaluate"],
    ["fewshot-regularise", "Regularise"],
  ],
  system: [
    ["system", "System"],
    ["links", "Links"],
    ["api/docs", "REST"],
  ],
};
const THEMES = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
const dark = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  return localStorage.getItem("vitrine-theme") ?? "auto";
}

function applyTheme() {
  const theme = chosen();
  const isDark = theme === "dark" || (theme === "auto" && dark.matches);
  if (document.body.classList.contains("dark") !== isDark) document.body.classList.toggle("dark", isDark);
}

/** Gradio sets the class itself when it starts; the choice made here holds. */
function watchTheme() {
  applyTheme();
  new MutationObserver(applyTheme).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  dark.addEventListener("change", () => (applyTheme(), document.dispatchEvent(new Event("vitrine:theme"))));
}

function glyph() {
  const box = { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true", class: "glyph" };
  return svg(
    "svg",
    box,
    svg("rect", { x: 1, y: 1, width: 16, height: 12.5, rx: 2 }),
    svg("path", { d: "M1 16.5h16M5.5 10.5 9 4.5l3.5 6z" }),
  );
}

class Header extends Element {
  async start(signal) {
    const page = this.getAttribute("page");
    const family = Object.keys(PARTS).find((name) => PARTS[name].some(([path]) => path === page)) ?? page;
    const current = (path) => (path === page ? "page" : path === family ? "true" : undefined);
    const link = (here) => ([path, name]) =>
      h("a", { href: BASE + path, "aria-current": path === here ? current(path) : undefined }, name);
    const links = PAGES.map(link(family));
    const parts = (PARTS[family] ?? []).map(link(page));
    this.queue = h("a.queue", { href: BASE + "system", "aria-label": "Queue" });
    this.full = h("p.full", { role: "status", hidden: true });
    this.theme = h("button.button.quiet", { type: "button", onclick: () => this.nextTheme() });
    this.nameTheme();
    const who = h("div.who");
    this.replaceChildren(
      h("a.skip", { href: "#content", onclick: (event) => this.skip(event) }, "Skip to the content"),
      h(
        "header.top",
        {},
        h("a.brand", { href: BASE }, glyph(), "Vitrine"),
        h("nav", { "aria-label": "Pages" }, ...links),
        this.queue,
        bell(),
        who,
        this.theme,
      ),
      parts.length ? h("nav.parts", { "aria-label": `Pages of ${family}` }, ...parts) : "",
      this.full,
    );
    this.reveal();
    document.addEventListener("vitrine:room", () => this.room(signal), { signal });
    poll(() => this.room(signal), { every: 60000, signal, onaway: () => {} });
    introduce(who).catch(complain);
    await poll(() => this.count(signal), {
      every: 4000,
      signal,
      onaway: (away) => away && this.queue.replaceChildren("reconnecting …"),
    });
  }

  /** In a narrow window the pages lie in a row that scrolls sideways: the one that is open is not left outside. */
  reveal() {
    for (const row of this.querySelectorAll("nav")) {
      const here = row.querySelector("[aria-current]");
      if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
    }
  }

  async count(signal) {
    const { running, waiting, paused } = await api("queue/counts", { signal });
    const words = [];
    if (running) words.push(`${running} running`);
    if (waiting) words.push(`${waiting} waiting`);
    if (paused.length) words.push("paused");
    this.queue.textContent = words.join(" · ") || "idle";
    this.queue.classList.toggle("busy", running > 0);
  }

  /** A line on every page while there is little room, or none. */
  async room(signal) {
    const { state, text } = await api("room", { signal });
    this.full.hidden = state === "ok";
    this.full.classList.toggle("none", state === "none");
    this.full.replaceChildren(text, " ", h("a", { href: BASE + "system" }, "What takes the room"));
  }

  skip(event) {
    event.preventDefault();
    const target = document.getElementById("content");
    target?.focus();
    target?.scrollIntoView();
  }

  nameTheme() {
    const sign = { auto: "◐", light: "☀", dark: "☾" }[chosen()];
    this.theme.textContent = sign;
    this.theme.title = THEMES[chosen()];
    this.theme.setAttribute("aria-label", `${THEMES[chosen()]}; change it`);
  }

  nextTheme() {
    const order = Object.keys(THEMES);
    localStorage.setItem("vitrine-theme", order[(order.indexOf(chosen()) + 1) % order.length]);
    applyTheme();
    this.nameTheme();
    document.dispatchEvent(new Event("vitrine:theme"));
  }
}

let goes = 0;
function onKey(event) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
    return;
  if (event.key === "/") {
    const field = document.querySelector("input[type=search]");
    if (field) field.focus();
    else location.href = BASE + "runs";
    event.preventDefault();
  } else if (event.key === "g") {
    goes = Date.now();
  } else if (Date.now() - goes < 1200) {
    const page = PAGES.find(([, , key]) => key === event.key);
    if (page) location.href = BASE + page[0];
    goes = 0;
  }
}

watchTheme();
document.addEventListener("keydown", onKey);
customElements.define("v-header", Header);
