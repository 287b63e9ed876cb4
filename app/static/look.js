// <v-look run="id">: what looking closer changed, a picture at a time. A second look takes its place with everything kept.

import { BASE, Element, api, complain, h, poll, query, setQuery, toast } from "./core.js";
import { runTitle } from "./format.js";
import { keysHelp, listenKeys } from "./keys.js";
import { lookAgain } from "./look-again.js";
import { answers } from "./look-answers.js";
import { controls } from "./look-controls.js";
import { AFTER, REFINEMENTS, isWhole, readLook, trailOf } from "./look-data.js";
import { film, filmKey } from "./look-film.js";
import { asked, prompts, remarks, trail } from "./look-head.js";
import { disagreement, mergeBar } from "./look-merge.js";
import { lookPicture } from "./look-picture.js";
import { strips } from "./look-strips.js";
import "./live.js";

const ALL = "all";
const KEYS = { ArrowRight: "next", j: "next", ArrowLeft: "previous", k: "previous", ArrowDown: "closer", ArrowUp: "farther", 0: "all", c: "control", e: "edit", "?": "help" };
const MEANINGS = [
  ["→ j", "next picture"],
  ["← k", "previous picture"],
  ["↓ ↑", "next, previous scale"],
  ["0", "all scales"],
  ["c", "the next control as “after”"],
  ["e", "edit the class names"],
  ["?", "this list"],
];

class Look extends Element {
  static observedAttributes = ["run"];
  scale = ALL;
  refinement = AFTER;

  async start(signal) {
    const id = this.getAttribute("run");
    if (!id) return;
    const look = await readLook(id, signal);
    if (!look.pictures.length) {
      this.replaceChildren(h("div.notice", {}, h("strong", {}, "No picture was looked at"), h("p", {}, look.run.error || "The run recorded none.")));
      return;
    }
    const looks = await trailOf(look.run, signal);
    const before = looks.at(-2);
    const earlier = before?.status === "succeeded" ? (await readLook(before.id, signal)).pictures : [];
    Object.assign(this, { look, looks, previous: new Map(earlier.map((picture) => [picture.sha256, picture])) });
    this.name ??= query("picture");
    document.title = `${runTitle(look.run)} · Vitrine`;
    this.build();
    listenKeys(KEYS, this.acts(), signal);
  }

  build() {
    const { look, looks, previous } = this;
    const { pictures } = look;
    this.film = film(pictures, previous, (index) => this.show(index));
    this.again = lookAgain(look, looks.length + 1, (run) => this.follow(run).catch(complain));
    this.place = h("span.muted");
    this.coming = h("div.coming");
    this.body = h("div.lookbody");
    const walk = pictures.length > 1 ? [this.film.node, filmKey(pictures, previous)] : [];
    const help = h("button.button.quiet", { type: "button", onclick: () => this.acts().help() }, "Keys");
    this.replaceChildren(
      h("section.lookhead", { "aria-label": "What was asked" }, h("p.lead", {}, look.run.summary), asked(look), remarks(look), trail(looks, look.run.id, (id) => this.goTo(id)), prompts(look)),
      this.coming,
      ...walk,
      h("div.lookgrid", {}, this.body, h("aside.lookside", {}, this.again.node, h("p.muted.fine.row", {}, this.place, help))),
    );
    const index = pictures.findIndex((picture) => picture.name === this.name);
    this.show(Math.max(0, index));
  }

  show(index) {
    const { pictures } = this.look;
    this.index = index;
    const picture = pictures[index];
    this.name = picture.name;
    if (pictures.length > 1) setQuery({ picture: picture.name });
    this.film.show(index);
    this.place.textContent = pictures.length > 1 ? `${index + 1} of ${pictures.length} pictures` : "";
    this.frame = lookPicture(picture, (scale) => this.choose(scale));
    this.strips = strips(picture, { onpoint: (...view) => this.frame.point(...view), onscale: (scale) => this.choose(scale) });
    this.found = h("div");
    this.beside = h("div");
    const notes = (picture.notes ?? []).map((note) => h("p.muted.fine", {}, note));
    this.body.replaceChildren(
      h("div.looktop", {}, h("div", {}, this.frame.node, ...notes, disagreement(picture)), this.found),
      mergeBar(picture, (scale) => this.choose(scale)),
      this.beside,
      h("section.stripsection", { "aria-label": "Views by scale" }, h("h3", {}, "Views of each scale, by margin"), h("p.muted.fine", {}, "The framed one is taken: CLIP is surest of its name, by the gap to the second best class."), this.strips.node),
    );
    this.answer();
    this.highlight();
  }

  /** The answers and the controls, with the chosen refinement as "after". */
  answer() {
    const { pictures } = this.look;
    const picture = pictures[this.index];
    this.found.replaceChildren(answers(picture, this.refinement, this.previous.get(picture.sha256)));
    this.beside.replaceChildren(controls(picture, pictures, this.refinement, (name) => this.compareWith(name)));
  }

  compareWith(refinement) {
    this.refinement = refinement;
    this.answer();
  }

  /** One scale stands out; chosen again, all do. */
  choose(scale) {
    this.scale = this.scale === scale ? ALL : scale;
    this.highlight();
  }

  highlight() {
    const known = this.scales();
    if (!known.includes(this.scale)) this.scale = ALL;
    this.frame.show(this.scale);
    this.strips.show(this.scale);
  }

  scales() {
    const local = this.look.pictures[this.index].scales.filter(({ scale, views }) => !isWhole(scale) && views.length);
    return [ALL, ...local.map(({ scale }) => scale)];
  }

  acts() {
    const step = (by) => {
      const to = this.index + by;
      if (this.look.pictures[to]) this.show(to);
      else toast(by > 0 ? "That was the last picture." : "This is the first picture.");
    };
    const scale = (by) => {
      const known = this.scales();
      this.scale = known[(known.indexOf(this.scale) + by + known.length) % known.length];
      this.highlight();
    };
    const control = () => {
      const picture = this.look.pictures[this.index];
      const known = Object.keys(REFINEMENTS).filter((name) => name !== "global" && Object.values(picture.answers).some((each) => each[name]));
      this.compareWith(known[(known.indexOf(this.refinement) + 1) % known.length]);
    };
    return { next: () => step(1), previous: () => step(-1), closer: () => scale(1), farther: () => scale(-1), all: () => this.choose(ALL), control, edit: () => this.again.focus(), help: () => keysHelp(MEANINGS, "On a picture's views, Tab goes from one to the next.") };
  }

  /** Show how a second look comes along, then that; what is shown stays meanwhile. */
  async follow(run) {
    const { signal } = this.stop;
    this.coming.replaceChildren(h("v-live", { run: run.id, compact: true }));
    let seen = run;
    await poll(
      async () => {
        seen = await api(`runs/${run.id}`, { signal });
        return !seen.finished;
      },
      { every: 400, signal },
    );
    if (seen.status === "succeeded") this.goTo(run.id);
    else if (seen.status !== "failed") this.coming.replaceChildren();
  }

  /** Another look here, or on the page of looks from where one stands for itself. */
  goTo(id) {
    const asks = new CustomEvent("look", { bubbles: true, cancelable: true, detail: id });
    if (this.dispatchEvent(asks)) location.href = `${BASE}fewshot?run=${id}&picture=${encodeURIComponent(this.name)}`;
  }
}

customElements.define("v-look", Look);
