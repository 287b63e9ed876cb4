// What every element uses: REST with readable errors, building the page without innerHTML, polite polling.

const OURS = import.meta.url;
/** Where the studio is mounted, with a slash at its end; nowhere, from within a report. */
export const BASE = OURS.startsWith("data:") ? "" : new URL("../", OURS).pathname;

export class ApiError extends Error {
  constructor(status, type, message) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** Call REST; `body` is sent as JSON. Throws ApiError; status 0 means that the server did not answer. */
export async function api(path, { method = "GET", body, signal } = {}) {
  let response;
  try {
    response = await fetch(BASE + "api/v1/" + path, {
      method,
      signal,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Unreachable", "The studio does not answer.");
  }
  if (response.status === 204) return null;
  const text = await response.text();
  let data = null;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ApiError(
      response.status || 500,
      "Unreadable",
      `The studio answered ${response.status} without JSON.`,
    );
  }
  if (response.ok) return data;
  const { type = "Error", message = `The studio answered ${response.status}.` } = data.error ?? {};
  throw new ApiError(response.status, type, message);
}

/** All items of a list that REST gives page by page. */
export async function every(path, { signal } = {}) {
  const found = [];
  let cursor = "";
  do {
    const asked = new URLSearchParams({ limit: 500, ...(cursor ? { cursor } : {}) });
    const page = await api(`${path}${path.includes("?") ? "&" : "?"}${asked}`, { signal });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor);
  return found;
}

/** h("a.button", {href, onclick}, "text", node): strings become text nodes, never HTML. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.includes("-") && key !== "list" && key !== "form") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/**
 * Call `work` until it returns false, or `signal` aborts; it may return the milliseconds to wait.
 * Waits while the page is hidden; backs off while the server is away and tells `onaway(true|false)`.
 */
export async function poll(work, { every = 700, signal, onaway = () => {} } = {}) {
  let failures = 0;
  while (!signal?.aborted) {
    if (document.hidden) await visible(signal);
    let wait = every;
    try {
      const answer = await work();
      if (failures) onaway(false);
      failures = 0;
      if (answer === false) return;
      if (typeof answer === "number") wait = answer;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof ApiError) || (error.status > 0 && error.status < 500)) throw error;
      failures += 1;
      onaway(true);
      wait = Math.min(15000, every * 2 ** failures);
    }
    await sleep(wait, signal);
  }
}

export function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function visible(signal) {
  return new Promise((resolve) => {
    const seen = () => {
      if (document.hidden && !signal?.aborted) return;
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    document.addEventListener("visibilitychange", seen);
    signal?.addEventListener("abort", seen, { once: true });
  });
}

/**
 * A custom element whose `start(signal)` runs while it is in the page, and anew when an observed attribute changes
 * (Gradio changes attributes in place); an error of it is shown in its place, below the `heading` of
 * an element that is a page of its own.
 */
export class Element extends HTMLElement {
  heading = "";

  attributeChangedCallback(_name, before, now) {
    if (this.stop && before !== now) this.connectedCallback();
  }

  connectedCallback() {
    this.stop?.abort();
    this.stop = new AbortController();
    Promise.resolve(this.start(this.stop.signal)).catch((error) => this.fail(error));
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  fail(error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) console.error(error);
    this.replaceChildren(problem(error));
    if (this.heading && !this.hasAttribute("embedded"))
      this.prepend(h("header.intro", {}, h("h1", { id: "content", tabIndex: -1 }, this.heading)));
  }
}

/** After a login has ended, reloading the page leads to the next one. */
const PROBLEMS = { 401: "You are not logged in any more", 403: "This is not for your role", 404: "Not found" };

export function problem(error) {
  const retry = h("button.button", { type: "button", onclick: () => location.reload() }, "Reload the page");
  return h(
    "div.notice.bad",
    { role: "alert" },
    h("strong", {}, PROBLEMS[error.status] ?? "This did not work"),
    h("p", {}, error.message),
    error.status === 404 ? h("a.button", { href: BASE + "runs" }, "See all runs") : retry,
  );
}

let region;
/** Say something in passing, to the eye and to a screen reader. */
export function toast(message, kind = "") {
  region ??= document.body.appendChild(h("div.toasts", { role: "status", "aria-live": "polite" }));
  const note = h(`div.toast${kind ? "." + kind : ""}`, {}, message);
  region.append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 9000 : 4500);
}

/** What went wrong while the page stays as it is. */
export function complain(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof ApiError)) console.error(error);
  toast(error.message, "bad");
}

/** A click handler that disables its button while it works, and tells what went wrong. */
export function action(work) {
  return async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      await work(event);
    } catch (error) {
      complain(error);
    } finally {
      button.disabled = false;
    }
  };
}

export function query(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

/** Put values into the address without a new entry in the history; empty ones leave it. */
export function setQuery(values) {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(values)) {
    url.searchParams.delete(key);
    for (const item of [value].flat()) if (item) url.searchParams.append(key, item);
  }
  history.replaceState(history.state, "", url);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.body.appendChild(h("textarea", { value: text, className: "offscreen" }));
    field.select();
    document.execCommand("copy"); // the clipboard interface needs https; a plain LAN address has only this
    field.remove();
  }
  toast("Copied.");
}
