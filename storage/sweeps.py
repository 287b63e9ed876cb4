"""Sweeps, and the runs that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import and_, exists, func, not_, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.lists import End, behind
from storage.models import SUCCEEDED, Run, Sweep


def newest(session: Session, limit: int, after: End | None = None) -> list[Sweep]:
    """Sweeps, newest first; `after` is (created_at, id) of the last one seen."""
    keys = (col(Sweep.created_at), col(Sweep.id))
    return list(session.scalars(behind(select(Sweep), keys, after, limit)))


def runs_of(session: Session, sweep_id: str) -> list[Run]:
    """The runs of a sweep, oldest first."""
    query = select(Run).where(col(Run.sweep_id) == sweep_id)
    return list(session.scalars(query.order_by(col(Run.created_at), col(Run.id))))


def counts(session: Session, sweep_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many places of each sweep are in which status. A run that was run again shares its place with the new one: it
    counts while it is the newest there, or the first that succeeded."""
    other = aliased(Run)
    later = tuple_(col(other.created_at), col(other.id)) > tuple_(col(Run.created_at), col(Run.id))
    done, other_done = col(Run.status) == SUCCEEDED, col(other.status) == SUCCEEDED
    replaced = exists().where(
        col(other.params_hash) == col(Run.params_hash),
        # Not by the index of sweeps, which would read the whole sweep for each of its runs.
        func.coalesce(col(other.sweep_id), "") == col(Run.sweep_id),
        col(other.id) != col(Run.id),
        or_(and_(other_done, or_(not_(done), not_(later))), and_(not_(done), later)),
    )
    query = (
        select(col(Run.sweep_id), col(Run.status), func.count())
        .where(col(Run.sweep_id).in_(sweep_ids), not_(replaced))
        .group_by(col(Run.sweep_id), col(Run.status))
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for sweep_id, status, count in session.execute(query):
        found[sweep_id][status] = count
    return found
