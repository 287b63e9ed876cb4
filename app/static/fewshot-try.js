// <v-fewshot-try>: pictures and class names in, a closer look out; the look named by ?run=, or the latest.

import { BASE, Element, action, api, complain, h, poll, query, setQuery, toast } from "./core.js";
import { select } from "./fields.js";
import { ago, runTitle } from "./format.js";
import { Pictures } from "./try-files.js";
import { brought } from "./try-pictures.js";
import { lookSettings, sceneSettings } from "./try-settings.js";
import "./live.js";
import "./look.js";

const METHOD = "fewshot.look";
const LATEST = 30;
const OWN = "own";
const SCENES = "scenes";

class FewshotTry extends Element {
  async start(signal) {
    this.replaceChildren(h("p.muted", {}, "Loading …"));
    const [methods, page] = await Promise.all([api("methods", { signal }), api(`runs?method=${METHOD}&limit=${LATEST}`, { signal })]);
    this.method = methods.find((method) => method.name === METHOD);
    this.runs = page.runs;
    this.pictures = new Pictures(() => this.draw());
    document.addEventListener("progress", (event) => this.take(event).catch(complain), { signal });
    this.addEventListener("look", (event) => (event.preventDefault(), this.open(event.detail).catch(complain)), { signal });
    this.build(signal);
    const latest = this.runs.find((run) => run.status === "succeeded") ?? this.runs.find((run) => !run.finished);
    const named = query("run") || query("from");
    this.fold(Boolean(named));
    if (named || latest) await this.open(named || latest.id, Boolean(query("run")));
    else this.result.replaceChildren(this.nothing());
    if (query("from")) document.getElementById("launch-look")?.scrollIntoView(); // the panel that the address fills
  }

  build(signal) {
    this.source = OWN;
    this.scenes = sceneSettings(this.method, () => this.draw());
    this.settings = lookSettings(this.method, () => this.draw());
    this.own = brought(this.pictures, () => this.draw());
    document.addEventListener("paste", (event) => this.source === OWN && !event.target.closest("input, textarea") && this.own.paste(event), { signal });
    const chip = (source, words) => h("button.chip", { type: "button", onclick: () => this.choose(source), "data-source": source }, words);
    this.chips = [chip(OWN, "Your pictures"), chip(SCENES, "Generated scenes (small world)")];
    this.need = h("span.estimate");
    this.problem = h("div");
    this.go = h("button.button.primary", { type: "button", onclick: action(() => this.launch()) }, "Look closer");
    this.form = h(
      "section.card.trypanel",
      { "aria-label": "New look" },
      h("div.row", {}, h("h2", {}, "What is in these pictures?"), h("div.chips", { role: "group", "aria-label": "Where the pictures come from" }, ...this.chips)),
      this.own.node,
      this.scenes.node,
      h("details.tryhow", {}, h("summary", {}, "How is looked"), this.settings.node),
      this.problem,
      h("div.actions", {}, this.go, this.need),
    );
    this.unfold = h("button.button.primary", { type: "button", onclick: () => this.fold(false) }, "New look");
    this.bar = h("div.toolbar.choose");
    this.live = h("div");
    this.result = h("div");
    this.replaceChildren(this.form, this.live, this.bar, this.result);
    this.choose(OWN);
  }

  choose(source) {
    this.source = source;
    for (const chip of this.chips) chip.setAttribute("aria-pressed", String(chip.dataset.source === source));
    this.own.node.hidden = source !== OWN;
    this.scenes.node.hidden = source !== SCENES;
    this.draw();
  }

  draw() {
    this.own.draw();
    this.settings.warn(this.source === OWN);
    const busy = this.pictures.all.filter((item) => item.state === "checking").length;
    const missing = this.missing();
    this.go.disabled = Boolean(missing || busy);
    const count = this.source === OWN ? this.pictures.asked.length : this.scenes.values().scene_number;
    const crops = (count * this.settings.crops()).toLocaleString("en");
    this.need.textContent = busy ? `Looking into ${busy} files …` : (missing ?? `${count} ${count === 1 ? "picture" : "pictures"}, up to ${crops} crops to encode`);
  }

  /** What is still to be given before one can look; undefined once nothing is. */
  missing() {
    if (!this.settings.values().classifiers.length) return "Choose a classifier.";
    if (this.source !== OWN) return undefined;
    if (this.pictures.all.some((item) => item.state === "refused")) return "Leave out what is no picture, to go on.";
    if (!this.pictures.asked.length) return "Drop a picture to look at.";
    const named = new Set(this.own.classes());
    return named.size < 2 ? "Name two classes or more." : undefined;
  }

