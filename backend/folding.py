"""Packs the curves of runs that ended long ago: a file each in place of many rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from sqlalchemy import delete, exists, func, select
from sqlmodel import Session, col

from backend import curves
from backend.settings import settings
from backend.stored import store
from storage import db, records, runs
from storage.models import TERMINAL, Artefact, Metric, Run, now

log = logging.getLogger(__name__)
DAY_S = 86_400.0
FEWEST = 50
"""Points below which a file would take more room than the rows."""


def fold() -> Iterator[int]:
    """Pack the curves of every run that ended `fold_days` ago, one each time that a number is asked for: its points."""
    if not settings().fold_days:
        return
    before = now() - settings().fold_days * DAY_S
    with db.reading(settings().database_url) as session:
        ids = _unpacked(session, before)
    for run_id in ids:
        try:
            yield fold_run(run_id)
        except ValueError as error:  # its points stay where they are, and the next run has its turn
            log.warning("the curves of run %s cannot be packed: %s", run_id, error)


def _unpacked(session: Session, before: float) -> list[str]:
    points = (
        select(col(Metric.id)).where(col(Metric.run_id) == col(Run.id)).offset(FEWEST - 1).limit(1)
    )
    query = (
        select(col(Run.id))
        .where(col(Run.status).in_(TERMINAL), col(Run.finished_at) < before, exists(points))
        .order_by(col(Run.finished_at))
    )
    return list(session.scalars(query))


def fold_run(run_id: str) -> int:
    """Pack the curves of one run that has ended; 0 if they changed meanwhile, or it went on."""
    with db.reading(settings().database_url) as session:
        points = curves.from_table(session, run_id)
    if not points:
        return 0
    content = curves.pack(points)
    if curves.unpack(content) != points:
        raise ValueError(
            f"the curves of run {run_id} do not come back from their file as they were"
        )
    sha256, size = store().put(content)
    with db.writing(settings().database_url) as session:
        ended = runs.by_ids(session, runs.lock(session, [run_id]))
        mine = col(Metric.run_id) == run_id
        count = session.scalar(select(func.count()).select_from(Metric).where(mine))
        if not ended or ended[0].status not in TERMINAL or count != len(points):
            return 0
        artefact = Artefact(
            run_id=run_id,
            attempt=ended[0].attempt,
            sha256=sha256,
            role=curves.ROLE,
            name=curves.PACKED,
        )
        records.put_artefact(session, artefact, size, curves.MIME)
        session.execute(delete(Metric).where(mine))
    return len(points)


def folded(session: Session) -> int:
    """How many runs have their curves in a file."""
    query = select(func.count()).select_from(Artefact).where(col(Artefact.role) == curves.ROLE)
    return session.scalar(query) or 0
