"""What leaves the backend: plain frozen data, never rows or sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

SettingState = Literal["chosen", "default", "unused", "absent"]


@dataclass(frozen=True)
class RunView:
    """A run as pages and scripts see it. Times are UTC epoch seconds.

    Attributes:
        finished: it has ended, in whatever way.
        fraction: share of the work done, 0 to 1.
        url: a path below the studio's address; the same for as long as there is the run.
    """

    id: str
    method: str
    family: str
    title: str
    config: dict[str, Any]
    seed: int
    status: str
    priority: int
    queue: str
    done: float
    total: float
    message: str
    attempt: int
    max_attempts: int
    parent_id: str | None
    sweep_id: str | None
    sweep_cell: dict[str, Any] | None
    worker_id: str | None
    cancel_requested_at: float | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    error_type: str
    error: str
    traceback: str
    metrics: dict[str, float]
    summary: str
    pinned: bool
    archived: bool
    code_version: str
    env: dict[str, Any]
    owner: str
    finished: bool
    fraction: float
    url: str


@dataclass(frozen=True)
class RunState:
    """What somebody who waits for a run must know of it."""

    id: str
    title: str
    status: str
    finished: bool
    finished_at: float | None


@dataclass(frozen=True)
class RunPage:
    """One page of runs; `cursor` asks for the next one and is None at the end."""

    runs: list[RunView]
    cursor: str | None
    total: int


@dataclass(frozen=True)
class EventView:
    id: int
    attempt: int
    level: str
    message: str
    data: dict[str, Any]
    at: float


@dataclass(frozen=True)
class ArtefactView:
    """A file of a run; its bytes are served at `url`, unless it is known to be lost."""

    id: int
    name: str
    role: str
    sha256: str
    size: int
    mime: str
    meta: dict[str, Any]
    url: str
    created_at: float
    lost: bool = False


@dataclass(frozen=True)
class RecordPage:
    """One page of rows.

    Attributes:
        total: how many match what was asked for.
        cursor: asks for the next page; None at the end.
    """

    rows: list[dict[str, Any]]
    total: int
    cursor: str | None


@dataclass(frozen=True)
class LiveView:
    """What changed since a cursor, and where the run is now.

    Attributes:
        cursor: pass it as `after` next time.
        restarted: the attempt changed since the cursor: forget the points seen so far, `series` has them all.
        speed: units of work a second over the whole attempt, or None.
        seconds_left: estimate, or None while it cannot be said.
        queue_position: 0 = next; None unless queued.
        waiting_for: why a queued run is not starting (paused queue, no worker), or "".
        series: new points by curve, [[step, value], ...].
    """

    id: str
    status: str
    finished: bool
    done: float
    total: float
    fraction: float
    message: str
    attempt: int
    cursor: str
    restarted: bool
    elapsed: float
    speed: float | None
    seconds_left: float | None
    queue_position: int | None
    waiting_for: str
    series: dict[str, list[tuple[int, float]]]
    events: list[EventView]
    preview_url: str | None
    error: str
    error_type: str


@dataclass(frozen=True)
class WorkerView:
    id: str
    host: str
    pid: int
    device: str
    device_name: str
    memory_total_mb: float
    memory_free_mb: float
    queues: list[str]
    current_run: str | None
    artefacts: str
    asked: str
    version: str
    started_at: float
    heartbeat_at: float
    alive: bool


@dataclass(frozen=True)
class QueueView:
    """The runs that are running, and the first of those that wait, in the order they will start.

    Attributes:
        waiting_in: how many wait in each queue that has any.
    """

    running: list[RunView]
    waiting: list[RunView]
    waiting_in: dict[str, int]
    paused: list[str]


@dataclass(frozen=True)
class QueueCounts:
    running: int
    waiting: int
    paused: list[str]


@dataclass(frozen=True)
class DiskView:
    data_dir: str
    free_bytes: int
    total_bytes: int
    artefact_bytes: int
    database_bytes: int


@dataclass(frozen=True)
class ComparisonView:
    """Runs that somebody keeps side by side.

    Attributes:
        run_ids: in the order in which they are shown.
        baseline: the run that the others are measured against; "" is the first.
        notes: plain text.
        owner: who made it; "" before there were accounts.
        url: a path below the studio's address.
        statuses: how many of its runs are in each state; empty where nobody asked.
    """

    id: str
    title: str
    run_ids: list[str]
    created_at: float
    updated_at: float
    notes: str
    baseline: str
    pinned: bool
    owner: str
    url: str
    statuses: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparisonPage:
    """One page of comparisons; `cursor` asks for the next one and is None at the end."""

    items: list[ComparisonView]
    cursor: str | None
    total: int


@dataclass(frozen=True)
class DatasetView:
    id: str
    kind: str
    name: str
    sha256: str
    size: int
    meta: dict[str, Any]
    created_at: float


@dataclass(frozen=True)
class WebhookView:
    """A host that is told when runs end, and how many ends it was not told yet."""

    host: str
    waiting: int


@dataclass(frozen=True)
class Check:
    """One line of `vitrine doctor`: what was looked at, what was found, and what to do if it is not well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


@dataclass(frozen=True)
class AttemptView:
    n: int
    worker_id: str
    started_at: float
    ended_at: float | None
    outcome: str


@dataclass(frozen=True)
class BlobFile:
    """A stored file: where it lies, and what to say of it to a browser."""

    sha256: str
    path: Path
    mime: str
    size: int


@dataclass(frozen=True)
class SettingRow:
    """One setting of several runs, in their order; None where a run does not use it.

    Attributes:
        states: of each run: "chosen", "default" (the value is the method's default), "unused" (its other settings make it
            meaningless) or "absent" (its method has no such setting).
    """

    name: str
    title: str
    values: list[Any]
    states: list[SettingState] = field(default_factory=list)


@dataclass(frozen=True)
class MetricRow:
    """One metric of several runs, in their order; None where a run has none.

    Attributes:
        low, high: ends of the interval that the run itself reports.
        better: 1 where more is better, -1 where less is, 0 where neither is or nobody knows.
    """

    name: str
    values: list[float | None]
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    better: int = 0


@dataclass(frozen=True)
class CompareView:
    """Runs side by side: the settings in which they differ, those they share, and their metrics."""

    runs: list[RunView]
    differing: list[SettingRow]
    common: list[SettingRow]
    metrics: list[MetricRow]
    remark: str


@dataclass(frozen=True)
class TourStop:
    """The runs by which the welcome tour shows one method; those that were deleted since are left out.

    Attributes:
        comparison_id: where they lie side by side; None for a single run.
    """

    method: str
    title: str
    text: str
    comparison_id: str | None
    runs: list[RunView]


@dataclass(frozen=True)
class TourView:
    stops: list[TourStop]
