"""The life of a run. Nothing else changes a status, and every change is one UPDATE that names the status it expects.

queued -> running -> succeeded | failed | cancelled
          running -> queued        its worker was lost; the next attempt goes on from the last checkpoint
          running -> cancelling    asked to stop; the method stops at its next progress
queued -> cancelled
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import case, delete, func, select, update
from sqlmodel import Session, col

from storage import outbox, records, runs, waiting
from storage.models import (
    CANCELLED,
    CANCELLING,
    FAILED,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    Attempt,
    Checkpoint,
    Event,
    Run,
    Worker,
    now,
)

Outcome = Literal["succeeded", "failed", "cancelled"]
HELD = (RUNNING, CANCELLING)
AT_ONCE = 1000
"""Runs that one statement names: databases take only so many."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to a run: every write it makes names all three, so a worker that lost its run writes nothing."""

    run_id: str
    worker_id: str
    attempt: int


def claim(
    session: Session,
    worker_id: str,
    queues: Sequence[str],
    lease_s: float,
    env: Mapping[str, Any],
    room_mb: float = math.inf,
) -> Claim | None:
    """Take the best queued run of these queues: highest priority, then oldest. None if there is none.

    Args:
        room_mb: memory of the worker's device, in MB: runs that need more are left to others.
    """
    open_queues = sorted(set(queues) - set(runs.paused_queues(session)))
    at = now()
    values = {
        "status": RUNNING,
        "worker_id": worker_id,
        "attempt": Run.attempt + 1,
        "lease_until": at + lease_s,
        "started_at": at,
        "done": 0.0,
        "total": 0.0,
        "done_before": 0.0,
        "message": "starting",
        "env": dict(env),
    }
    # One after another: usually the first has it, or on PostgreSQL somebody else takes that queue's last one just now.
    tries = (
        _take(session, queue, room_mb, values)
        for queue in waiting.in_turn(session, open_queues, room_mb)
    )
    taken = next((each for each in tries if each is not None), None)
    if taken is None:
        return None
    run_id, attempt = taken
    if attempt > 1:
        records.drop_after_checkpoint(session, run_id)
    session.add(Attempt(run_id=run_id, n=attempt, worker_id=worker_id, started_at=at))
    session.execute(update(Worker).where(col(Worker.id) == worker_id).values(current_run=run_id))
    return Claim(run_id, worker_id, attempt)


def _take(
    session: Session, queue: str, room_mb: float, values: Mapping[str, Any]
) -> tuple[str, int] | None:
    """Set values of the first waiting run of a queue that fits and that nobody else takes; its id and attempt."""
    first = waiting.first(queue, room_mb, col(Run.id)).with_for_update(skip_locked=True)
    row = session.execute(
        update(Run)
        .where(col(Run.id) == first.scalar_subquery(), col(Run.status) == QUEUED)
        .values(**values)
        .returning(col(Run.id), col(Run.attempt))
    ).first()
    return None if row is None else (row[0], row[1])


def hold(session: Session, held: Claim, lease_s: float, **progress: Any) -> float | None:
    """Extend the lease and set done, total and message.

    Returns:
        When a cancel must have been honoured, or 0.0; None if the run is no longer this worker's.
    """
    row = session.execute(
        update(Run)
        .where(*_still(held))
        .values(lease_until=now() + lease_s, **progress)
        .returning(col(Run.cancel_deadline))
    ).first()
    return None if row is None else row[0] or 0.0


def finish(
    session: Session,
    held: Claim,
    outcome: Outcome,
    *,
    metrics: Mapping[str, float] | None = None,
    summary: str = "",
    error_type: str = "",
    error: str = "",
    traceback: str = "",
) -> bool:
    """End a run that is still this worker's; False if it no longer is, and then nothing is written."""
    values: dict[str, Any] = {
        "status": outcome,
        "finished_at": now(),
        "lease_until": None,
        "summary": summary,
        "metrics": dict(metrics or {}),
        "error_type": error_type,
        "error": error,
        "traceback": traceback,
    }
    if outcome == SUCCEEDED:
        values |= {"done": Run.total, "message": ""}
    ended = session.execute(
        update(Run).where(*_still(held)).values(**values).returning(col(Run.id))
    )
    if ended.first() is None:
        return False
    _end_attempt(session, held.run_id, held.attempt, outcome)
    _have_ended(session, [held.run_id])
    return True


def _have_ended(session: Session, run_ids: Sequence[str]) -> None:
    """What follows from the end of runs, whatever the end: in the same transaction."""
    for start in range(0, len(run_ids), AT_ONCE):
        some = run_ids[start : start + AT_ONCE]
        outbox.announce(session, some)
        session.execute(delete(Checkpoint).where(col(Checkpoint.run_id).in_(some)))


