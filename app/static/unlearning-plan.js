// How a request is to be carried out: which edits run side by side, whether a retrain is paid for, and what that would take.

import { ApiError, api, h } from "./core.js";
import { select } from "./fields.js";
import { bytes, duration, number } from "./format.js";

const WAIT = 300; // ms after the last change
const RETRAIN = [
  ["0", "none"],
  ["1", "one each: the target"],
  ["2", "two each: and the noise floor"],
];

const ERROR =
  "Distance from a retrain, as a share of the retrain's own change, in the mildest case that was measured for this share of rows and as many linear steps; adapters do worse, and memorised rows worst.";

export class Plan {
  /** `method`: unlearning.erase as REST describes it. */
  constructor(method) {
    const presets = Object.entries(method.presets).filter(([, preset]) => !preset.fills);
    this.presets = presets.length ? presets : [["", { title: method.title, note: "As it is set at first", values: {} }]];
    this.chosen = new Set(this.presets.slice(0, 1).map(([key]) => key));
    this.chips = this.presets.map(([key, preset]) => this.chip(key, preset));
    this.retrain = select("Retrain beside them", RETRAIN, () => this.changed());
    this.seed = h("input", { type: "number", min: 0, step: 1, value: 0 });
    this.told = h("div.plantold", { role: "status" });
    this.node = h(
      "div.requestplan",
      {},
      h("h3", {}, "Edits, side by side"),
      h("div.chips", { role: "group", "aria-label": "Edits to run" }, ...this.chips),
      h(
        "div.facets",
        {},
        "retrain" in method.schema.properties ? this.retrain.node : "",
        h("label.field.inline", {}, "Seed", this.seed),
      ),
      this.told,
    );
  }

  chip(key, { title, note }) {
    const toggle = ({ currentTarget }) => {
      if (!this.chosen.delete(key)) this.chosen.add(key);
      currentTarget.setAttribute("aria-pressed", String(this.chosen.has(key)));
      this.changed();
    };
    const pressed = String(this.chosen.has(key));
    return h("button.chip", { type: "button", title: note, "aria-pressed": pressed, onclick: toggle }, title);
  }

  launches() {
    const retrain = this.retrain.input.value === "0" ? {} : { retrain: Number(this.retrain.input.value) };
    return this.presets
      .filter(([key]) => this.chosen.has(key))
      .map(([, { title, values }]) => ({ title, values: { ...values, ...retrain } }));
  }

  /** Estimate for this request from now on. */
  estimate(request, signal) {
    Object.assign(this, { request, signal });
    this.changed();
  }

  changed() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    const asked = (this.asked = {});
    const launches = this.launches();
    try {
      const found = await Promise.all(
        launches.map(({ values }) =>
          api(`requests/${this.request.id}/estimate`, { method: "POST", body: { values }, signal: this.signal }),
        ),
      );
      if (asked === this.asked) this.told.replaceChildren(...told(launches, found));
    } catch (error) {
      if (error.name === "AbortError" || asked !== this.asked) return;
      if (!(error instanceof ApiError)) throw error;
      this.told.replaceChildren(
        h("div.notice.bad", {}, h("strong", {}, "This would not run"), h("p", {}, error.message)),
      );
    }
  }
}

function told(launches, found) {
  if (!found.length) return [h("p.muted.fine", {}, "Choose at least one edit.")];
  const seconds = found.reduce((sum, each) => sum + each.seconds, 0);
  const memory = Math.max(...found.map((each) => each.memory_mb));
  return [
    h(
      "p.facts",
      {},
      h("span", {}, "about ", h("b", {}, duration(seconds)), found.length > 1 ? " in all" : ""),
      h("span", {}, "up to ", h("b", {}, bytes(memory * 1e6))),
      ...expected(found.map(({ detail }) => detail ?? {})),
    ),
    ...advised(launches, found),
    found.length > 1
      ? h(
          "details",
          {},
          h("summary", {}, "Each edit"),
          h("dl.pairs", {}, ...launches.flatMap(({ title }, at) => [h("dt", {}, title), h("dd", {}, duration(found[at].seconds), off(found[at].detail))])),
        )
      : "",
  ];
}

/** Each piece of advice once; one that is not of all edits names those it is of. */
function advised(launches, found) {
  const of = new Map();
  found.forEach(({ advice }, at) => advice.forEach((words) => of.set(words, [...(of.get(words) ?? []), launches[at].title])));
  return [...of].map(([words, titles]) =>
    h("p.warning", {}, titles.length < launches.length ? h("b", {}, `${titles.join(", ")}: `) : "", words),
  );
}

function percent(value) {
  return `${number(Number((100 * value).toPrecision(2)))} %`;
}

/** How far one of several edits is expected to be off, where the estimate says it. */
function off(detail) {
  const error = detail?.expected_error;
  return Number.isFinite(error) ? `, at best ${percent(error)} off a retrain` : "";
}

/** What the estimates say of fidelity and of the alternative, where they do. */
function expected(details) {
  const [{ share, retrain_seconds: retrain }] = details;
  const errors = details.map((detail) => detail.expected_error).filter(Number.isFinite);
  const between = [...new Set([Math.min(...errors), Math.max(...errors)].map(percent))].join(" to ");
  return [
    Number.isFinite(share) ? h("span", {}, h("b", {}, percent(share)), " of the rows") : "",
    errors.length ? h("span", { title: ERROR }, "at best ", h("b", {}, between), " off a retrain") : "",
    Number.isFinite(retrain) ? h("span", {}, "a retrain: ", h("b", {}, duration(retrain))) : "",
  ];
}
