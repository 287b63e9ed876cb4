"""Instruction rows of runs: the tables in which requests mark what an adapter is to forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from backend.request_views import InstructionPage, InstructionTable
from backend.services.errors import NotFound, ServiceError
from backend.services.filtering import check_page, check_sort, parse
from backend.services.history import row
from backend.services.marks import mark_view
from backend.settings import settings
from storage import db, records
from storage import instructions as store
from storage.kept import Erasure
from storage.lists import End
from storage.models import Run

MAX_WORDS = 200
MARKED = ("", "only", "not")
SOURCE = ("model", "adapter", "data", "format", "template", "held_out")
"""The settings that say which adapter rows are of, and what it was trained on."""
ADAPTER, ROWS, HELD_OUT = "adapter.zip", "rows.jsonl", "held_out.jsonl"


@dataclass(frozen=True)
class InstructionQuery:
    """Which rows of a run, in words as an address has them.

    Attributes:
        text: every word must occur in the prompt or the answer, or begin the row's id.
        filters: each "field:op:value".
        marked: a request; what it asks of each row stands beside the row. Empty for none.
        which: "only" the rows that the request marks, or those that it does "not"; empty for all.
    """

    run_id: str
    text: str = ""
    filters: Sequence[str] = ()
    marked: str = ""
    which: str = ""


def list_instructions(
    query: InstructionQuery,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> InstructionPage:
    """One page of instruction rows, each with its `mark`, None where there is none.

    Args:
        sort: a field of the rows; empty keeps the order in which they were recorded.

    Raises:
        NotFound: there is no such run, or no such request.
        ServiceError: a field, a filter or a limit that is not allowed.
    """
    check_page(offset, limit)
    check_sort(sort)
    if len(query.text) > MAX_WORDS:
        raise ServiceError(f"q: up to {MAX_WORDS} characters are allowed, got {len(query.text)}")
    if query.which not in MARKED or (query.which and not query.marked):
        raise ServiceError(
            f"which: only or not are allowed, with a request in marked, got {query.which!r:.80}"
        )
    filters = parse(query.filters)
    with db.reading(settings().database_url) as session:
        row(session, query.run_id)
        items = _items(session, query)
        ids = list(items)
        wanted = store.Selection(
            query.run_id,
            query.text,
            filters,
            among=ids if query.which == "only" else None,
            but=ids if query.which == "not" else None,
        )
        try:
            found, total = store.page(
                session, wanted, sort=sort, descending=descending, offset=offset, limit=limit
            )
        except ValueError as error:
            raise ServiceError(str(error)) from None
    for each in found:
        item = items.get(each["row_id"])
        each["mark"] = asdict(mark_view(each["row_id"], item)) if item else None
    return InstructionPage(found, total)


def instruction_tables(limit: int = 50, after: End | None = None) -> list[InstructionTable]:
    """The runs that recorded instruction rows, newest first."""
    check_page(0, limit)
    with db.reading(settings().database_url) as session:
        found = store.tables(session, limit, after)
        return [_table(session, *each) for each in found]


def source_of(session: Session, run: Run) -> dict[str, Any]:
    """The settings by which other methods find the adapter that a run's rows are of, and its data.

    A run that trained has them among its files; one that only looked at an adapter was told.
    """
    found = {name: run.config[name] for name in SOURCE if name in run.config}
    if records.named(session, run.id, ADAPTER):
        found["adapter"] = f"{run.id}/{ADAPTER}"
    if records.named(session, run.id, ROWS):
        found |= {"data": f"{run.id}/{ROWS}", "format": "auto"}
    if records.named(session, run.id, HELD_OUT):
        found["held_out"] = f"{run.id}/{HELD_OUT}"
    return found


def _items(session: Session, query: InstructionQuery) -> Mapping[str, dict[str, Any]]:
    if not query.marked:
        return {}
    request = session.get(Erasure, query.marked)
    if request is None:
        raise NotFound(f"there is no request {query.marked!r:.80}")
    return request.items


def _table(session: Session, run: Run, kinds: dict[str, int], ranked: bool) -> InstructionTable:
    source = source_of(session, run)
    return InstructionTable(
        run.id,
        run.title,
        run.method,
        run.status,
        run.created_at,
        run.seed,
        run.config,
        str(source.get("adapter", "")),
        str(source.get("data", "")),
        sum(kinds.values()),
        kinds,
        ranked,
    )
