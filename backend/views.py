"""What leaves the backend: plain frozen data, never rows or sessions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunView:
    """A run as pages and scripts see it. Times are UTC epoch seconds."""

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

    @property
    def finished(self) -> bool:
        return self.status in ("succeeded", "failed", "cancelled")

    @property
    def fraction(self) -> float:
        """Share of the work done, 0 to 1."""
        if self.status == "succeeded":
            return 1.0
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


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
    """A file of a run; its bytes are served at `url`."""

    name: str
    role: str
    sha256: str
    size: int
    mime: str
    meta: dict[str, Any]
    url: str
    created_at: float


@dataclass(frozen=True)
class RecordPage:
    rows: list[dict[str, Any]]
    total: int


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
    """The runs that are running, and those that wait, in the order they will start."""

    running: list[RunView]
    waiting: list[RunView]
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
    id: str
    title: str
    run_ids: list[str]
    created_at: float


@dataclass(frozen=True)
class ShareView:
    """A link; `url` is a path below the studio's address."""

    id: str
    kind: str
    target_id: str
    url: str
    expires_at: float
    revoked_at: float | None
    hits: int
    created_at: float


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
    """One setting of several runs, in their order; None where a run's method has no such setting."""

    name: str
    title: str
    values: list[Any]


@dataclass(frozen=True)
class MetricRow:
    name: str
    values: list[float | None]


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
