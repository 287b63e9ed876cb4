"""What runs report as they go: curves, events, rows and artefacts. Writers pass the attempt; readers a cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, insert, inspect, or_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col

from storage import states
from storage.db import is_postgres
from storage.filters import Filter, condition, sort_key
from storage.lists import End, behind
from storage.models import Artefact, Blob, Checkpoint, Event, Metric, Record, Run
from storage.typed import TABLES, NewRow, PairStep, Typed, columns, plain

Reported = Metric | Record | Artefact | Typed
REPORTED: tuple[type[Reported], ...] = (Metric, Record, Artefact, *TABLES.values())
"""What a checkpoint marks the end of, and a lost attempt forgets what came after."""

Series = dict[str, list[tuple[int, float]]]


def metrics_after(session: Session, run_id: str, cursor: int) -> tuple[Series, int]:
    """Points written since `cursor`, by curve, and the new cursor."""
    query = (
        select(col(Metric.id), col(Metric.name), col(Metric.step), col(Metric.value))
        .where(col(Metric.run_id) == run_id, col(Metric.id) > cursor)
        .order_by(col(Metric.id))
    )
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for key, name, step, value in session.execute(query):
        found[name].append((step, value))
        cursor = key
    return dict(found), cursor


def series(session: Session, run_id: str, names: Sequence[str] = ()) -> Series:
    """Whole curves, each in order of its steps."""
    query = select(col(Metric.name), col(Metric.step), col(Metric.value)).where(
        col(Metric.run_id) == run_id
    )
    if names:
        query = query.where(col(Metric.name).in_(names))
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for name, step, value in session.execute(
        query.order_by(col(Metric.name), col(Metric.step), col(Metric.id))
    ):
        found[name].append((step, value))
    return dict(found)


def times(session: Session, run_id: str) -> Series:
    """When each point of each curve was written, (step, UTC epoch seconds), in the order of `series`."""
    query = select(col(Metric.name), col(Metric.step), col(Metric.at)).where(
        col(Metric.run_id) == run_id
    )
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for name, step, at in session.execute(
        query.order_by(col(Metric.name), col(Metric.step), col(Metric.id))
    ):
        found[name].append((step, at))
    return dict(found)


def events_after(
    session: Session, run_id: str, cursor: int = 0, limit: int | None = None
) -> list[Event]:
    query = select(Event).where(col(Event.run_id) == run_id, col(Event.id) > cursor)
    return list(session.scalars(query.order_by(col(Event.id)).limit(limit)))


def artefacts(
    session: Session,
    run_id: str,
    role: str = "",
    cursor: int = 0,
    limit: int | None = None,
    hidden: Sequence[str] = (),
) -> list[tuple[Artefact, Blob]]:
    """The files of a run with an id above `cursor`, in their order.

    Args:
        role: only those of this one.
        hidden: roles that are left out, but for files that are lost.
    """
    query = (
        select(Artefact, Blob)
        .join(Blob, col(Blob.sha256) == col(Artefact.sha256))
        .where(col(Artefact.run_id) == run_id, col(Artefact.id) > cursor)
        .where(or_(col(Artefact.role).not_in(hidden), col(Blob.lost_at).is_not(None)))
        .order_by(col(Artefact.id))
        .limit(limit)
    )
    if role:
        query = query.where(col(Artefact.role) == role)
    return [(artefact, blob) for artefact, blob in session.execute(query)]


def named(session: Session, run_id: str, name: str) -> Artefact | None:
    query = select(Artefact).where(col(Artefact.run_id) == run_id, col(Artefact.name) == name)
    return session.scalars(query).first()


def made(
    session: Session,
    name: str,
    families: Sequence[str],
    limit: int,
    after: End | None = None,
) -> list[tuple[Artefact, Run]]:
    """The artefacts of that name of runs of these families, those of the newest runs first.

    Args:
        after: (created_at, id) of the last run seen.
    """
    query = (
        select(Artefact, Run)
        .join(Run, col(Run.id) == col(Artefact.run_id))
        .where(col(Artefact.name) == name, col(Run.family).in_(families))
    )
    query = behind(query, (col(Run.created_at), col(Run.id)), after, limit)
    return [(artefact, run) for artefact, run in session.execute(query)]


def add_blob(session: Session, sha256: str, size: int, mime: str) -> None:
    known = session.get(Blob, sha256)
    if known is not None:
        known.lost_at = None  # whoever adds it has just put the file
        return
    # Only PostgreSQL has several writers: another worker may be keeping the same content just now.
    with suppress(IntegrityError), session.begin_nested():
        session.add(Blob(sha256=sha256, size=size, mime=mime))


def put_artefact(session: Session, artefact: Artefact, size: int, mime: str) -> None:
    """Add an artefact; one of the same name in the same run is replaced (a retry, or the next preview)."""
    add_blob(session, artefact.sha256, size, mime)
    session.execute(
        delete(Artefact).where(
            col(Artefact.run_id) == artefact.run_id, col(Artefact.name) == artefact.name
        )
    )
    session.add(artefact)


def put_checkpoint(session: Session, run_id: str, attempt: int, sha256: str, size: int) -> None:
    """Keep a state, and the place each table had reached, so that a later attempt writes every row once."""
    add_blob(session, sha256, size, "application/octet-stream")
    session.execute(delete(Checkpoint).where(col(Checkpoint.run_id) == run_id))
    marks = {str(table.__tablename__): _last(session, table, run_id) for table in REPORTED}
    session.add(Checkpoint(run_id=run_id, attempt=attempt, sha256=sha256, marks=marks))


def last(session: Session, run_id: str, kind: str) -> int:
    """The id of the newest row of a run in the table that has the rows of a kind; 0 without any."""
    return _last(session, TABLES.get(kind, Record), run_id)


def _last(session: Session, table: type[Reported], run_id: str) -> int:
    return session.scalar(select(func.max(table.id)).where(col(table.run_id) == run_id)) or 0


def drop_after_checkpoint(session: Session, run_id: str) -> None:
    """Forget what a lost attempt wrote after its last checkpoint; the next attempt writes it again."""
    kept = session.get(Checkpoint, run_id)
    for table in REPORTED:
        mark = kept.marks.get(str(table.__tablename__), 0) if kept else 0
        after = (col(table.run_id) == run_id, col(table.id) > mark)
        dropped = cast(CursorResult[Any], session.execute(delete(table).where(*after))).rowcount
        if table is PairStep and dropped:
            states.rebuild(session, run_id)


def has_more(session: Session, run_id: str, than: int) -> bool:
    """Whether a run has more rows than that in one of the tables for many rows."""
    some = (
        select(col(table.id)).where(col(table.run_id) == run_id).offset(than).limit(1)
        for table in TABLES.values()
    )
    return any(session.scalar(query) is not None for query in some)


def thin(session: Session, run_id: str, most: int) -> int:
    """Delete up to `most` rows of a run from each of the tables for many rows; gives how many went."""
    gone = 0
    for table in TABLES.values():
        some = select(col(table.id)).where(col(table.run_id) == run_id).limit(most)
        done = session.execute(delete(table).where(col(table.id).in_(some)))
        gone += cast(CursorResult[Any], done).rowcount
    return gone


def write(session: Session, reported: Iterable[NewRow]) -> None:
    """Add rows that a run reported, those of each table in their order and in one statement."""
    tables: defaultdict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for each, values in reported:
        tables[each].append(values)
    for kind, added in tables.items():
        session.execute(insert(inspect(kind).local_table), added)
    states.note(session, tables[PairStep])


def rows(
    session: Session,
    run_id: str,
    kind: str,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: str = "",
    descending: bool = False,
    filters: Sequence[Filter] = (),
    until: int | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """One page of the rows of a kind, sorted by one of their fields (rows without it last), and how many there are.

    Args:
        until: only rows with an id up to this one (`last`): a run that goes on adds none in between.

    Raises:
        ValueError: a filter does not fit its field.
    """
    table: type[Record | Typed] = TABLES.get(kind, Record)
    where: list[ColumnElement[bool]] = [col(table.run_id) == run_id]
    if table is Record:
        where.append(col(Record.kind) == kind)
    if until is not None:
        where.append(col(table.id) <= until)
    where += [condition(table, each, is_postgres(session)) for each in filters]
    total = session.scalar(select(func.count()).select_from(table).where(*where)) or 0
    order: list[Any] = [col(table.id)]
    if sort:
        key = sort_key(table, sort, _json_number(session, table, where[:2], sort))
        order.insert(0, (key.desc() if descending else key.asc()).nulls_last())
    page = select(col(table.id)).where(*where).order_by(*order).offset(offset).limit(limit)
    return whole(session, table, list(session.scalars(page))), total


def whole(session: Session, table: Any, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rows with these ids, in their order. Finding first and reading after, no text is read that is not shown."""
    found = {row.id: row for row in session.scalars(select(table).where(col(table.id).in_(ids)))}
    return [plain(found[each]) for each in ids if each in found]


def _json_number(
    session: Session, table: type[Record | Typed], where: Sequence[Any], name: str
) -> bool:
    """Whether the first row that has the field in its JSON has a number in it."""
    if name in columns(table):
        return False
    field = col(table.data)[name].as_string().is_not(None)
    query = select(col(table.data)).where(*where, field).order_by(col(table.id)).limit(1)
    value = (session.scalars(query).first() or {}).get(name)
    return isinstance(value, (int, float)) and not isinstance(value, bool)