def _still(held: Claim) -> tuple[Any, ...]:
    return (
        col(Run.id) == held.run_id,
        col(Run.worker_id) == held.worker_id,
        col(Run.attempt) == held.attempt,
        col(Run.status).in_(HELD),
    )


def request_cancel(session: Session, run_id: str, grace_s: float) -> bool:
    """Cancel a queued run at once, and ask a running one to stop; False if it had already ended.

    Args:
        grace_s: seconds the method has to stop by itself; then its worker is ended. Asking again can only shorten it.
    """
    at = now()
    queued = session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status) == QUEUED)
        .values(status=CANCELLED, finished_at=at, cancel_requested_at=at, message="")
        .returning(col(Run.id))
    )
    if queued.first() is not None:
        _have_ended(session, [run_id])
        return True
    deadline = func.coalesce(col(Run.cancel_deadline), at + grace_s)
    running = session.execute(
        update(Run)
        .where(col(Run.id) == run_id, col(Run.status).in_(HELD))
        .values(
            status=CANCELLING,
            cancel_requested_at=func.coalesce(col(Run.cancel_requested_at), at),
            cancel_deadline=case((deadline > at + grace_s, at + grace_s), else_=deadline),
        )
        .returning(col(Run.id))
    )
    return running.first() is not None


def cancel_waiting(session: Session, spared: str = "") -> list[str]:
    """Cancel every queued run but one, however many there are, in one go; the ids of those that were."""
    at = now()
    ended = session.scalars(
        update(Run)
        .where(col(Run.status) == QUEUED, col(Run.id) != spared)
        .values(status=CANCELLED, finished_at=at, cancel_requested_at=at, message="")
        .returning(col(Run.id))
    ).all()
    _have_ended(session, ended)
    return list(ended)


def recover_lost(session: Session) -> list[str]:
    """Settle runs whose worker gave no sign for a whole lease; returns the ids of those that are queued again."""
    at = now()
    lost = session.scalars(
        select(Run).where(col(Run.status).in_(HELD), col(Run.lease_until) < at)
    ).all()
    return [run.id for run in lost if _settle(session, run, at)]


def _settle(session: Session, run: Run, at: float) -> bool:
    worker = run.worker_id
    if run.status == CANCELLING:
        values: dict[str, Any] = {"status": CANCELLED, "finished_at": at}
        said = f"worker {worker} was lost while the run was being cancelled"
    elif run.attempt >= run.max_attempts:
        said = f"its worker was lost {run.attempt} times, so it is not tried again"
        values = {"status": FAILED, "finished_at": at, "error_type": "WorkerLost", "error": said}
    else:
        values = {"status": QUEUED, "message": "its worker was lost; waiting for another"}
        said = f"worker {worker} was lost; attempt {run.attempt + 1} of {run.max_attempts} follows"
    changed = session.execute(
        update(Run)
        .where(
            col(Run.id) == run.id,
            col(Run.status) == run.status,
            col(Run.attempt) == run.attempt,
            col(Run.lease_until) < at,
        )
        .values(lease_until=None, worker_id=None, **values)
        .returning(col(Run.id))
    )
    if changed.first() is None:
        return False
    _end_attempt(session, run.id, run.attempt, "lost")
    if values["status"] != QUEUED:
        _have_ended(session, [run.id])
    session.add(Event(run_id=run.id, attempt=run.attempt, level="warning", message=said))
    return bool(values["status"] == QUEUED)


def hand_back(session: Session, held: Claim) -> None:
    """Queue a run again because its worker is being stopped, which is not the run's fault: the try does not count."""
    changed = session.execute(
        update(Run)
        .where(*_still(held), col(Run.status) == RUNNING)
        .values(
            status=QUEUED,
            worker_id=None,
            lease_until=None,
            max_attempts=Run.max_attempts + 1,
            message="its worker was stopped; waiting for another",
        )
        .returning(col(Run.id))
    )
    if changed.first() is not None:
        _end_attempt(session, held.run_id, held.attempt, "handed back")


def abandon(session: Session, held: Claim, reason: str) -> bool:
    """End a cancelled run whose method does not stop; its worker ends itself right after."""
    if not finish(session, held, "cancelled"):
        return False
    session.add(Event(run_id=held.run_id, attempt=held.attempt, level="warning", message=reason))
    return True


def _end_attempt(session: Session, run_id: str, n: int, outcome: str) -> None:
    session.execute(
        update(Attempt)
        .where(col(Attempt.run_id) == run_id, col(Attempt.n) == n)
        .values(ended_at=now(), outcome=outcome)
    )
    session.execute(
        update(Worker).where(col(Worker.current_run) == run_id).values(current_run=None)
    )
