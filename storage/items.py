"""A few fields of every row of a kind, for figures over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import Record
from storage.typed import TABLES


def fields(
    session: Session, run_id: str, kind: str, names: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """The named fields of the first `limit` rows of a kind, in the order in which they were recorded.

    Args:
        names: columns of the kind's own table, where it has one; else keys of the row, "a.b" for b in a. None for what a row lacks.
    """
    table = TABLES.get(kind)
    if table is not None:
        chosen = [getattr(table, name) for name in names]
        query = select(*chosen).where(col(table.run_id) == run_id).order_by(col(table.id))
        return [tuple(row) for row in session.execute(query.limit(limit))]
    rows = (
        select(col(Record.data))
        .where(col(Record.run_id) == run_id, col(Record.kind) == kind)
        .order_by(col(Record.id))
        .limit(limit)
    )
    paths = [name.split(".") for name in names]
    return [tuple(_at(data, path) for path in paths) for data in session.scalars(rows)]


def _at(value: Any, path: Sequence[str]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
