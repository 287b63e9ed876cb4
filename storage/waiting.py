"""Queues of runs: which starts next, which wait, and who must hear of them.

Every question is put to one queue at a time: the index `ix_run_start` has the runs of a queue in the order in which they
start, but not those of several, which would be sorted anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all, update
from sqlmodel import Session, col

from storage import runs
from storage.models import QUEUED, Run, now

ORDER = (col(Run.priority).desc(), col(Run.created_at), col(Run.id))
"""The order in which queued runs start: priority, then age."""


@dataclass
class Slot:
    """A waiting run's place in the order of its queue."""

    id: str
    priority: int
    created_at: float


@dataclass(frozen=True)
class Waiting:
    """What must be known of a queued run to wake a worker for it."""

    id: str
    queue: str
    memory_mb: float


def first(queue: str, room_mb: float, *wanted: Any) -> Any:
    """Of the run that starts next in a queue, on a device with so many MB for it, the columns that are wanted."""
    return (
        select(*wanted)
        .where(*_waits(queue), col(Run.memory_mb) <= room_mb)
        .order_by(*ORDER)
        .limit(1)
    )


def in_turn(session: Session, queues: Sequence[str], room_mb: float) -> list[str]:
    """The queues that have a run for such a device, the one whose first run starts next first."""
    wanted = (col(Run.priority), col(Run.created_at), col(Run.id), col(Run.queue))
    return [
        row[3] for row in _merged(session, [first(queue, room_mb, *wanted) for queue in queues])
    ]


def head(session: Session, limit: int) -> list[Run]:
    """The runs that start next of all that wait."""
    wanted = (col(Run.priority), col(Run.created_at), col(Run.id))
    queues = [select(*wanted).where(*_waits(queue)) for queue in sizes(session)]
    found = _merged(session, [query.order_by(*ORDER).limit(limit) for query in queues])
    return runs.by_ids(session, [row[2] for row in found[:limit]])


def sizes(session: Session) -> dict[str, int]:
    """How many runs wait in each queue that has any."""
    query = select(col(Run.queue), func.count()).where(col(Run.status) == QUEUED)
    rows = session.execute(query.group_by(col(Run.queue)))
    return {row[0]: row[1] for row in rows}


def places(session: Session, queue: str) -> list[Slot]:
    """The runs of a queue in the order in which they start."""
    query = select(col(Run.id), col(Run.priority), col(Run.created_at)).where(*_waits(queue))
    return [Slot(*row) for row in session.execute(query.order_by(*ORDER))]


def set_priorities(session: Session, slots: Sequence[Slot]) -> None:
    if slots:
        values = [{"id": slot.id, "priority": slot.priority} for slot in slots]
        session.execute(update(Run), values)


def place_in_queue(session: Session, run: Run) -> int:
    """How many runs of its queue start before this queued run."""
    level, at = col(Run.priority) == run.priority, col(Run.created_at)
    older = or_(at < run.created_at, and_(at == run.created_at, col(Run.id) < run.id))
    ahead = or_(col(Run.priority) > run.priority, and_(level, older))
    return session.scalar(select(func.count()).where(*_waits(run.queue), ahead)) or 0


def unheard(session: Session, queues: Sequence[str], before: float, limit: int) -> list[Waiting]:
    """The first runs in these queues for which nobody was woken since a moment."""
    heard_at = func.coalesce(col(Run.published_at), 0.0)
    order = (col(Run.priority), col(Run.created_at), col(Run.id))
    found = _merged(
        session,
        [
            select(*order, col(Run.queue), col(Run.memory_mb))
            .where(*_waits(queue), heard_at < before, col(Run.created_at) < before)
            .order_by(*ORDER)
            .limit(limit)
            for queue in queues
        ],
    )
    return [Waiting(*row[2:]) for row in found[:limit]]


def set_published(session: Session, run_ids: Sequence[str]) -> None:
    session.execute(update(Run).where(col(Run.id).in_(run_ids)).values(published_at=now()))


def _waits(queue: str) -> tuple[ColumnElement[bool], ...]:
    return col(Run.status) == QUEUED, col(Run.queue) == queue


def _merged(session: Session, queries: Sequence[Any]) -> list[Any]:
    """The rows of all queries in the order of starting; each begins with priority, age and id."""
    if not queries:
        return []
    # SQLite takes a limit within a union only of a query within.
    union = union_all(*(select(query.subquery()) for query in queries))
    return sorted(session.execute(union), key=lambda row: (-row[0], row[1], row[2]))
