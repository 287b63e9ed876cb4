"""Sweeps, and the runs that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.models import Run, Sweep


def newest(session: Session, limit: int) -> list[Sweep]:
    query = select(Sweep).order_by(col(Sweep.created_at).desc()).limit(limit)
    return list(session.scalars(query))


def runs_of(session: Session, sweep_id: str) -> list[Run]:
    """The runs of a sweep, oldest first."""
    query = select(Run).where(col(Run.sweep_id) == sweep_id)
    return list(session.scalars(query.order_by(col(Run.created_at), col(Run.id))))


def counts(session: Session, sweep_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many runs of each sweep are in which status."""
    query = (
        select(col(Run.sweep_id), col(Run.status), func.count())
        .where(col(Run.sweep_id).in_(sweep_ids))
        .group_by(col(Run.sweep_id), col(Run.status))
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for sweep_id, status, count in session.execute(query):
        found[sweep_id][status] = count
    return found
