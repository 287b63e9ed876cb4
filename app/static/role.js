// Who one is here: the name and the way out in the header, a word on top for who only looks, and buttons that a role lacks.

import { BASE, api, h } from "./core.js";

const ROLES = ["viewer", "editor", "admin"];

/** Buttons that the server refuses below a role. What is not here is refused as well, in the server's words. */
const NEEDS = {
  admin: ['[data-key^="queue-"]', '[data-key="all"]', '[data-key^="stop-"]', '[data-key^="restart-"]', '[data-key^="stay-"]', "[data-needs=admin]"],
  editor: [
    ".launch .go > button.primary",
    '.launch button[id$="-anew"]',
    '.launch button[id$="-upload"]',
    "button.danger",
    ".empty button.button",
    ":is(v-sweep-launch, v-fewshot-try) button.primary",
    "[data-needs=editor]",
  ],
};

let asked;
/** {name, role, can_log_out} of whoever looks at this page; asked for once a page. */
export function me() {
  return (asked ??= api("me"));
}

/** Show in `place` who one is, if the studio knows people apart; and mark what their role lacks. */
export async function introduce(place) {
  const person = await me();
  document.body.dataset.role = person.role;
  if (person.name !== "local") place.replaceChildren(name(person), person.can_log_out ? leave() : "");
  if (person.role !== "admin") guard(person);
  if (person.role === "viewer") place.closest("v-header").append(onlyLooking());
}

function name({ name, role }) {
  return h("span.whoami", { title: `${name}, ${role}` }, h("b", {}, name), h("small", {}, role));
}

/** A plain form, as logging out has to leave the page anyway. */
function leave() {
  const button = h("button.button.quiet", { type: "submit" }, "Log out");
  return h("form", { method: "post", action: `${BASE}logout` }, button);
}

function onlyLooking() {
  const words = "You look at this studio as a viewer. Launching, reviewing and sharing take the role editor: ask an admin.";
  return h("p.onlooking", { role: "note" }, words);
}

/** Switch off the buttons that a role lacks, now and as they are drawn, and say why. */
function guard({ role }) {
  const lacked = ROLES.slice(ROLES.indexOf(role) + 1).map((each) => [each, NEEDS[each].join()]);
  const look = () => {
    for (const [needed, selector] of lacked)
      for (const button of document.querySelectorAll(selector)) {
        button.disabled = true;
        button.title = `This takes the role ${needed}; you are ${role === "viewer" ? "a" : "an"} ${role}.`;
      }
  };
  look();
  let waiting;
  new MutationObserver(() => (waiting ??= requestAnimationFrame(() => ((waiting = null), look())))).observe(document.body, {
    childList: true,
    subtree: true,
  });
}
