// The list of pairs as a table: sorted and cut into pages by the studio, so that it holds for any number of them.

import { BASE, h } from "./core.js";
import { number } from "./format.js";
import { QUEUES } from "./pairs-queues.js";
import { VERDICTS } from "./pairs-reviews.js";
import { verdictMark } from "./reviews.js";
import { table } from "./table.js";

export function pictureUrl(run, image) {
  return `${BASE}api/v1/runs/${run}/pictures/${image.split("/").map(encodeURIComponent).join("/")}`;
}

/** `page`: {rows, total}; `reviewOf(pairId)`; `onopen(index)`, `onsort(key, descending)`. */
export function list({ page, state, run, training, reviewOf, onopen, onsort }) {
  const { rows } = page;
  const node = table({
    caption: "Pairs",
    columns: columns(run, training, reviewOf, (row) => onopen(rows.indexOf(row))),
    rows,
    sort: state.sort,
    descending: state.descending,
    onsort,
    row: (line, row) => {
      line.dataset.pair = row.pair_id;
      line.addEventListener(
        "click",
        (event) => event.target.closest("button, a") || onopen(rows.indexOf(row)),
      );
    },
  });
  return node;
}

function columns(run, training, reviewOf, onopen) {
  const figure = (key, title, hint) => ({ key, title, hint, num: true, cell: (row) => number(row[key]) });
  const words = (key, title) => ({
    key,
    title,
    sort: false,
    wide: true,
    cell: (row) => h("span.clip", { title: row[key] }, row[key]),
  });
  return [
    {
      key: "position",
      title: "Pair",
      cell: (row) =>
        h(
          "button.pairname",
          { type: "button", onclick: () => onopen(row), "aria-label": `Show pair ${row.position}` },
          row.image
            ? h("img", { src: pictureUrl(run, row.image), alt: "", loading: "lazy" })
            : h("span.noimage", {}, "no image"),
          String(row.position),
        ),
    },
    {
      key: "review",
      title: "Review",
      sort: false,
      cell: (row) => h("span", { "data-review": row.pair_id }, verdictMark(reviewOf(row.pair_id), VERDICTS)),
    },
    {
      ...figure("delta", "Hardness δ", "CLIP's evidence for the chosen answer minus that for the rejected one"),
      cell: (row) =>
        row.by_form
          ? h("span", { title: QUEUES.form.about }, number(row.delta), " ", h("small.tag", {}, "form"))
          : number(row.delta),
    },
    ...(training
      ? [
          figure(
            "gap",
            "Gap",
            "how much more the model prefers the chosen answer than its reference does, in log-probability",
          ),
          figure("beta", "β of the pair", "the beta with which the pair was last trained"),
          figure(
            "weight",
            "Gradient weight",
            "how strongly the pair pulled at the model when it was last trained",
          ),
          {
            key: "kept_share",
            title: "Kept",
            hint: "in how many of the steps that saw the pair it was kept in the loss",
            num: true,
            cell: (row) => (row.seen ? `${Math.round(row.kept_share * row.seen)} of ${row.seen}` : "–"),
          },
        ]
      : [figure("data_factor", "Data factor", "by which beta is multiplied")]),
    figure("length_gap", "Length gap", "words of the chosen answer minus words of the rejected one"),
    { key: "level", title: "Level", cell: (row) => row.level || "–" },
    words("prompt", "Prompt"),
    words("chosen", "Chosen"),
  ];
}
