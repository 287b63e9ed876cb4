"""The tables of runs and what they report. Times are UTC epoch seconds; ids are 12 URL-safe characters."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, UniqueConstraint, inspect, text
from sqlmodel import Field, SQLModel

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no 0/o, 1/l: ids are read aloud and typed

QUEUED, RUNNING, CANCELLING = "queued", "running", "cancelling"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
STATUSES = (QUEUED, RUNNING, CANCELLING, SUCCEEDED, FAILED, CANCELLED)
ACTIVE = (QUEUED, RUNNING, CANCELLING)
TERMINAL = (SUCCEEDED, FAILED, CANCELLED)


def new_id() -> str:
    """12 characters of 32: 60 bits, so a million ids collide with probability below 1e-6."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def now() -> float:
    return time.time()


def cursor_column() -> Any:
    """A key that only grows, also after rows were deleted: readers use it as their cursor."""
    return Column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )


GROWING = {"sqlite_autoincrement": True}


class Sweep(SQLModel, table=True):
    """Many runs launched as one. What its cells are is written in the runs: `sweep_cell`.

    Attributes:
        config: the settings that all runs share, as they were given.
        axes: the values of each setting that varies.
        left_out: combinations that the method refused: [{"reason", "count"}].
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    title: str = ""
    method: str
    config: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    axes: dict[str, list[Any]] = Field(sa_column=Column(JSON, nullable=False))
    seeds: list[int] = Field(sa_column=Column(JSON, nullable=False))
    left_out: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    created_at: float = Field(default_factory=now, index=True)


class Run(SQLModel, table=True):
    id: str = Field(default_factory=new_id, primary_key=True)
    method: str = Field(index=True)
    family: str = Field(index=True)
    title: str = ""
    config: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    params_hash: str = Field(index=True)
    seed: int = Field(sa_type=BigInteger)
    code_version: str
    env: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    status: str = QUEUED
    priority: int = 0
    queue: str
    done: float = 0.0
    total: float = 0.0
    done_before: float = 0.0
    message: str = ""
    attempt: int = 0
    max_attempts: int = 3
    memory_mb: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    parent_id: str | None = Field(
        default=None, foreign_key="run.id", ondelete="SET NULL", index=True
    )
    sweep_id: str | None = Field(default=None, index=True)
    sweep_cell: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    worker_id: str | None = None
    lease_until: float | None = Field(default=None, index=True)
    cancel_requested_at: float | None = None
    cancel_deadline: float | None = None
    created_at: float = Field(default_factory=now)
    published_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    error_type: str = ""
    error: str = ""
    traceback: str = ""
    metrics: dict[str, float] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    summary: str = ""
    pinned: bool = False
    archived: bool = False
    archived_at: float | None = None
    # Nothing writes it any more: the keys of all requests are kept in `storage.repeats`. SQLite can only drop a unique
    # column by making the table anew, which deletes what refers to runs.
    idempotency_key: str | None = Field(default=None, unique=True)
    owner: str = Field(default="", sa_column_kwargs={"server_default": text("''")})

    __table_args__ = (
        # A page of runs, newest first, and their number: all that is filtered by, again so that no row is read for it.
        Index(
            "ix_run_listed",
            "archived",
            "created_at",
            "id",
            "sweep_id",
            "status",
            "family",
            "method",
        ),
        Index("ix_run_created", "created_at", "id"),
    )


RUN = inspect(Run).local_table.columns
Index(
    # In the order in which the runs of a queue start, so that the first one is found and not sorted for; it holds all
    # that is asked of a waiting run, so that a long queue is looked through without its rows.
    "ix_run_start",
    RUN["status"],
    RUN["queue"],
    RUN["priority"].desc(),
    RUN["created_at"],
    RUN["id"],
    RUN["memory_mb"],
)


class Attempt(SQLModel, table=True):
    """One worker's try at a run, and how it ended."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    n: int
    worker_id: str
    started_at: float = Field(default_factory=now)
    ended_at: float | None = None
    outcome: str = ""

    __table_args__ = (UniqueConstraint("run_id", "n"),)


class Metric(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    name: str
    step: int
    value: float
    at: float = Field(default_factory=now)

    __table_args__ = (
        Index("ix_metric_cursor", "run_id", "id"),
        Index("ix_metric_series", "run_id", "name", "step"),
        GROWING,
    )


class Event(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    level: str
    message: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: float = Field(default_factory=now)

    __table_args__ = (Index("ix_event_cursor", "run_id", "id"), GROWING)


class Record(SQLModel, table=True):
    """A row that a method reported: one image, pair, node or request."""

    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    kind: str
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    __table_args__ = (Index("ix_record_kind", "run_id", "kind", "id"), GROWING)


class Blob(SQLModel, table=True):
    """A file in the artefact store, named by its content.

    Attributes:
        lost_at: when it was found to be missing or damaged; null while nothing is known against it.
    """

    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    mime: str
    created_at: float = Field(default_factory=now)
    lost_at: float | None = None


class Artefact(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    sha256: str = Field(foreign_key="blob.sha256", index=True)
    role: str
    name: str
    meta: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: float = Field(default_factory=now)

    __table_args__ = (UniqueConstraint("run_id", "name"), GROWING)


class Checkpoint(SQLModel, table=True):
    """The state a lost run goes on from.

    Attributes:
        marks: the last id of the run that each table of reports had by then, by the table's name.
    """

    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE", primary_key=True)
    attempt: int
    sha256: str = Field(foreign_key="blob.sha256")
    marks: dict[str, int] = Field(sa_column=Column(JSON, nullable=False))
    created_at: float = Field(default_factory=now)


class Worker(SQLModel, table=True):
    """A worker as its heartbeats show it.

    Attributes:
        artefacts: where it keeps files; workers that name the same place share them.
        asked: "stop" or "restart" once its run has ended; "" while it is wanted.
    """

    id: str = Field(primary_key=True)
    host: str
    pid: int
    device: str
    device_name: str = ""
    memory_total_mb: float = 0.0
    memory_free_mb: float = 0.0
    queues: list[str] = Field(sa_column=Column(JSON, nullable=False))
    current_run: str | None = None
    artefacts: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    asked: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    version: str = ""
    started_at: float = Field(default_factory=now)
    heartbeat_at: float = Field(default_factory=now, index=True)
