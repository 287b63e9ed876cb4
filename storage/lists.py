"""Lists that grow at their front while somebody reads on at their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import tuple_

End = tuple[Any, ...]
"""Where a page of a list ended: what the order of the list compares, of the last row of the page."""


def behind(query: Any, keys: Sequence[Any], after: End | None, limit: int | None) -> Any:
    """The rows of `query` by falling `keys`, the first `limit` of those that come after a place.

    Rows that are added before that place while somebody turns the pages move none of those behind it.
    """
    if after is not None:
        query = query.where(tuple_(*keys) < after)
    return query.order_by(*(key.desc() for key in keys)).limit(limit)
