// <v-live run="id" compact>: what a run is doing now. Reads /live with a cursor; survives a reload, stops when it is done.

import { BASE, Element, action, api, h, poll, toast } from "./core.js";
import { badge, duration, number, ordinal, title } from "./format.js";
import { sparkline } from "./spark.js";

class Live extends Element {
  async start(signal) {
    const id = this.getAttribute("run");
    this.curves = {};
    this.cursor = "";
    this.seen = null;
    const run = await api(`runs/${id}`, { signal });
    this.build(run);
    await poll(() => this.tick(id, signal), { every: 700, signal, onaway: (away) => this.away(away) });
  }

  build(run) {
    this.name = run.title || run.method;
    this.dataset.method = run.method;
    this.state = h("span");
    this.bar = h(
      "div.bar",
      {
        role: "progressbar",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-label": `Progress of ${this.name}`,
      },
      h("i"),
    );
    this.facts = h("p.facts");
    this.note = h("p.muted");
    this.lost = h("p.away", { hidden: true, role: "status" }, "Reconnecting to the studio …");
    this.picture = h("img", { alt: `Preview of ${this.name}`, hidden: true });
    this.plot = h("div.spark");
    this.end = h("div");
    this.button = h(
      "button.button",
      { type: "button", "data-needs": "editor", onclick: action(() => this.cancel(run.id)) },
      "Cancel",
    );
    this.spoken = h("p.offscreen", { "aria-live": "polite" });
    const heading = h("a", { href: `${BASE}run?id=${run.id}` }, this.name);
    this.replaceChildren(
      h(
        "section.live",
        { "aria-label": this.name },
        h(
          "header",
          {},
          this.hasAttribute("compact") ? h("h3", {}, heading) : h("h2", {}, "Now"),
          this.state,
          this.button,
        ),
        h(
          "div.stage",
          {},
          h("div.picture", {}, this.picture),
          h("div.reading", {}, this.bar, this.facts, this.note, this.lost, this.plot, this.end),
        ),
        this.spoken,
      ),
    );
  }

  async tick(id, signal) {
    const live = await api(`runs/${id}/live?after=${encodeURIComponent(this.cursor)}`, { signal });
    if (live.restarted) this.curves = {}; // another attempt: the answer has all its points
    for (const [name, points] of Object.entries(live.series)) (this.curves[name] ??= []).push(...points);
    this.cursor = live.cursor;
    this.show(live);
    this.dispatchEvent(new CustomEvent("progress", { bubbles: true, detail: live }));
    return live.finished ? false : live.status === "queued" ? 1500 : 700;
  }

  show(live) {
    this.dataset.status = live.status;
    if (live.status !== this.seen) {
      this.state.replaceChildren(badge(live.status));
      this.spoken.textContent = `${this.name}: ${live.status}`;
      this.seen = live.status;
    }
    const percent = Math.round(100 * live.fraction);
    this.bar.firstChild.style.width = `${percent}%`;
    this.bar.setAttribute("aria-valuenow", percent);
    this.bar.hidden = live.status === "queued";
    this.facts.replaceChildren(...this.reading(live));
    this.note.textContent = live.finished ? "" : live.waiting_for || live.message;
    this.button.hidden = live.finished || live.status === "cancelling";
    if (live.preview_url) {
      const url = BASE + live.preview_url.replace(/^\//, "");
      if (this.picture.getAttribute("src") !== url) this.picture.src = url;
      this.picture.hidden = false;
    }
    const drawn = Object.entries(this.curves).filter(([, points]) => points.length > 1);
    drawn.sort(([a], [b]) => told(b) - told(a));
    this.plot.replaceChildren(...drawn.slice(0, 2).map(([name, points]) => sparkline(title(name), points)));
    if (live.status === "failed") {
      this.end.replaceChildren(
        h("div.notice.bad", { role: "alert" }, h("strong", {}, live.error_type), h("p", {}, live.error)),
      );
    }
  }

  reading(live) {
    if (live.status === "queued") {
      const place =
        live.queue_position === 0
          ? "next in the queue"
          : live.queue_position === null
            ? "in the queue"
            : `${ordinal(live.queue_position)} in the queue`;
      return [fact(place, "")];
    }
    const isShare = live.total === 1; // work that has no steps to count
    const counted = isShare ? fact(`${Math.round(100 * live.fraction)} %`, "done") : fact(`${number(live.done)} / ${number(live.total)}`, "steps");
    const facts = live.total ? [counted] : [];
    if (!live.finished && live.speed && !isShare) facts.push(fact(number(Number(live.speed.toPrecision(3))), "steps/s"));
    facts.push(fact(duration(live.elapsed), live.finished ? "in all" : "so far"));
    if (!live.finished && live.seconds_left !== null) facts.push(fact(duration(live.seconds_left), "left"));
    if (live.attempt > 1) facts.push(fact(ordinal(live.attempt - 1), "attempt"));
    return facts;
  }

  away(away) {
    this.lost.hidden = !away;
  }

  async cancel(id) {
    const run = await api(`runs/${id}/cancel`, { method: "POST", body: {} });
    toast(
      run.status === "cancelled"
        ? "Cancelled before it started."
        : "Asked to stop; it ends at its next step.",
    );
  }
}

/** Curves that say most come first: what goes wrong, then how far apart preferred and rejected answers are. */
function told(name) {
  return 2 * /error|loss/.test(name) + /margins$/.test(name);
}

function fact(value, unit) {
  return h("span", {}, h("b", {}, value), unit ? ` ${unit}` : "");
}

customElements.define("v-live", Live);
