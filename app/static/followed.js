// The runs that somebody launched or opened in this browser and that had not ended then. While the bell is on, one tab of
// all that are open asks for their states, in one request, and tells the others; it asks nothing while nothing is followed.

import { BASE, ApiError, api, sleep } from "./core.js";

const RUNS = `vitrine-followed${BASE}`;
const BELL = `vitrine-bell${BASE}`;
const MOST = 64;
const EVERY = 3000;
const AWAY = 15000;
const OLD = 600; // seconds: an end that long ago is no news

const between = new BroadcastChannel(`vitrine${BASE}`);
const listeners = new Set();
const known = new Set();
let woken = () => {};

/** Since when the bell is on, in seconds; 0 while it is off. */
export function onSince() {
  return Number(localStorage.getItem(BELL) ?? 0);
}

export function turn(on) {
  if (on) localStorage.setItem(BELL, String(Date.now() / 1000));
  else localStorage.removeItem(BELL);
  turned();
}

/** Remember a run that has not ended, until it has. */
export function follow(run) {
  const runs = followed();
  if (run.finished || runs.includes(run.id)) return;
  keep([...runs, run.id].slice(-MOST));
  woken();
}

/** Call `listener({running, ended, leads})` when states were asked for, `leads` in the tab that asked, or the bell was turned. */
export function listen(listener) {
  listeners.add(listener);
}

function followed() {
  try {
    const runs = JSON.parse(localStorage.getItem(RUNS) ?? "[]");
    return Array.isArray(runs) ? runs.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

function keep(runs) {
  localStorage.setItem(RUNS, JSON.stringify(runs));
}

function turned() {
  tell({ running: 0, ended: [] }, false); // until the next look, which is at once
  woken();
}

function tell(states, leads) {
  for (const listener of listeners) listener({ ...states, leads });
}

between.onmessage = ({ data }) => tell(data, false);

// What another tab stores is seen here when this event says so: a message could be faster than the storage.
addEventListener("storage", ({ key }) => {
  if (key === RUNS) woken();
  if (key === BELL) turned();
});

/** Until something changes in any tab. */
function somethingNew() {
  return new Promise((resolve) => (woken = resolve));
}

async function look() {
  const asked = followed();
  const states = await api(`runs/states?${new URLSearchParams(asked.map((id) => ["run", id]))}`);
  const going = states.filter((run) => !run.finished);
  if (going.length < asked.length) {
    const here = new Set(going.map((run) => run.id));
    keep(followed().filter((id) => here.has(id) || !asked.includes(id))); // others may have come meanwhile
  }
  const since = Math.max(onSince(), Date.now() / 1000 - OLD);
  // A page that had asked before the end may have followed it anew: it is told once all the same.
  const ended = states.filter((run) => run.finished && run.finished_at >= since && !known.has(run.id));
  for (const run of ended) known.add(run.id);
  const told = { running: going.length, ended };
  between.postMessage(told);
  tell(told, true);
}

/** A background tab must go on too, so this does not wait for the page to be seen as `poll` does. */
async function lead() {
  for (;;) {
    if (!onSince() || !followed().length) {
      await somethingNew();
      continue;
    }
    let wait = EVERY;
    try {
      await look();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      wait = AWAY;
    }
    await sleep(wait);
  }
}

// A page over http from another machine has no locks: every tab asks for itself, as none may notify anyway.
if (navigator.locks) navigator.locks.request(`vitrine-followed${BASE}`, lead);
else lead();
