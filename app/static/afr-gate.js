// What the channel gate multiplies: a histogram around 1, which leaves a channel as it is.

import { action, h, svg } from "./core.js";
import { known, settingNote } from "./afr-data.js";
import { runAgain } from "./afr-vetoes.js";
import { number } from "./format.js";
import { fitted } from "./frontier.js";
import { table } from "./table.js";

const HEIGHT = 170;
const EDGE = { left: 40, right: 14, top: 18, bottom: 36 };

/** Without a gate `launched(run)` is called with the run that has one, if somebody asks for it. */
export function gateCard(afr, launched) {
  const { gate } = afr;
  const train = action(async () => launched(await runAgain(afr.run, { gate: true }, "AFR, with the channel gate")));
  const has = gate && gate.counts?.length;
  return h(
    "section.card",
    { "aria-label": "Channel gate" },
    h("h2", {}, "Channel gate"),
    ...(has
      ? [
          h("p.muted.fine", {}, `What the gate multiplies each channel by, over the support of the shown episode: 1 leaves it as it is. From ${number(round(gate.min))} to ${number(round(gate.max))}.`),
          fitted((width) => drawing(gate, width)),
          strongest(gate),
          h("details", {}, h("summary", {}, "As a table"), twin(gate)),
        ]
      : [h("p.muted", {}, "The gate was off in this run: no channel was changed."), h("p.actions", {}, h("button.button", { type: "button", onclick: train }, "Run again with the gate"))]),
    settingNote(afr),
  );
}

const round = (value) => Number(value.toPrecision(3));

function drawing({ bins, counts }, width) {
  const bottom = HEIGHT - EDGE.bottom;
  const [low, high] = [bins[0], bins.at(-1)];
  const across = (value) => EDGE.left + ((value - low) / (high - low || 1)) * (width - EDGE.left - EDGE.right);
  const most = Math.max(1, ...counts);
  const up = (count) => bottom - (count / most) * (bottom - EDGE.top);
  const text = (words, x, y, anchor, kind = "") => {
    const node = svg("text", { x, y, "text-anchor": anchor, class: kind });
    node.textContent = words;
    return node;
  };
  const all = counts.reduce((sum, count) => sum + count, 0);
  const bars = counts.map((count, bin) => svg("rect", { class: bins[bin + 1] <= 1 ? "damped" : bins[bin] >= 1 ? "boosted" : "same", x: across(bins[bin]) + 0.5, y: up(count), width: Math.max(0.5, across(bins[bin + 1]) - across(bins[bin]) - 1), height: bottom - up(count) }));
  const one = low <= 1 && high >= 1 ? [svg("path", { class: "one", d: `M${across(1)} ${EDGE.top - 4}V${bottom}` }), text("1: unchanged", across(1), EDGE.top - 7, across(1) > width - 60 ? "end" : across(1) < 80 ? "start" : "middle", "name")] : [];
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "frontier gateplot", role: "img", "aria-label": `Gate of ${number(all)} values in ${counts.length} bars from ${number(round(low))} to ${number(round(high))}; the table below has the numbers` },
    svg("path", { class: "gridline", d: `M${EDGE.left} ${up(most)}H${width - EDGE.right}` }),
    text(number(most), EDGE.left - 6, up(most) + 4, "end"),
    text("0", EDGE.left - 6, bottom + 4, "end"),
    ...bars,
    svg("path", { class: "axis", d: `M${EDGE.left} ${bottom}H${width - EDGE.right}` }),
    ...one,
    text(number(round(low)), EDGE.left, bottom + 14, "start"),
    text(number(round(high)), width - EDGE.right, bottom + 14, "end"),
    text("gate →", width - EDGE.right, HEIGHT - 6, "end"),
  );
}

function strongest({ boosted, damped }) {
  const some = (name, list) => (list?.length ? [h("dt", {}, name), h("dd", {}, list.map(([channel, value]) => `${channel} (× ${value.toFixed(2)})`).join(", "))] : []);
  const parts = [...some("Raised most, channels", boosted), ...some("Lowered most", damped)];
  return parts.length ? h("dl.pairs", {}, ...parts) : "";
}

function twin({ bins, counts }) {
  const rows = counts.map((count, bin) => ({ low: bins[bin], high: bins[bin + 1], count }));
  const column = (key, title) => ({ key, title, num: true, sort: false, head: key === "low", cell: (row) => (known(row[key]) ? number(round(row[key])) : "–") });
  return table({ caption: "Gate by bar", columns: [column("low", "From"), column("high", "to"), column("count", "Values")], rows });
}
