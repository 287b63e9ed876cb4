// The node that is shown: what it is, what was decided of it, its surroundings and why it ranks where it does.

import { action, h } from "./core.js";
import { number } from "./format.js";
import { decision } from "./nodes-reviews.js";
import { cut } from "./nodes-state.js";
import { shareDialog } from "./share-dialog.js";

export class NodePanel {
  /** `onnode(position)`: another node was chosen in its surroundings. */
  constructor({ run, act, onnode }) {
    this.run = run;
    this.head = h("div.nodehead");
    this.decision = decision(act);
    this.views = ["v-ego", "v-why"].map((tag) => h(tag));
    this.viewsBox = h("div.nodeviews"); // filled with the first node: before that they would ask in vain
    const back = h("button.button.quiet.back", { type: "button", onclick: () => document.getElementById("nodes-table")?.scrollIntoView() }, "↑ To the table");
    this.node = h("aside.nodepanel", { "aria-label": "The node", id: "node-panel", tabIndex: -1 }, this.head, this.decision.node, this.viewsBox, back);
    this.node.addEventListener("node", (event) => onnode(String(event.detail)));
    this.node.hidden = true;
  }

  /** `row`: as the table has it; `place`: words where it stands in the list. */
  show(row, place, review, state) {
    this.node.hidden = false;
    const flagged = row.flagged ? h("span.tag.flagtag", {}, "flagged") : "";
    this.shown = row;
    this.movedBox = h("p.fine.muted");
    const share = h(
      "button.button.quiet",
      { type: "button", "data-needs": "editor", title: "A read-only page of this node", onclick: action(() => shareDialog("node", this.run.id, { position: row.position })) },
      "Share …",
    );
    this.head.replaceChildren(h("div.row", {}, h("h2", {}, row.name), flagged, h("span.fine.muted", {}, place), share), this.movedBox);
    this.decision.show(review);
    this.point(row.position, state);
  }

  /** Its rank under a moved weight. */
  moved(row, now) {
    if (row !== this.shown) return; // another one was chosen meanwhile
    this.movedBox.textContent = `rank ${number(now)} under this weight, ${number(row.rank)} in the run's own order`;
  }

  /** The surroundings and the reasons, of this node under this budget and weight. */
  point(position, state) {
    const wanted = { top: "", weight: "", ...Object.fromEntries(cut(state)), run: this.run.id, node: String(position) };
    for (const view of this.views)
      for (const name of ["top", "weight", "run", "node"])
        if (view.getAttribute(name) !== wanted[name]) view.setAttribute(name, wanted[name]);
    if (!this.viewsBox.firstChild) this.viewsBox.append(...this.views);
  }

  showReview(review) {
    this.decision.show(review);
  }

  none(words) {
    this.node.hidden = false;
    this.head.replaceChildren(h("p.muted", {}, words));
  }
}
