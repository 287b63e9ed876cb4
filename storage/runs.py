"""Runs: adding, finding, listing. A run's status is changed by `backend.lifecycle` and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_
from sqlmodel import Session, col

from storage import remembered
from storage.db import is_postgres
from storage.filters import contains
from storage.kept import Setting
from storage.lists import End, behind
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


def called(session: Session, beginning: str, limit: int) -> list[Run]:
    """The newest runs whose id begins so, archived ones among them."""
    query = select(Run).where(col(Run.id).startswith(beginning, autoescape=True))
    order = (col(Run.created_at).desc(), col(Run.id).desc())
    return list(session.scalars(query.order_by(*order).limit(limit)))


def states(session: Session, run_ids: Sequence[str]) -> list[Any]:
    """Id, title, method, status and end of these runs; no more is read."""
    columns = (Run.id, Run.title, Run.method, Run.status, Run.finished_at)
    query = select(*(col(column) for column in columns)).where(col(Run.id).in_(run_ids))
    return list(session.execute(query))


def same(session: Session, params_hash: str) -> Run | None:
    """The newest run that succeeded with the same method, settings, seed and code."""
    return session.scalars(
        select(Run)
        .where(col(Run.params_hash) == params_hash, col(Run.status) == SUCCEEDED)
        .order_by(col(Run.created_at).desc())
        .limit(1)
    ).first()


def newest(
    session: Session, having: ColumnElement[bool], limit: int, after: End | None = None
) -> list[Run]:
    """The newest runs of which something is true, without archived ones; `after` is (created_at, id) of the last seen."""
    query = select(Run).where(having, col(Run.archived).is_(False))
    newest = (col(Run.created_at), col(Run.id))
    return list(session.scalars(behind(query, newest, after, limit)))


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
    where = _matching(statuses, family, method, text, archived, sweep, is_postgres(session))
    total = session.scalar(select(func.count()).select_from(Run).where(*where)) or 0
    # Runs that have not finished sort as if they finished first of all; NULL would drop out of every comparison.
    key = func.coalesce(col(Run.finished_at), 0.0) if sort == "finished_at" else getattr(Run, sort)
    query = select(col(Run.id)).where(
        *where
    )  # whole rows only of this page: sorting carries them along
    if after is not None:
        place = tuple_(key, col(Run.id))
        query = query.where(place < after if descending else place > after)
    order = (key.desc(), col(Run.id).desc()) if descending else (key, col(Run.id))
    return by_ids(session, session.scalars(query.order_by(*order).limit(limit)).all()), total


def _matching(
    statuses: Sequence[str],
    family: str,
    method: str,
    text: str,
    archived: bool,
    sweep: str,
    postgres: bool,
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
        where.append(or_(is_id, *(contains(col(field), word, postgres) for field in fields)))
    return where


def lock(session: Session, run_ids: Sequence[str]) -> list[str]:
    """Those of the runs that there are; nobody else deletes them, or locks them, before the transaction ends."""
    query = select(col(Run.id)).where(col(Run.id).in_(run_ids)).order_by(col(Run.id))
    return list(session.scalars(query.with_for_update()))


def running(session: Session) -> list[Run]:
    query = select(Run).where(col(Run.status).in_((RUNNING, CANCELLING)))
    return list(session.scalars(query.order_by(col(Run.started_at))))


def counted(session: Session) -> tuple[int, int]:
    """How many runs are running, and how many wait."""
    query = select(func.count()).select_from(Run)
    held = session.scalar(query.where(col(Run.status).in_((RUNNING, CANCELLING)))) or 0
    return held, session.scalar(query.where(col(Run.status) == QUEUED)) or 0


def active_ids(session: Session) -> list[str]:
    return list(session.scalars(select(col(Run.id)).where(col(Run.status).in_(ACTIVE))))


def attempts(session: Session, run_id: str) -> list[Attempt]:
    query = select(Attempt).where(col(Attempt.run_id) == run_id).order_by(col(Attempt.n))
    return list(session.scalars(query))


def paused_queues(session: Session) -> list[str]:
    keys = session.scalars(select(col(Setting.key)).where(col(Setting.key).startswith(PAUSED)))
    return sorted(key.removeprefix(PAUSED) for key in keys)


def set_paused(session: Session, queue: str, paused: bool) -> None:
    if paused:
        remembered.locked(session, PAUSED + queue, now())
    else:
        session.execute(delete(Setting).where(col(Setting.key) == PAUSED + queue))