  async launch() {
    this.problem.replaceChildren();
    try {
      const config = await this.config();
      const checked = await api(`methods/${METHOD}/check`, { method: "POST", body: { config } });
      if (checked.same?.status === "succeeded") {
        toast("These pictures were looked at like that before: here it is.");
        await this.open(checked.same.id, true);
        this.fold(true);
        return;
      }
      const run = await api("runs", { method: "POST", body: { method: METHOD, config, title: this.titleOf(config) } });
      setQuery({ run: run.id, picture: "" });
      this.bar.replaceChildren();
      this.fold(true);
      await this.follow(run);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.problem.replaceChildren(h("div.notice.bad", { role: "alert" }, h("strong", {}, "Not looked at"), h("p", {}, error.message)));
    }
  }

  async config() {
    const how = this.settings.values();
    if (this.source === SCENES) return { ...how, ...this.scenes.values() };
    const classes = this.own.classes();
    return { ...how, pictures: await this.pictures.pack(classes), classes: classes.join("\n") };
  }

  titleOf(config) {
    if (this.source === SCENES) return `${config.scene_number} scenes, ${config.scene_kind}`;
    const [first, ...others] = this.pictures.asked;
    return `${first.name}${others.length ? ` and ${others.length} more` : ""}`.slice(0, 200);
  }

  /** Show a run as it comes along, then what it found. */
  async follow(run) {
    const { signal } = this.stop;
    this.result.replaceChildren();
    this.live.replaceChildren(h("v-live", { run: run.id, compact: true }));
    this.live.scrollIntoView({ block: "nearest" });
    let seen = run;
    await poll(
      async () => {
        seen = await api(`runs/${run.id}`, { signal });
        return !seen.finished;
      },
      { every: 500, signal },
    );
    if (signal.aborted) return;
    if (seen.status === "succeeded") this.live.replaceChildren();
    else this.fold(false); // what went wrong stands in the panel of the run
    await this.open(run.id);
  }

  /** `named`: it is in the address. */
  async open(id, named = true) {
    const { signal } = this.stop;
    const run = await api(`runs/${id}`, { signal });
    if (named) setQuery({ run: id });
    if (!this.runs.some((each) => each.id === id)) this.runs.unshift(run);
    this.bar.replaceChildren(...this.toolbar(run));
    if (!run.finished) await this.follow(run);
    else if (run.status !== "succeeded") this.result.replaceChildren(this.failed(run));
    else this.shown(id);
  }

  /** A look that was launched in the panel of all settings is shown here once it is done. */
  async take({ target, detail }) {
    if (this.contains(target) || !detail.finished || detail.status !== "succeeded") return;
    const run = await api(`runs/${detail.id}`, { signal: this.stop.signal });
    if (run.method !== METHOD) return;
    await this.open(run.id);
    this.bar.scrollIntoView({ block: "start" });
  }

  shown(id) {
    const look = this.result.querySelector("v-look");
    if (look) look.setAttribute("run", id);
    else this.result.replaceChildren(h("v-look", { run: id }));
  }

  toolbar(run) {
    const known = this.runs.filter((each) => each.finished || each.id === run.id);
    const choice = select("Look", known.map((each) => [each.id, [runTitle(each), ago(each.created_at).textContent ?? ""].filter(Boolean).join(" · ")]), (id) => this.open(id).catch(complain));
    choice.input.value = run.id;
    return [choice.node, h("a.button.quiet", { href: `${BASE}run?id=${run.id}` }, "Its run"), h("a.button.quiet", { href: `${BASE}fewshot?from=${run.id}` }, "All its settings"), this.unfold];
  }

  fold(folded) {
    this.form.hidden = folded;
    this.unfold.hidden = !folded;
    if (!folded) this.form.scrollIntoView({ block: "nearest" });
  }

  failed(run) {
    const change = h("a.button", { href: `${BASE}fewshot?from=${run.id}` }, "Change its settings");
    return h("div.notice.bad", { role: "alert" }, h("strong", {}, `The look ${run.status}`), h("p", {}, run.error || "Nothing was found."), change);
  }

  nothing() {
    const scenes = async () => {
      this.choose(SCENES);
      await this.launch();
    };
    return h(
      "div.empty",
      {},
      h("strong", {}, "Nothing has been looked at yet"),
      h("p", {}, "Drop pictures above and say what they may show. Or see at once how it works, on six generated scenes."),
      h("button.button.primary", { type: "button", onclick: action(scenes) }, "Look at six generated scenes"),
    );
  }
}

customElements.define("v-fewshot-try", FewshotTry);
