// The flagged nodes as a whole: which features set them apart, which of them hang together; and what the run has to say.

import { h } from "./core.js";
import { number } from "./format.js";
import { table } from "./table.js";

const NAMED = 6; // names of a cluster that are written out
const LISTED = 60; // members of a cluster that the table can be narrowed to
const DRIVERS = 8;

/** What the run noted, as banners: warnings first; nothing where there is nothing. */
export function banners(notes) {
  const order = ["error", "warning", "info"];
  const sorted = [...notes].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  const grave = sorted.filter(({ level }) => level !== "info");
  const rest = sorted.filter(({ level }) => level === "info");
  return [
    ...grave.map(({ text }) => h("div.notice.nodenote", { role: "note" }, h("strong", {}, "Mind "), text)),
    rest.length
      ? h("details.nodenotes", {}, h("summary", {}, `${number(rest.length)} more about this run and its graph`), h("ul", {}, ...rest.map(({ text }) => h("li", {}, text))))
      : "",
  ].filter(Boolean);
}

/** `set(change)` narrows the table. Gives {node, show(view)}. */
export function overview(view, set) {
  const [driving, clustered] = [h("section.card", { "aria-label": "What sets them apart" }), h("section.card", { "aria-label": "Clusters" })];
  const show = (now) => {
    driving.replaceChildren(...drivers(now));
    driving.hidden = !now.features.length;
    clustered.replaceChildren(...clusters(now, set));
  };
  show(view);
  return { node: h("div.columns", {}, driving, clustered), show };
}

function drivers({ drivers: found, top, measure, has_reasons: explained }) {
  const heading = h("h2", {}, "What sets the flagged apart");
  if (!found.length) return [heading, h("p.muted.fine", {}, "Nothing tells the flagged nodes from the others.")];
  const shown = found.slice(0, DRIVERS);
  const about = explained
    ? `Where the ${measure} of the ${number(top)} flagged nodes lies, on average; beside it their median, and that of all nodes.`
    : `The features in which the median of the ${number(top)} flagged nodes is farthest from that of all.`;
  const figure = (key, title) => ({ key, title, num: true, sort: false, cell: (row) => (row[key] === null ? "" : number(Number(row[key].toPrecision(4)))) });
  const columns = [
    { key: "name", title: "What", sort: false, wide: true, cell: ({ name, unit }) => h("span", {}, name, unit ? h("small.muted", {}, ` ${unit}`) : "") },
    ...(explained ? [{ key: "share", title: `Share of the ${measure}`, sort: false, cell: ({ share }) => bar(share, shown[0].share) }] : []),
    figure("flagged_median", "Flagged"),
    figure("median", "All"),
  ];
  return [heading, h("p.muted.fine", {}, about), table({ caption: "What sets the flagged apart", columns, rows: shown })];
}

function bar(share, most) {
  const fill = h("i");
  fill.style.width = `${most > 0 ? (100 * share) / most : 0}%`;
  return h("span.mini", {}, h("span.bar", { "aria-hidden": "true" }, fill), h("small", {}, `${Math.round(100 * share)} %`));
}

function clusters({ clusters: found, alone, top }, set) {
  const heading = h("h2", {}, "Flagged nodes that hang together");
  if (!found.length) return [heading, h("p.muted.fine", {}, `None of the ${number(top)} flagged nodes is linked to another of them.`)];
  const words = `${number(top - alone)} of the ${number(top)} flagged nodes are linked to others of them; the largest clusters first.`;
  return [heading, h("p.muted.fine", {}, words), h("ul.clusters", {}, ...found.map((each) => cluster(each, set)))];
}

function cluster({ size, positions, names }, set) {
  const named = names.slice(0, NAMED).join(", ");
  const listed = positions.slice(0, LISTED);
  const more = size > NAMED ? ` and ${number(size - NAMED)} more` : "";
  const whole = listed.length === size ? "" : `, the first ${number(listed.length)} of them`;
  const list = () => set({ only: listed.join(","), show: "" });
  return h(
    "li",
    {},
    h("b", {}, number(size)),
    h("span", {}, `${named}${more}`),
    h("button.button", { type: "button", "aria-label": `List the cluster of ${named}${whole}`, onclick: list }, "List"),
  );
}
