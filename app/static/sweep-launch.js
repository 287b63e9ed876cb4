// <v-sweep-launch method axes makers seeds about controls>: what to combine and what all runs share; says as you type what would run and how long.
// `axes` is JSON: the settings to combine, each with the values that are chosen at first. `makers` is JSON: for settings that name a
// file the method whose runs make it; `seeds` their number at first, `about` and `controls` what the form says.

import { BASE, Element, ApiError, action, api, h } from "./core.js";
import { bytes, duration } from "./format.js";
import { leftOut } from "./sweep-parts.js";

const PUBLISHED = "paper";
const SEEDS = 3;
const REASONS = 3; // as many are shown unasked: one may be a slip of the finger
const ABOUT =
  "Every combination of these runs over several seeds, with plain reuse and fewer steps beside it; then you read which " +
  "strength suits this model, if any does.";
const CONTROLS = "Also the controls: plain reuse, and fewer uncached steps of the same work";
const IMAGES = { images_per_class: 4 };

class SweepLaunch extends Element {
  async start(signal) {
    const axes = JSON.parse(this.getAttribute("axes"));
    const makers = Object.entries(JSON.parse(this.getAttribute("makers") ?? "{}"));
    const [methods, ...pages] = await Promise.all([
      api("methods", { signal }),
      ...makers.map(([, maker]) => api(`runs?method=${maker}&status=succeeded&limit=20`, { signal })),
    ]);
    this.method = methods.find((method) => method.name === this.getAttribute("method"));
    this.fields = this.method.schema.properties;
    this.made = Object.fromEntries(makers.map(([name], place) => [name, pages[place].runs]));
    this.axes = Object.entries(axes)
      .filter(([name]) => name in this.fields)
      .map(([name, chosen]) => this.axis(name, chosen));
    const names = Object.keys(this.fields);
    const main = names.filter((name) => this.fields[name].group === "main");
    const files = names.filter((name) => ["artefact", "upload"].includes(this.fields[name].widget));
    this.shared = [...new Set([...main, ...files])].map((name) => this.setting(name));
    this.first = number("First seed", 0, 0);
    this.count = number("Seeds", Number(this.getAttribute("seeds")) || SEEDS, 1);
    this.controls = h("input", { type: "checkbox", checked: true });
    this.plan = h("div.plan", { role: "status" });
    this.button = h("button.button.primary", { type: "button", onclick: action(() => this.launch()) }, "Launch the sweep");
    // Suggestions stand beside their label: as part of it they would be read out as its name.
    this.replaceChildren(this.form(), ...this.shared.map((item) => item.known).filter(Boolean));
    this.addEventListener("input", () => this.ask(signal), { signal });
    this.ask(signal);
  }

  form() {
    return h(
      "div.sweepform",
      {},
      h(
        "p.muted",
        {},
        this.getAttribute("about") ?? ABOUT,
        " Single runs that you launch meanwhile go first.",
      ),
      h("fieldset", {}, h("legend", {}, "Combine"), h("div.fieldgrid.axes", {}, ...this.axes.map((axis) => axis.node))),
      h(
        "fieldset",
        {},
        h("legend", {}, "For all runs"),
        h("div.fieldgrid", {}, ...this.shared.map((item) => item.node), this.count.node, this.first.node),
        h("label.check", {}, this.controls, this.getAttribute("controls") ?? CONTROLS),
      ),
      h("div.actions", {}, this.button, this.plan),
    );
  }

  /** Chips where there are choices, a list to type where there are numbers. */
  axis(name, chosen) {
    const field = this.fields[name];
    const about = field.description;
    if (field.enum) {
      const chips = field.enum.map((value) =>
        h(
          "button.chip",
          {
            type: "button",
            "aria-pressed": String(chosen.includes(value)),
            onclick: (event) => {
              const chip = event.currentTarget;
              chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
              chip.dispatchEvent(new Event("input", { bubbles: true }));
            },
          },
          this.named(name, value),
        ),
      );
      const read = () => field.enum.filter((_, index) => chips[index].getAttribute("aria-pressed") === "true");
      const box = h("div.chips", { role: "group", "aria-label": field.title, title: about }, ...chips);
      return { name, read, node: h("div.field", {}, field.title, box) };
    }
    const nullable = Boolean(field.anyOf?.some((item) => item.type === "null"));
    const input = h("input", {
      value: chosen.join(", "),
      placeholder: nullable ? `numbers, or “${PUBLISHED}”` : "numbers: 2, 3, 5",
      title: about,
      autocomplete: "off",
    });
    const value = (text) => (nullable && text === PUBLISHED ? null : numeric(text));
    return { name, read: () => list(input.value).map(value), node: h("label.field", {}, field.title, input) };
  }

