// The parts of the system page: the queue and its order, the workers, the disk.

import { api, h, toast } from "./core.js";
import { confirm } from "./dialog.js";
import { ago, badge, bytes, duration, number, runLink, runTitle } from "./format.js";
import { table } from "./table.js";

/** The queue of one device of one machine, `gpu0-node7`: every worker has one, and few are ever used. */
const OF_ONE_HOST = /^(cpu|gpu\d+)-/;

/** `button(key, label, work, kind, more)` makes a button that does one write and shows the queue as it is then. */
export function queues({ queue, workers }, button) {
  const waitingInAll = Object.values(queue.waiting_in).reduce((sum, count) => sum + count, 0);
  const names = [
    ...new Set([
      "gpu",
      "cpu",
      ...queue.paused,
      ...workers.flatMap((worker) => worker.queues),
      ...Object.keys(queue.waiting_in),
    ]),
  ];
  const used = names.filter(
    (name) =>
      queue.paused.includes(name) ||
      name in queue.waiting_in ||
      workers.some((worker) => worker.alive && worker.queues.includes(name) && !OF_ONE_HOST.test(name)),
  );
  const post = (path, body) => () => api(path, { method: "POST", body });
  const switches = used.map((name) => {
    const paused = queue.paused.includes(name);
    return h(
      "span.switch",
      {},
      h("b", {}, name),
      h("span.muted", {}, paused ? "paused" : "open"),
      button(
        `queue-${name}`,
        paused ? "Resume" : "Pause",
        post(`queue/${name}/${paused ? "resume" : "pause"}`),
      ),
    );
  });
  const cancel = (run) => button(`cancel-${run.id}`, "Cancel", post(`runs/${run.id}/cancel`, {}), ".danger");
  const move = (run, where, sign) =>
    button(`${where}-${run.id}`, sign, post(`runs/${run.id}/move`, { where }), ".quiet", {
      "aria-label": `Move ${runTitle(run)} ${where}`,
      title: where,
      "data-needs": "editor",
    });
  const running = queue.running.length
    ? table({
        caption: "Running",
        rows: queue.running,
        columns: [
          {
            key: "run",
            title: "Running",
            sort: false,
            cell: (run) => h("span.runname", {}, runLink(run), h("small.muted", {}, run.message)),
          },
          { key: "state", title: "State", sort: false, cell: (run) => badge(run.status) },
          {
            key: "progress",
            title: "Progress",
            sort: false,
            cell: (run) =>
              h(
                "span.mini",
                {},
                h("span.bar", {}, bar(run.fraction)),
                ` ${Math.round(run.fraction * 100)} %`,
              ),
          },
          { key: "worker", title: "Worker", sort: false, cell: (run) => run.worker_id ?? "–" },
          {
            key: "time",
            title: "For",
            sort: false,
            num: true,
            cell: (run) => duration(Date.now() / 1000 - run.started_at),
          },
          {
            key: "act",
            title: "",
            sort: false,
            cell: (run) =>
              h(
                "span.acts",
                {},
                cancel(run),
                queue.running.length + waitingInAll > 1
                  ? button(`only-${run.id}`, "Cancel all others", post("runs/cancel", { except_run: run.id }), "", { "data-needs": "admin" })
                  : "",
              ),
          },
        ],
      })
    : h("p.muted", {}, "Nothing runs.");
  const waiting = queue.waiting.length
    ? table({
        caption: "Waiting, in the order they will start",
        rows: queue.waiting.map((run, place) => ({ ...run, place })),
        columns: [
          { key: "place", title: "#", sort: false, head: false, cell: (run) => String(run.place + 1) },
          {
            key: "run",
            title: "Waiting",
            sort: false,
            cell: (run) => h("span.runname", {}, runLink(run), h("small.muted", {}, run.method)),
          },
          { key: "queue", title: "Queue", sort: false, cell: (run) => run.queue },
          { key: "since", title: "Since", sort: false, cell: (run) => ago(run.created_at) },
          {
            key: "act",
            title: "",
            sort: false,
            cell: (run) =>
              h(
                "span.acts",
                {},
                move(run, "first", "⤒"),
                move(run, "up", "↑"),
                move(run, "down", "↓"),
                move(run, "last", "⤓"),
                cancel(run),
              ),
          },
        ],
      })
    : h("p.muted", {}, "Nothing waits.");
  const later = waitingInAll - queue.waiting.length;
  const more = later > 0 ? h("p.muted", {}, `… and ${later} more`) : "";
  const all =
    queue.running.length + waitingInAll
      ? button(
          "all",
          "Cancel everything",
          async () => {
            if (await confirm("Cancel everything?", "All runs that wait or run will end.", "Cancel them")) {
              const { cancelled } = await api("runs/cancel", { method: "POST", body: {} });
              toast(`${cancelled} asked to stop.`);
            }
          },
          ".danger",
        )
      : "";
  return h("section.card", {}, h("div.row", {}, h("h2", {}, "Queue"), ...switches, all), running, waiting, more);
}

