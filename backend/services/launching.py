"""Putting runs on the road: checked, written as queued, committed; then, and only then, a worker is woken."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kombu.exceptions import OperationalError
from sqlmodel import Session

from backend.celery_app import wake
from backend.services.acting import need
from backend.services.catalogue import get_method, validate
from backend.services.convert import comparison_view, run_view
from backend.services.room import check_room
from backend.settings import settings
from backend.views import ComparisonView, RunView
from methods.base import MethodError
from storage import db
from storage.kept import Comparison
from storage.models import Run

log = logging.getLogger(__name__)
MAX_SEED = 2**53 - 1
"""The largest whole number that JSON readers in browsers show as it is."""
MAX_LAUNCH = 64
QUEUE = re.compile(r"[a-z0-9-]{0,32}\Z")


@dataclass(frozen=True)
class Launch:
    """One run to be: its method, settings, seed and title."""

    method: str
    values: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    title: str = ""
    parent_id: str | None = None
    sweep_id: str | None = None
    sweep_cell: dict[str, Any] | None = None


def submit(
    method: str,
    values: Mapping[str, Any],
    *,
    seed: int = 0,
    title: str = "",
    priority: int = 0,
    queue: str = "",
    parent_id: str | None = None,
    sweep_id: str | None = None,
    sweep_cell: dict[str, Any] | None = None,
) -> RunView:
    """Queue one run.

    Args:
        queue: "cpu", or "gpu0" and so on, to pin the run to a device; empty leaves it to the method.
        sweep_id, sweep_cell: the place in a sweep that this run takes.

    Raises:
        MethodError: the settings do not hold; nothing was written.
        Full: there is no room for what it would make.
    """
    launch = Launch(method, values, seed, title, parent_id, sweep_id, sweep_cell)
    row = new_row(launch, priority, queue)
    check_room()
    with db.writing(settings().database_url) as session:
        _check_parent(session, row)
        session.add(row)
    publish([row])
    return run_view(row)


def submit_many(
    launches: Sequence[Launch], *, title: str = "", priority: int = 0, queue: str = ""
) -> tuple[ComparisonView, list[RunView]]:
    """Queue several runs to be compared, all or none.

    Raises:
        MethodError: the settings of one do not hold, with its title; nothing was written.
        Full: there is no room for what they would make.
    """
    rows = checked(launches, priority, queue)
    check_room()
    comparison = Comparison(
        title=title, run_ids=[row.id for row in rows], owner=need("editor").name
    )
    with db.writing(settings().database_url) as session:
        for row in rows:
            _check_parent(session, row)
        session.add_all([*rows, comparison])
    publish(rows)
    return comparison_view(comparison), [run_view(row) for row in rows]


def checked(launches: Sequence[Launch], priority: int = 0, queue: str = "") -> list[Run]:
    """Rows for runs that will start in this order, not written yet.

    Raises:
        MethodError: the settings of one do not hold, with its title.
    """
    if not 1 <= len(launches) <= MAX_LAUNCH:
        raise MethodError(f"a launch has 1 to {MAX_LAUNCH} runs, got {len(launches)}")
    rows = [new_row(launch, priority, queue) for launch in launches]
    for place, row in enumerate(
        rows
    ):  # one by one, so that runs start in the order they were given
        row.created_at += place * 1e-4
    return rows


def check_seed(seed: int) -> None:
    """Refuse a seed that a browser could not show as it is."""
    if not 0 <= seed <= MAX_SEED:
        raise MethodError(f"seed: a whole number from 0 to 2^53 - 1 is allowed, got {seed}")


def new_row(launch: Launch, priority: int, queue: str) -> Run:
    """The row of a run to be, its settings checked; nothing is written.

    Raises:
        MethodError: the settings, the seed or the queue do not hold.
        Forbidden: who asks may not launch anything.
    """
    method = get_method(launch.method)
    check_seed(launch.seed)
    if not QUEUE.match(queue):  # it becomes part of a file's name in the embedded broker
        raise MethodError(f"queue: a name such as cpu, gpu or gpu0 is allowed, got {queue!r}")
    try:
        valid = validate(launch.method, launch.values)
    except MethodError as error:
        raise MethodError(f"{launch.title}: {error}" if launch.title else str(error)) from None
    config = valid.model_dump(mode="json")
    return Run(
        method=method.name,
        family=method.family,
        title=launch.title or method.title,
        config=config,
        params_hash=params_hash(method.name, config, launch.seed),
        seed=launch.seed,
        parent_id=launch.parent_id,
        sweep_id=launch.sweep_id,
        sweep_cell=launch.sweep_cell,
        code_version=code_version(),
        priority=priority,
        queue=queue or method.queue,
        max_attempts=settings().max_attempts,
        memory_mb=method.estimate(valid).memory_mb,
        owner=need("editor").name,
    )


def _check_parent(session: Session, row: Run) -> None:
    if row.parent_id is not None and session.get(Run, row.parent_id) is None:
        raise MethodError(f"parent: there is no run {row.parent_id!r}")


def params_hash(method: str, config: Mapping[str, Any], seed: int) -> str:
    """Equal for runs that must give the same figures: method, settings, seed and code are the same."""
    content = json.dumps([method, config, seed, code_version()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


@cache
def code_version() -> str:
    """The package's version, with the commit (and "+" if files were changed since) where it runs from a checkout."""
    house = Path(__file__).resolve().parents[2]
    if not (house / ".git").exists():
        return version("vitrine")
    command = ["git", "-C", str(house), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        described = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (
        OSError,
        subprocess.SubprocessError,
    ):  # no git, or not our checkout: the version has to do
        return version("vitrine")
    return f"{version('vitrine')} ({described.stdout.strip()})"


def publish(rows: Sequence[Run]) -> None:
    """Wake a worker for each of these queued runs; those it fails for are found by the reaper."""
    try:
        for row in rows:
            wake(row.queue)
    except (OperationalError, OSError) as error:
        log.warning("the broker cannot be reached, the reaper will try again: %s", error)
