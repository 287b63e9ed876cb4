"""From what an address says to filters, sorting and paging that the database can be asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.services.errors import ServiceError
from storage.filters import OPS, Filter

MAX_ROWS = 1000
MAX_OFFSET = 10**12
MAX_FILTERS = 20
MAX_VALUE = 500
MAX_CHOICES = 100
FIELD = re.compile(r'[^"\\\x00-\x1f]{0,100}\Z')


def check_page(offset: int, limit: int) -> None:
    if not 1 <= limit <= MAX_ROWS:
        raise ServiceError(f"limit: 1 to {MAX_ROWS} is allowed, got {limit}")
    if not 0 <= offset <= MAX_OFFSET:
        raise ServiceError(f"offset: 0 to {MAX_OFFSET} is allowed, got {offset}")


def check_sort(sort: str) -> None:
    if not FIELD.match(sort):
        raise ServiceError(f"sort: the name of a field is allowed, got {sort!r:.80}")


def parse(filters: Sequence[str]) -> tuple[Filter, ...]:
    """Each "field:op:value" as a filter.

    Raises:
        ServiceError: there are too many, or one is not written so.
    """
    if len(filters) > MAX_FILTERS:
        raise ServiceError(f"filter: up to {MAX_FILTERS} are allowed, got {len(filters)}")
    return tuple(_parsed(text) for text in filters)


def _parsed(text: str) -> Filter:
    field, _, rest = text.partition(":")
    op, colon, value = rest.partition(":")
    if not field or not colon or not FIELD.match(field) or op not in OPS:
        raise ServiceError(
            f"filter: field:op:value is allowed with op one of {', '.join(OPS)}, got {text!r:.80}"
        )
    if len(value) > MAX_VALUE:
        raise ServiceError(f"filter: a value has up to {MAX_VALUE} characters, got {len(value)}")
    if op == "in" and value.count(",") >= MAX_CHOICES:
        raise ServiceError(f"filter: in takes up to {MAX_CHOICES} values separated by commas")
    return Filter(field, op, value)
