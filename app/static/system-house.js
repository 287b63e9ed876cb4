// Housekeeping on the system page: what takes the room, what is deleted by age and when, curves, lost files, backups.

import { action, api, h, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { ago, bytes, date } from "./format.js";
import { table } from "./table.js";

/** `told` is what `house` answers; `changed` shows it anew. */
export function house(told, changed) {
  return [usage(told), keeping(told, changed)];
}

function usage({ room, usage }) {
  const whole = room.quota_bytes || usage.total_bytes;
  const share = Math.min(1, usage.total_bytes / whole);
  const columns = [
    { key: "name", title: "What", sort: false, cell: (part) => part.name },
    {
      key: "share",
      title: "Share",
      sort: false,
      cell: (part) => h("span.mini", {}, meter(part.bytes / Math.max(1, usage.total_bytes), "")),
    },
    { key: "bytes", title: "Room", sort: false, num: true, cell: (part) => bytes(part.bytes) },
  ];
  const said = room.quota_bytes
    ? `${bytes(usage.total_bytes)} of the quota of ${bytes(room.quota_bytes)}, ${Math.round(100 * share)} %`
    : `${bytes(usage.total_bytes)}; no quota is set (VITRINE_QUOTA_GB)`;
  return h(
    "section.card.house",
    {},
    h("h2", {}, "What takes the room"),
    room.quota_bytes ? meter(share, "Quota used", room.state) : "",
    h("p.facts", {}, said),
    usage.counted.length
      ? table({ caption: "What takes the room", columns, rows: usage.counted })
      : h("p.muted", {}, "Nothing yet."),
    usage.beside.length
      ? h(
          "p.muted",
          {},
          `Beside it: ${usage.beside.map((part) => `${part.name} ${bytes(part.bytes)}`).join(", ")}.`,
        )
      : "",
  );
}

function meter(share, label, state = "ok") {
  const inner = h("i");
  inner.style.width = `${Math.round(100 * share)}%`;
  const named = label
    ? {
        role: "meter",
        "aria-label": label,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": Math.round(100 * share),
      }
    : { "aria-hidden": "true" };
  return h(`span.bar.room-${state}`, named, inner);
}

function keeping(told, changed) {
  const clean = h(
    "button.button",
    {
      type: "button",
      "data-needs": "admin",
      onclick: action(async () => {
        const due = told.retention.going.filter((day) => day.days === 0);
        const runs = due.reduce((sum, day) => sum + day.runs, 0);
        const text = runs
          ? `${count(runs, "run")} that are old by the settings, and files that nothing refers to, are deleted now. This cannot be undone.`
          : "Files that nothing refers to for an hour are deleted now; runs that are old by the settings go as well.";
        if (!(await confirm("Clean up now?", text, "Clean up"))) return;
        const done = await api("house/clean", { method: "POST" });
        toast(said(done));
        document.dispatchEvent(new Event("vitrine:room"));
        await changed();
      }),
    },
    "Clean up now",
  );
  return h(
    "section.card.house",
    {},
    h("div.row", {}, h("h2", {}, "Keeping house"), clean),
    ...retention(told.retention),
    told.lost_files
      ? h(
          "div.notice.bad",
          {},
          h("strong", {}, `${count(told.lost_files, "file")} lost`),
          h("p", {}, "Pages say where. ", h("code", {}, "vitrine doctor --deep"), " names them; a backup may still have them."),
        )
      : "",
    h(
      "ul.checks",
      {},
      h("li", {}, h("b", {}, "Curves: "), curves(told)),
      h("li", {}, h("b", {}, "Last backup: "), backup(told.last_backup)),
    ),
  );
}

function said({ runs, files, bytes: size, folded }) {
  if (!runs && !files && !folded) return "There was nothing to clean up.";
  const packed = folded ? ` The curves of ${count(folded, "run")} are packed.` : "";
  return `${count(runs, "run")} and ${count(files, "file")} deleted, ${bytes(size)}.${packed}`;
}

function count(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

function retention({ retention_days, archived_days, going, staying }) {
  const rules = [
    retention_days ? `Runs are deleted ${count(retention_days, "day")} after they ended` : "",
    archived_days ? `archived runs ${count(archived_days, "day")} after they were archived` : "",
  ].filter(Boolean);
  if (!rules.length)
    return [
      h(
        "p.muted",
        {},
        "Runs are kept until somebody deletes them (VITRINE_RETENTION_DAYS and VITRINE_ARCHIVED_DAYS are 0).",
      ),
    ];
  const said = rules.join("; ");
  const columns = [
    { key: "when", title: "When", sort: false, cell: (day) => (day.days ? `in ${count(day.days, "day")}` : "within a day") },
    {
      key: "runs",
      title: "What",
      sort: false,
      cell: (day) =>
        h("span.runname", {}, count(day.runs, "run"), h("small.muted", {}, named(day))),
    },
    { key: "bytes", title: "Gives room", sort: false, num: true, cell: (day) => bytes(day.bytes) },
  ];
  const reasons = Object.entries(staying).map(([reason, runs]) => `${count(runs, "run")} ${reason}`);
  return [
    h("p", {}, `${said[0].toUpperCase()}${said.slice(1)}. Pinned runs stay, and so does what something else needs.`),
    going.length
      ? table({ caption: "What goes within 30 days", columns, rows: going })
      : h("p.muted", {}, "Nothing goes within 30 days."),
    reasons.length ? h("p.muted", {}, `Old enough, but staying: ${reasons.join("; ")}.`) : "",
  ];
}

function named(day) {
  const more = day.runs - day.titles.length;
  return day.titles.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function curves({ fold_days, folded_runs }) {
  const packed = folded_runs ? `; those of ${count(folded_runs, "run")} are` : "";
  return fold_days
    ? `packed into one file a run ${count(fold_days, "day")} after it ended${packed}`
    : `kept in the database (VITRINE_FOLD_DAYS packs those of old runs)${packed}`;
}

function backup(last) {
  if (!last) return h("span", {}, "none yet. ", h("code", {}, "vitrine backup FOLDER"), " makes one while the studio runs.");
  return h(
    "span",
    { title: date(last.at) },
    ago(last.at),
    `, ${count(last.files, "file")} and the database, ${bytes(last.bytes)}: ${last.place}`,
  );
}
