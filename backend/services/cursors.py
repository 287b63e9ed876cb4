"""Cursors: where a page of a list ended, as text that only the list itself understands."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from backend.services.errors import ServiceError
from storage.typed import storable

LONGEST = 2000
REFUSED = "cursor: only one that an earlier page of this list gave is allowed"


def encode(name: str, *place: float | str) -> str:
    """The cursor behind the row of the list `name` that lies at `place`: what its order compares."""
    content = json.dumps([name, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode()


def decode(cursor: str, name: str, *kinds: type) -> tuple[Any, ...]:
    """The place that a cursor of the list `name` stands for.

    Args:
        kinds: what each part of it is: bool, int, float or str.

    Raises:
        ServiceError: it is none that `encode` gave for this list.
    """
    try:
        if len(cursor) > LONGEST:
            raise ValueError("too long")
        found = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != len(kinds) + 1 or found[0] != name:
        raise ServiceError(REFUSED)
    place = tuple(found[1:])
    if not all(_fits(part, kind) for part, kind in zip(place, kinds, strict=True)):
        raise ServiceError(REFUSED)
    return place


def _fits(part: Any, kind: type) -> bool:
    """Whether every database can compare with it."""
    if kind is str:
        return isinstance(part, str) and part == storable(part)
    if kind is bool:
        return isinstance(part, bool)
    if kind is int:
        return type(part) is int and 0 <= part < 2**63
    return type(part) in (int, float) and abs(part) < 1e18 and math.isfinite(part)
