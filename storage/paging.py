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
    key: Any = None,
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int]:
    """One page of the rows that `choose` wants, and how many it wants.

    Args:
        key: what they are sorted by, those without it last; None keeps the order in which they were recorded.
    """
    order: list[Any] = [col(table.id)]
    if key is not None:
        order.insert(0, (key.desc() if descending else key.asc()).nulls_last())
    query = choose([col(table.id)]).order_by(*order).offset(offset).limit(limit)
    ids = list(session.scalars(query))
    # A page that is not full is the last one: nothing needs to be counted.
    known = len(ids) < limit and (ids or not offset)
    total = offset + len(ids) if known else count(session, choose)
    return whole(session, table, ids), total


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
