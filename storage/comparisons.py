"""Comparisons that people keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from storage.db import is_postgres
from storage.filters import contains
from storage.kept import Comparison
from storage.lists import End, behind
from storage.models import Run


def listed(
    session: Session, *, text: str = "", after: End | None = None, limit: int = 50
) -> tuple[list[Comparison], int]:
    """One page of comparisons, pinned ones first, then the newest, and how many there are in all.

    Args:
        text: every word must occur in the title, the notes or the owner, or begin the id.
        after: whether the last one seen is pinned, when it was made, its id.
    """
    where = [_worded(word, is_postgres(session)) for word in text.split()]
    total = session.scalar(select(func.count()).select_from(Comparison).where(*where)) or 0
    key = (col(Comparison.pinned), col(Comparison.created_at), col(Comparison.id))
    query = select(Comparison).where(*where)
    return list(session.scalars(behind(query, key, after, limit))), total


def _worded(word: str, postgres: bool) -> ColumnElement[bool]:
    texts = (col(Comparison.title), col(Comparison.notes), col(Comparison.owner))
    return or_(
        col(Comparison.id).startswith(word, autoescape=True),
        *(contains(text, word, postgres) for text in texts),
    )


def statuses(session: Session, run_ids: Iterable[str]) -> dict[str, str]:
    """The state of each of these runs that is still there."""
    query = select(col(Run.id), col(Run.status)).where(col(Run.id).in_(list(run_ids)))
    return {row.id: row.status for row in session.execute(query)}


def counted(found: dict[str, str], run_ids: Iterable[str]) -> dict[str, int]:
    """How many of the runs are in each state; "deleted" counts those that are gone."""
    return dict(Counter(found.get(run_id, "deleted") for run_id in run_ids))


def among(session: Session, run_ids: Collection[str]) -> list[Any]:
    """Id, runs, notes, pinned and when it was made of each comparison of one of these runs; no more is read of thousands."""
    columns = (
        Comparison.id,
        Comparison.run_ids,
        Comparison.notes,
        Comparison.pinned,
        Comparison.created_at,
    )
    wanted = set(run_ids)
    found = session.execute(select(*(col(column) for column in columns)))
    return [row for row in found if not wanted.isdisjoint(row.run_ids)]
