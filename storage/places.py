"""Orders in which no two rows are equal, and places in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_


class Place(NamedTuple):
    """Where a row stands in an order: what it is sorted by, and what decides among equals."""

    key: Any
    tie: Any


@dataclass(frozen=True)
class Order:
    """An order by `key`, rows without it last, and among equals by `tie`, which every row has and no two share."""

    key: Any
    tie: Any
    descending: bool = False
    tie_descending: bool = False

    @property
    def by(self) -> list[Any]:
        tie = self.tie.desc() if self.tie_descending else self.tie.asc()
        return [(self.key.desc() if self.descending else self.key.asc()).nulls_last(), tie]

    @property
    def columns(self) -> list[Any]:
        """What a `Place` is made of."""
        return [self.key, self.tie]

    def before(self, place: Place, *, also: bool = False) -> ColumnElement[bool]:
        """The condition that a row comes before a place; `also` if the row that stands there counts too."""
        if place.key is None:
            same = and_(self.key.is_(None), self._tied(place, self.tie_descending, also))
            return or_(self.key.is_not(None), same)
        same = and_(self.key == place.key, self._tied(place, self.tie_descending, also))
        return or_(self.key > place.key if self.descending else self.key < place.key, same)

    def after(self, place: Place, *, also: bool = False) -> ColumnElement[bool]:
        """The condition that a row comes after a place; `also` if the row that stands there counts too."""
        tied = self._tied(place, not self.tie_descending, also)
        if place.key is None:
            return and_(self.key.is_(None), tied)
        beyond = self.key < place.key if self.descending else self.key > place.key
        return or_(beyond, self.key.is_(None), and_(self.key == place.key, tied))

    def _tied(self, place: Place, greater: bool, also: bool) -> Any:
        if greater:
            return self.tie >= place.tie if also else self.tie > place.tie
        return self.tie <= place.tie if also else self.tie < place.tie
