"""Instruction rows of a run as pages ask for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from storage import paging, runs
from storage.db import is_postgres
from storage.filters import Filter, on_column
from storage.lists import End
from storage.models import Run
from storage.typed import InstructionRow, columns, plain

FIELDS = columns(InstructionRow)
TEXTS = (InstructionRow.prompt, InstructionRow.answer)


@dataclass(frozen=True)
class Selection:
    """Which rows of a run.

    Attributes:
        text: every word must occur in the prompt or the answer, or begin the row's id.
        among, but: only rows with one of these ids, or with none of them; None leaves it open.
    """

    run_id: str
    text: str = ""
    filters: tuple[Filter, ...] = ()
    among: Sequence[str] | None = None
    but: Sequence[str] | None = None


def page(
    session: Session,
    wanted: Selection,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int]:
    """One page of rows, and how many there are.

    Raises:
        ValueError: a field is unknown, or a filter does not fit its field.
    """
    return paging.page(
        session,
        InstructionRow,
        lambda chosen: _matching(session, chosen, wanted),
        order=paging.by(_field(sort) if sort else None, descending),
        offset=offset,
        limit=limit,
    )


def by_ids(session: Session, run_id: str, row_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows of a run with these ids, by id; ids that it does not have are left out."""
    query = select(InstructionRow).where(
        col(InstructionRow.run_id) == run_id, col(InstructionRow.row_id).in_(list(row_ids))
    )
    return {row.row_id: plain(row) for row in session.scalars(query)}


def number(session: Session, run_id: str) -> int:
    """How many rows a run has recorded."""
    return paging.count(session, lambda chosen: _matching(session, chosen, Selection(run_id)))


def tables(
    session: Session, limit: int, after: End | None = None
) -> list[tuple[Run, dict[str, int], bool]]:
    """The runs that recorded instruction rows, newest first: how many of each kind, and whether influence is known."""
    some = select(1).where(col(InstructionRow.run_id) == col(Run.id)).exists()
    found = runs.newest(session, some, limit, after)
    influence = func.count(col(InstructionRow.self_influence))
    query = (
        select(col(InstructionRow.run_id), col(InstructionRow.kind), func.count(), influence)
        .where(col(InstructionRow.run_id).in_([run.id for run in found]))
        .group_by(col(InstructionRow.run_id), col(InstructionRow.kind))
    )
    kinds: defaultdict[str, dict[str, int]] = defaultdict(dict)
    ranked: set[str] = set()
    for run_id, kind, number, known in session.execute(query):
        kinds[run_id][kind or ""] = kinds[run_id].get(kind or "", 0) + number
        if known:
            ranked.add(run_id)
    return [(run, dict(sorted(kinds[run.id].items())), run.id in ranked) for run in found]


def _matching(session: Session, chosen: Sequence[Any], wanted: Selection) -> Select[Any]:
    row_id = col(InstructionRow.row_id)
    query = select(*chosen).where(
        col(InstructionRow.run_id) == wanted.run_id,
        *paging.worded(wanted.text, InstructionRow.row_id, TEXTS, is_postgres(session)),
        *(on_column(_field(each.field), FIELDS[each.field], each) for each in wanted.filters),
    )
    if wanted.among is not None:
        query = query.where(row_id.in_(wanted.among))
    if wanted.but is not None:
        query = query.where(row_id.not_in(wanted.but))
    return query


def _field(name: str) -> Any:
    if name not in FIELDS:
        raise ValueError(f"there is no field {name!r:.80}; there are {', '.join(FIELDS)}")
    return getattr(InstructionRow, name)