function workerState(item) {
  if (!item.alive) return h("span.badge.failed", {}, "lost");
  const state = h("span.badge.succeeded", {}, item.current_run ? "working" : "ready");
  if (!item.asked) return state;
  return h("span.runname", {}, state, h("small.muted", {}, LEAVES[item.asked]));
}

const LEAVES = { restart: "restarts after its run", stop: "stops after its run" };

export function crew(workers, button) {
  const ask = (item, what, label) =>
    button(`${what}-${item.id}`, label, () =>
      api(`workers/${encodeURIComponent(item.id)}/ask`, { method: "POST", body: { what } }),
    );
  if (!workers.length)
    return h(
      "section.card",
      {},
      h("h2", {}, "Workers"),
      h(
        "div.notice.bad",
        {},
        h("strong", {}, "No worker"),
        h(
          "p",
          {},
          "Runs wait until one starts: ",
          h("code", {}, "vitrine up"),
          " starts them on this machine, ",
          h("code", {}, "vitrine worker"),
          " on another.",
        ),
      ),
    );
  const columns = [
    {
      key: "id",
      title: "Worker",
      value: (item) => item.id,
      cell: (item) =>
        h(
          "span.runname",
          {},
          item.id,
          h("small.muted", {}, `${item.host} · process ${item.pid} · ${item.version}`),
        ),
    },
    {
      key: "state",
      title: "State",
      value: (item) => String(item.alive),
      cell: workerState,
    },
    {
      key: "device",
      title: "Device",
      value: (item) => item.device,
      cell: (item) => `${item.device_name || item.device}`,
    },
    {
      key: "memory",
      title: "Memory free",
      num: true,
      value: (item) => item.memory_free_mb,
      cell: (item) =>
        item.memory_total_mb
          ? `${number(Math.round(item.memory_free_mb))} of ${number(Math.round(item.memory_total_mb))} MB`
          : "–",
    },
    { key: "queues", title: "Queues", sort: false, cell: (item) => item.queues.join(", ") },
    {
      key: "beat",
      title: "Last sign",
      value: (item) => item.heartbeat_at,
      cell: (item) => ago(item.heartbeat_at),
    },
    {
      key: "ask",
      title: "",
      sort: false,
      cell: (item) => {
        if (!item.alive) return "";
        return item.asked ? ask(item, "stay", "Keep") : ask(item, "restart", "Restart after its run");
      },
    },
  ];
  return h(
    "section.card",
    {},
    h("h2", {}, "Workers"),
    table({ caption: "Workers", columns, rows: workers, sort: "id" }),
  );
}

function bar(fraction) {
  const inner = h("i");
  inner.style.width = `${Math.round(fraction * 100)}%`;
  return inner;
}

export function disk(state) {
  const used = state.total_bytes - state.free_bytes;
  return h(
    "section.card",
    {},
    h("h2", {}, "Disk"),
    h(
      "div.bar",
      {
        role: "meter",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": Math.round((100 * used) / state.total_bytes),
        "aria-label": "Disk used",
      },
      bar(used / state.total_bytes),
    ),
    h(
      "p.facts",
      {},
      h("span", {}, h("b", {}, bytes(state.free_bytes)), ` free of ${bytes(state.total_bytes)}`),
      h("span", {}, h("b", {}, bytes(state.artefact_bytes)), " artefacts"),
      h("span", {}, h("b", {}, bytes(state.database_bytes)), " database"),
    ),
    h("p.muted", {}, state.data_dir),
  );
}
