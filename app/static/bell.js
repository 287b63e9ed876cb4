// The bell of the header: tells when a run that was launched or opened in this browser has ended. Off until it is turned on.

import { BASE, complain, h, query, svg, toast } from "./core.js";
import { statusName } from "./format.js";
import { follow, listen, onSince, turn } from "./followed.js";
import { mark } from "./tab-mark.js";

const ON = "You are told when your runs end; turn it off";
const OFF = "Tell me when my runs end";
const BLOCKED = "This browser shows no notifications of this page; its title and icon tell you all the same.";
let unseen = ""; // how runs ended while nobody looked at this tab
let running = 0;

function drawn() {
  const box = { width: 17, height: 17, viewBox: "0 0 18 18", "aria-hidden": "true" };
  return svg(
    "svg",
    box,
    svg("path", { d: "M3 13h12c-1.4-1.3-1.7-2.6-1.7-5.4a4.3 4.3 0 0 0-8.6 0C4.7 10.4 4.4 11.7 3 13z" }),
    svg("path", { d: "M7.4 15.2a1.7 1.7 0 0 0 3.2 0" }),
  );
}

/** The button that turns it on and off, wherever else it is turned. */
export function bell() {
  const button = h("button.button.quiet.bell", { type: "button", onclick: () => change().catch(complain) }, drawn());
  const name = () => {
    button.setAttribute("aria-pressed", String(onSince() > 0));
    button.title = onSince() ? ON : OFF;
    button.setAttribute("aria-label", "Tell me when my runs end");
  };
  name();
  listen(name);
  return button;
}

async function change() {
  if (onSince()) {
    turn(false);
    return;
  }
  turn(true);
  // Only a page that came over https, or from this machine, may ask.
  const may = window.isSecureContext && window.Notification ? await Notification.requestPermission() : "denied";
  toast(may === "granted" ? "You will be told when your runs end." : BLOCKED);
}

function words(ended) {
  if (ended.length === 1) return [ended[0].title, statusName(ended[0].status)];
  const well = ended.filter((run) => run.status === "succeeded").length;
  return [`${ended.length} runs have ended`, `${well} succeeded, ${ended.length - well} did not`];
}

function notify(ended) {
  const [title, body] = words(ended);
  const place = ended.length === 1 ? `${BASE}run?id=${ended[0].id}` : `${BASE}runs`;
  const note = new Notification(title, { body, icon: `${BASE}static/favicon.svg`, tag: `vitrine-${ended[0].id}` });
  note.onclick = () => {
    note.close();
    window.focus();
    // Not in this tab: a form may be half filled in here.
    if (location.pathname + location.search !== place) window.open(place, "_blank");
  };
}

function seen() {
  return !document.hidden && document.hasFocus();
}

function show() {
  if (seen()) unseen = "";
  mark(unseen || (running ? "running" : ""), running);
}

listen((states) => {
  running = states.running;
  if (states.ended.some((run) => run.status === "failed")) unseen = "failed";
  else if (states.ended.length) unseen ||= "done";
  show();
  const lookedAt = seen() && states.ended.every((run) => run.id === query("id"));
  const may = states.leads && window.isSecureContext && window.Notification?.permission === "granted";
  if (states.ended.length && may && !lookedAt) notify(states.ended);
});
/** Who sees a run go on, as `v-live` shows it, waits for its end. */
document.addEventListener("progress", ({ detail }) => detail?.id && follow(detail));
addEventListener("focus", show);
document.addEventListener("visibilitychange", show);
