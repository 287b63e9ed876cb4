"""Runs: adding, finding, listing. A run's status is changed by `backend.lifecycle` and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select, tuple_, update
from sqlmodel import Session, col

from storage.kept import Setting
from storage.models import ACTIVE, CANCELLING, QUEUED, RUNNING, SUCCEEDED, Attempt, Run, now

Sort = Literal["created_at", "finished_at", "title", "status"]
PAUSED = "paused:"
MEASURED = tuple(
    col(column)
    for column in (Run.id, Run.title, Run.seed, Run.config, Run.metrics, Run.env, Run.created_at)
)


def by_ids(session: Session, run_ids: Sequence[str]) -> list[Run]:
    """The runs with these ids, in the order asked for; ids that are unknown are left out."""
    found = {run.id: run for run in session.scalars(select(Run).where(col(Run.id).in_(run_ids)))}
    return [found[run_id] for run_id in run_ids if run_id in found]


def same(session: Session, params_hash: str) -> Run | None:
    """The newest run that succeeded with the same method, settings, seed and code."""
    return session.scalars(
        select(Run)
        .where(col(Run.params_hash) == params_hash, col(Run.status) == SUCCEEDED)
        .order_by(col(Run.created_at).desc())
        .limit(1)
    ).first()


def newest(session: Session, having: ColumnElement[bool], limit: int) -> list[Run]:
    """The newest runs of which something is true, without archived ones."""
    order = (col(Run.created_at).desc(), col(Run.id).desc())
    query = select(Run).where(having, col(Run.archived).is_(False)).order_by(*order).limit(limit)
    return list(session.scalars(query))


def measured(session: Session, method: str, limit: int) -> list[Any]:
    """What charts need of the newest runs of a method that succeeded: rows of `MEASURED`, no more is read."""
    return list(
        session.execute(
            select(*MEASURED)
            .where(
                col(Run.method) == method,
                col(Run.status) == SUCCEEDED,
                col(Run.archived).is_(False),
            )
            .order_by(col(Run.created_at).desc(), col(Run.id).desc())
            .limit(limit)
        )
    )


def listed(
    session: Session,
    *,
    statuses: Sequence[str] = (),
    family: str = "",
    method: str = "",
    text: str = "",
    archived: bool = False,
    sweep: str = "",
    sort: Sort = "created_at",
    descending: bool = True,
    after: tuple[Any, str] | None = None,
    limit: int = 50,
) -> tuple[list[Run], int]:
    """One page of runs, and how many there are in all.

    Args:
        text: every word must occur in the title, the method or the summary, or begin the id.
        sweep: an id, or "none" for runs of no sweep.
        after: (value of the sort column, id) of the last run seen.
    """
    where = _matching(statuses, family, method, text, archived, sweep)
    total = session.scalar(select(func.count()).select_from(Run).where(*where)) or 0
    # Runs that have not finished sort as if they finished first of all; NULL would drop out of every comparison.
    key = func.coalesce(col(Run.finished_at), 0.0) if sort == "finished_at" else getattr(Run, sort)
    query = select(Run).where(*where)
    if after is not None:
        place = tuple_(key, col(Run.id))
        query = query.where(place < after if descending else place > after)
    order = (key.desc(), col(Run.id).desc()) if descending else (key, col(Run.id))
    return list(session.scalars(query.order_by(*order).limit(limit))), total


def _matching(
    statuses: Sequence[str], family: str, method: str, text: str, archived: bool, sweep: str
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [col(Run.archived) == archived]
    if statuses:
        where.append(col(Run.status).in_(statuses))
    if family:
        where.append(col(Run.family) == family)
    if method:
        where.append(col(Run.method) == method)
    if sweep:
        where.append(col(Run.sweep_id).is_(None) if sweep == "none" else col(Run.sweep_id) == sweep)
    for word in text.split():
        # An id is pasted, and letters in its midst would match words by chance.
        is_id = col(Run.id).istartswith(word, autoescape=True)
        fields = (Run.title, Run.method, Run.summary)
        where.append(or_(is_id, *(col(f).icontains(word, autoescape=True) for f in fields)))
    return where


def lock(session: Session, run_ids: Sequence[str]) -> list[str]:
    """Those of the runs that there are; nobody else deletes them, or locks them, before the transaction ends."""
    query = select(col(Run.id)).where(col(Run.id).in_(run_ids)).order_by(col(Run.id))
    return list(session.scalars(query.with_for_update()))


def start_order() -> tuple[Any, ...]:
    """The order in which queued runs start: priority, then age."""
    return col(Run.priority).desc(), col(Run.created_at), col(Run.id)


def waiting(session: Session, queues: Sequence[str] = ()) -> list[Run]:
    query = select(Run).where(col(Run.status) == QUEUED)
    if queues:
        query = query.where(col(Run.queue).in_(queues))
    return list(session.scalars(query.order_by(*start_order())))


@dataclass(frozen=True)
class Waiting:
    """What must be known of a queued run to wake a worker for it."""

    id: str
    queue: str
    memory_mb: float


def unheard(session: Session, queues: Sequence[str], before: float, limit: int) -> list[Waiting]:
    """The first runs in these queues for which nobody was woken since a moment."""
    heard_at = func.coalesce(col(Run.published_at), 0.0)
    query = (
        select(col(Run.id), col(Run.queue), col(Run.memory_mb))
        .where(col(Run.status) == QUEUED, col(Run.queue).in_(queues))
        .where(heard_at < before, col(Run.created_at) < before)
        .order_by(*start_order())
        .limit(limit)
    )
    return [Waiting(*row) for row in session.execute(query)] if queues else []


def running(session: Session) -> list[Run]:
    query = select(Run).where(col(Run.status).in_((RUNNING, CANCELLING)))
    return list(session.scalars(query.order_by(col(Run.started_at))))


def counted(session: Session) -> tuple[int, int]:
    """How many runs are running, and how many wait."""
    query = select(func.count()).select_from(Run)
    held = session.scalar(query.where(col(Run.status).in_((RUNNING, CANCELLING)))) or 0
    return held, session.scalar(query.where(col(Run.status) == QUEUED)) or 0


def place_in_queue(session: Session, run: Run) -> int:
    """How many runs of its queue start before this queued run."""
    ahead = tuple_(-col(Run.priority), col(Run.created_at), col(Run.id)) < tuple_(
        -run.priority, run.created_at, run.id
    )
    query = select(func.count()).where(
        col(Run.status) == QUEUED, col(Run.queue) == run.queue, ahead
    )
    return session.scalar(query) or 0


def active_ids(session: Session) -> list[str]:
    return list(session.scalars(select(col(Run.id)).where(col(Run.status).in_(ACTIVE))))


def attempts(session: Session, run_id: str) -> list[Attempt]:
    query = select(Attempt).where(col(Attempt.run_id) == run_id).order_by(col(Attempt.n))
    return list(session.scalars(query))


def set_published(session: Session, run_ids: Sequence[str]) -> None:
    session.execute(update(Run).where(col(Run.id).in_(run_ids)).values(published_at=now()))


def paused_queues(session: Session) -> list[str]:
    keys = session.scalars(select(col(Setting.key)).where(col(Setting.key).startswith(PAUSED)))
    return sorted(key.removeprefix(PAUSED) for key in keys)


def set_paused(session: Session, queue: str, paused: bool) -> None:
    row = session.get(Setting, PAUSED + queue)
    if paused and row is None:
        session.add(Setting(key=PAUSED + queue, value=now()))
    elif not paused and row is not None:
        session.delete(row)
