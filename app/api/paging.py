"""Lists that are given page by page, all in one manner: `?cursor=&limit=`, and an answer {"items", "cursor"}."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from backend.services import cursors

Item = TypeVar("Item")
MOST = 500

Cursor = Annotated[
    str, Query(max_length=cursors.LONGEST, description="The one that the previous page gave.")
]


class Page(BaseModel, Generic[Item]):
    """One page of a list; `cursor` asks for the next one and is null at the end.

    What is added to the list meanwhile moves nothing on the pages that follow.
    """

    items: list[Item]
    cursor: str | None


@dataclass(frozen=True)
class Asked:
    """Which page is asked for."""

    cursor: str
    limit: int

    def page(
        self,
        name: str,
        items: Callable[[int, tuple[Any, ...] | None], list[Item]],
        end: Callable[[Item], tuple[float | str, ...]],
        *kinds: type,
    ) -> Page[Item]:
        """A page of the list `name`.

        Args:
            items: gives so many items, after an end or None.
            end: what the list's order compares, of an item.
            kinds: what each part of an end is.

        Raises:
            services.ServiceError: the cursor is none of this list.
        """
        after = cursors.decode(self.cursor, name, *kinds) if self.cursor else None
        found = items(self.limit + 1, after)
        if len(found) <= self.limit:
            return Page(items=found, cursor=None)
        found = found[: self.limit]
        return Page(items=found, cursor=cursors.encode(name, *end(found[-1])))

    def newest(
        self, name: str, items: Callable[[int, tuple[Any, ...] | None], list[Item]]
    ) -> Page[Item]:
        """A page of a list of things that have an id and were made at a time, newest first."""
        return self.page(name, items, _made, float, str)


def _made(item: Any) -> tuple[float, str]:
    return item.created_at, item.id


def asked(cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=MOST)] = 100) -> Asked:
    return Asked(cursor, limit)


Paging = Annotated[Asked, Depends(asked)]