  /** A value by the preset that sets nothing else, where there is one. */
  named(name, value) {
    const alone = ({ values }) => Object.keys(values).length === 1 && values[name] === value;
    return Object.values(this.method.presets).find(alone)?.title ?? String(value).replaceAll("_", " ");
  }

  setting(name) {
    const field = this.fields[name];
    const start = IMAGES[name] ?? field.default;
    const isList = field.type === "array";
    const input = h("input", {
      value: isList ? (start ?? []).join(", ") : (start ?? ""),
      placeholder: isList ? "empty: all" : field.widget === "artefact" ? "run_id/file" : "",
      title: field.description,
      autocomplete: "off",
      list: this.made[name] ? `sweep-${name}` : undefined,
    });
    const option = (run) => h("option", { value: `${run.id}/${name}${field.suffix}` }, made(run));
    const known = this.made[name] ? h("datalist", { id: `sweep-${name}` }, ...this.made[name].map(option)) : null;
    const typed = field.type === "integer" || field.type === "number";
    const read = () => {
      const text = input.value.trim();
      if (isList) return list(text);
      if (!text) return field.default ?? null;
      return typed ? numeric(text) : text;
    };
    return { name, read, known, node: h("label.field", {}, field.title, input) };
  }

  request() {
    const axes = Object.fromEntries(this.axes.map((axis) => [axis.name, axis.read()]).filter(([, values]) => values.length));
    const config = Object.fromEntries(this.shared.map((item) => [item.name, item.read()]));
    const [first, count] = [this.first.read(), this.count.read()];
    if (!Number.isInteger(count) || count < 1 || count > 100)
      throw new ApiError(422, "MethodError", "Seeds: 1 to 100 are allowed.");
    const seeds = Array.from({ length: count }, (_, index) => first + index);
    return { method: this.method.name, config, axes, seeds, controls: this.controls.checked };
  }

  ask(signal) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.estimate(signal), 300);
  }

  async estimate(signal) {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    try {
      const plan = await api("sweeps/plan", { method: "POST", body: this.request(), signal });
      if (asked === this.asked) this.say(plan);
    } catch (error) {
      if (error.name === "AbortError" || asked !== this.asked) return;
      if (!(error instanceof ApiError)) throw error;
      this.button.disabled = true;
      this.plan.replaceChildren(h("div.notice.bad", {}, h("strong", {}, "This cannot be swept"), h("p", {}, error.message)));
    }
  }

  say(plan) {
    this.button.disabled = false;
    const seeds = plan.runs / plan.cells.length;
    const cells = plan.cells.map((cell) => h("li", {}, cell.title));
    const many = (number, what) => [h("b", {}, number), number === 1 ? ` ${what}` : ` ${what}s`];
    this.plan.replaceChildren(
      h(
        "p.facts",
        {},
        h("span", {}, ...many(cells.length, "cell"), " × ", ...many(seeds, "seed"), " = ", ...many(plan.runs, "run")),
        h("span", {}, "about ", h("b", {}, duration(plan.seconds)), " in all"),
        h("span", {}, "up to ", h("b", {}, bytes(plan.memory_mb * 1e6))),
      ),
      h("details", {}, h("summary", {}, cells.length === 1 ? "The cell" : `The ${cells.length} cells`), h("ul.cells", {}, ...cells)),
      leftOut(plan.left_out, plan.combinations, plan.left_out.length <= REASONS),
    );
  }

  async launch() {
    const made = await api("sweeps", { method: "POST", body: this.request() });
    location.href = `${BASE}sweep?id=${made.id}`;
  }
}

/** A run that made a file, in a few words. */
function made({ title, id, config: { model, steps } }) {
  return [title || id, [model, steps && `${steps} steps`].filter(Boolean).join(", ")].filter(Boolean).join(" · ");
}

function number(label, value, min) {
  const input = h("input", { type: "number", value, min, step: 1 });
  return { read: () => numeric(input.value), node: h("label.field", {}, label, input) };
}

const list = (text) => text.split(/[,;]+/).map((part) => part.trim()).filter(Boolean);

/** What is no number stays text, and the check says what is allowed. */
function numeric(text) {
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? text : value;
}

customElements.define("v-sweep-launch", SweepLaunch);
