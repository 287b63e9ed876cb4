"""What pages of typed rows have in common, whichever table they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_
from sqlmodel import Session, col

from storage.filters import contains
from storage.records import whole

Choose = Callable[[Sequence[Any]], Select[Any]]
"""From columns, or expressions, to the query for them of all rows that are wanted."""


def page(
    session: Session,
    table: Any,
    choose: Choose,
    *,
    order: Sequence[Any] = (),
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int]:
    """One page of the rows that `choose` wants, and how many it wants.

    Args:
        order: what they are sorted by; at last, and without it, the order in which they were recorded.
    """
    query = choose([col(table.id)]).order_by(*order, col(table.id)).offset(offset).limit(limit)
    ids = list(session.scalars(query))
    # A page that is not full is the last one: nothing needs to be counted.
    known = len(ids) < limit and (ids or not offset)
    total = offset + len(ids) if known else count(session, choose)
    return whole(session, table, ids), total


def by(key: Any, descending: bool) -> list[Any]:
    """An order by one expression, rows without it last; None gives no order."""
    return [] if key is None else [(key.desc() if descending else key.asc()).nulls_last()]


def count(session: Session, choose: Choose) -> int:
    """How many rows are wanted."""
    return session.scalar(choose([func.count()])) or 0


def worded(text: str, name: Any, texts: Sequence[Any], postgres: bool) -> list[ColumnElement[bool]]:
    """Conditions that every word of `text` occurs in one of the texts, whatever its case, or begins the row's name."""
    return [
        or_(
            col(name).startswith(word, autoescape=True),
            *(contains(col(each), word, postgres) for each in texts),
        )
        for word in text.split()
    ]
