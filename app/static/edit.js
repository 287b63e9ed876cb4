// <v-edit run="id">: what an edit of an adapter did: the verdict, how far it went, each row, the controls beside it.
// Tells the page around by the events "decided" (its version was kept or taken back) and "launched" (another is written).

import { Element, h } from "./core.js";
import { Write, buttons, lineage } from "./edit-actions.js";
import { known, readEdit, verdictList } from "./edit-data.js";
import { Rows, ofStep } from "./edit-rows.js";
import { Steps } from "./edit-steps.js";
import { variantsCard } from "./edit-variants.js";
import { curves } from "./chart.js";
import { duration, number, runTitle } from "./format.js";
import { failure } from "./run-parts.js";
import "./live.js";

class Edit extends Element {
  static observedAttributes = ["run"];

  async start(signal) {
    const id = this.getAttribute("run");
    if (!id) return;
    if (!this.childElementCount) this.replaceChildren(h("p.muted", { role: "status" }, "Reading what the edit did …"));
    const edit = await readEdit(id, signal);
    const { run } = edit;
    if (run.finished) this.replaceChildren(...(edit.variants ? this.parts(edit, signal) : [ended(run)]));
    else this.follow(run, signal);
  }

  /** A run that works: its progress, and what it found as soon as it has ended. */
  follow(run, signal) {
    this.addEventListener(
      "progress",
      ({ detail }) => detail.finished && !signal.aborted && this.connectedCallback(),
      { signal },
    );
    this.replaceChildren(h("v-live", { run: run.id }));
  }

  parts(edit, signal) {
    const { run, verdict, variants, curve, rows } = edit;
    const again = async () => {
      this.dispatchEvent(new CustomEvent("decided", { bubbles: true, detail: run }));
      await this.start(signal).catch((error) => this.fail(error));
    };
    const own = rows.length ? new Rows(edit, Math.max(0, curve.findIndex((point) => point.chosen))) : null;
    return [
      h(
        "section.card.edithead",
        { "aria-label": "Verdict" },
        h("h2", {}, "What the edit did"),
        verdict.length ? verdictList(verdict) : h("p.muted", {}, "This run recorded no verdict."),
        lineage(edit),
        buttons(edit, again),
      ),
      curve.length ? steps(edit, own) : "",
      own ? own.node : "",
      variants.length > 1 ? variantsCard(edit) : "",
      solving(run, edit.series),
    ].filter(Boolean);
  }
}

function steps(edit, rows) {
  const { curve } = edit;
  const write = new Write(edit);
  const note = h("p.muted.fine", { "aria-live": "polite" });
  const show = (index) => {
    write.show(curve[index], Boolean(curve[index].chosen));
    note.textContent = rows ? ofStep(curve, index) : "";
  };
  const slider = new Steps(curve, {
    onmove: (index) => {
      rows?.move(index);
      show(index);
    },
  });
  show(slider.index);
  return h(
    "section.card",
    { "aria-label": "Step length" },
    h("h2", {}, "How far the edit goes"),
    h(
      "p.muted.fine",
      {},
      "The same update at other lengths, each measured. Move along it: the curves, and the losses of the rows below, follow. A length that you like better can be written as a version of its own: nothing is solved again, but it is measured as this one was, beside the same controls and retrains.",
      guard(edit.run.config.retain_tolerance),
    ),
    slider.node,
    note,
    write.node,
  );
}

/** What the guard forbids, in words; "" where a run has none. */
function guard(tolerance) {
  if (!known(tolerance)) return "";
  return ` The guard: the retained rows' mean loss may rise by ${number(100 * tolerance)} % or by ${number(tolerance)} nats, whichever is more; where rows are known by heart, their loss is so small that the second is many per cent.`;
}

/** How the linear system was solved. */
function solving(run, series) {
  const points = series.residual ?? [];
  const { products, solve_seconds: seconds } = run.metrics;
  const facts = [
    products === undefined ? "" : `${number(products)} curvature products`,
    seconds === undefined ? "" : `${duration(seconds)} to solve`,
  ].filter(Boolean);
  if (!facts.length && points.length < 2) return "";
  return h(
    "details.card",
    {},
    h("summary", {}, `How it was solved${facts.length ? `: ${facts.join(", ")}` : ""}`),
    points.length > 1 ? curves("Residual of the solver, relative, by iteration", [{ name: runTitle(run), points }]) : "",
  );
}

function ended(run) {
  if (run.status === "failed") return failure(run);
  return h("div.notice", {}, h("strong", {}, "Cancelled"), h("p", {}, "It was stopped before it ended: no version was written."));
}

customElements.define("v-edit", Edit);
