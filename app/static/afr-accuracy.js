// Accuracy of AFR beside what it has to beat, on the same episodes: each difference with its interval, drawn around zero.

import { h, svg } from "./core.js";
import { ARMS, armName, known, percent, points, settingNote, sided } from "./afr-data.js";
import { verdictList } from "./edit-data.js";
import { title } from "./format.js";
import { hint } from "./table.js";

const WIDTH = 220;
const HIGH = 26;
const CAPTION = "Accuracy of each arm";

export function accuracyCard(afr) {
  const { arms, verdict, run, setup } = afr;
  const episodes = arms[0]?.episodes ?? setup.episodes;
  const told = verdict.length ? verdict : [{ level: "info", text: run.summary }];
  return h(
    "section.card.afraccuracy",
    { "aria-label": "Accuracy" },
    h("div.row", {}, h("h2", {}, "Does it help?")),
    verdictList(told),
    h(
      "p.muted.fine",
      {},
      `All arms answered the same ${known(episodes) ? episodes.toLocaleString("en") : ""} episodes. Accuracy: mean over episodes with its 95 % interval. `,
      "Difference: paired by episode, in percentage points, from the classifier alone; where its interval holds zero it may be chance.",
    ),
    arms.length ? grid(arms) : h("p.muted", {}, "This run recorded no accuracy."),
    settingNote(afr, setup.preprocessing ? `features ${setup.preprocessing}` : ""),
    all(setup),
  );
}

function grid(arms) {
  // Base classes drawn by lot may fall so far behind that nothing else could be told apart: they do not set the scale.
  const scaled = arms.filter(({ arm }) => arm !== "afr_random");
  const reach = Math.max(0.005, ...scaled.flatMap(({ difference_low: low, difference_high: high, difference }) => [low, high, difference].filter(known).map(Math.abs)));
  const scroll = h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": CAPTION },
    h(
      "table.table.armtable",
      {},
      h("caption.offscreen", {}, CAPTION),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Arm"),
          h("th.num", { scope: "col" }, "Accuracy"),
          h("th.num", { scope: "col" }, "Difference"),
          h("th.interval", { scope: "col", "aria-label": "Difference, drawn" }, axis(reach)),
          arms.some(({ wins }) => known(wins)) ? h("th.num", { scope: "col", title: "Episodes on which it did better, worse, and the same" }, "Better / worse / same") : "",
        ),
      ),
      h("tbody", {}, ...arms.map((arm) => row(arm, reach))),
    ),
  );
  return h("div", {}, scroll, hint(scroll));
}

function row(arm, reach) {
  const { arm: name, accuracy, low, high, difference, difference_low: from, difference_high: to } = arm;
  const side = sided(from, to);
  const tone = { better: ".good", worse: ".bad" }[side] ?? "";
  const about = ARMS[name]?.[1] ?? "";
  return h(
    name === "base" ? "tr.control" : name === "afr" ? "tr.own" : "tr",
    {},
    h("th", { scope: "row" }, h("span.runname", {}, armName(arm), about ? h("small.muted", {}, about) : "")),
    h("td.num", {}, h("span.measure", {}, percent(accuracy), known(low) ? h("small", {}, `${percent(low)} to ${percent(high)}`) : "")),
    h(
      "td.num",
      {},
      known(difference)
        ? h("span.measure", {}, h(`span${tone}`, {}, `${points(difference)}${side ? ` ${side}` : ""}`), known(from) ? h("small", {}, `${points(from)} to ${points(to)}`) : "")
        : h("span.muted", {}, name === "base" ? "the measure" : "–"),
    ),
    h("td.interval", {}, known(difference) ? drawn(difference, from, to, reach, tone) : drawn(null, null, null, reach, "")),
    known(arm.wins) ? h("td.num", {}, `${arm.wins} / ${arm.losses} / ${arm.ties}`) : h("td.num", {}, ""),
  );
}

const place = (value, reach) => WIDTH / 2 + (Math.max(-1, Math.min(1, value / reach)) * (WIDTH - 16)) / 2;

/** The interval around zero; what lies beyond the ends of the scale is an arrow there. */
function drawn(value, low, high, reach, tone) {
  const parts = [svg("path", { class: "zero", d: `M${WIDTH / 2} 0V${HIGH}` })];
  const beyond = known(value) && Math.abs(value) > reach;
  if (beyond) parts.push(svg("path", { class: "mean", d: `M${value < 0 ? 2 : WIDTH - 2} ${HIGH / 2}l${value < 0 ? 9 : -9} -6v12z` }));
  else if (known(low)) parts.push(svg("path", { class: "reach", d: `M${place(low, reach)} ${HIGH / 2}H${place(high, reach)}` }));
  if (known(value) && !beyond) parts.push(svg("circle", { class: "mean", cx: place(value, reach), cy: HIGH / 2, r: 4.5 }));
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HIGH}`, class: `armbar ${tone.slice(1)}`, "aria-hidden": "true" }, ...parts);
}

function axis(reach) {
  const text = (words, x, anchor) => {
    const node = svg("text", { x, y: 10, "text-anchor": anchor });
    node.textContent = words;
    return node;
  };
  return svg("svg", { viewBox: `0 0 ${WIDTH} 12`, class: "armbar", "aria-hidden": "true" }, text(points(-reach), 0, "start"), text("0", WIDTH / 2, "middle"), text(points(reach), WIDTH, "end"));
}

/** Everything that the run says of its setting. */
function all(setup) {
  const said = Object.entries(setup).filter(([, value]) => value !== null && value !== "");
  if (!said.length) return "";
  const write = (value) => (Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
  return h(
    "details",
    {},
    h("summary", {}, "The whole setting"),
    h("dl.pairs", {}, ...said.flatMap(([name, value]) => [h("dt", {}, title(name)), h("dd", {}, write(value))])),
  );
}

