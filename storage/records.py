"""What runs report as they go: curves, events, rows and artefacts. Writers pass the attempt; readers a cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from storage.models import Artefact, Blob, Checkpoint, Event, Metric, Record, now

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


def events_after(session: Session, run_id: str, cursor: int = 0) -> list[Event]:
    query = select(Event).where(col(Event.run_id) == run_id, col(Event.id) > cursor)
    return list(session.scalars(query.order_by(col(Event.id))))


def artefacts(session: Session, run_id: str, role: str = "") -> list[tuple[Artefact, Blob]]:
    query = (
        select(Artefact, Blob)
        .join(Blob, col(Blob.sha256) == col(Artefact.sha256))
        .where(col(Artefact.run_id) == run_id)
        .order_by(col(Artefact.id))
    )
    if role:
        query = query.where(col(Artefact.role) == role)
    return [(artefact, blob) for artefact, blob in session.execute(query)]


def named(session: Session, run_id: str, name: str) -> Artefact | None:
    query = select(Artefact).where(col(Artefact.run_id) == run_id, col(Artefact.name) == name)
    return session.scalars(query).first()


def add_blob(session: Session, sha256: str, size: int, mime: str) -> None:
    if session.get(Blob, sha256) is not None:
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
    session.add(
        Checkpoint(
            run_id=run_id,
            attempt=attempt,
            sha256=sha256,
            metric_id=_last(session, Metric, run_id),
            record_id=_last(session, Record, run_id),
            artefact_id=_last(session, Artefact, run_id),
            created_at=now(),
        )
    )


def _last(
    session: Session, table: type[Metric] | type[Record] | type[Artefact], run_id: str
) -> int:
    return session.scalar(select(func.max(table.id)).where(col(table.run_id) == run_id)) or 0


def drop_after_checkpoint(session: Session, run_id: str) -> None:
    """Forget what a lost attempt wrote after its last checkpoint; the next attempt writes it again."""
    kept = session.get(Checkpoint, run_id)
    marks: list[tuple[type[Metric] | type[Record] | type[Artefact], int]] = [
        (Metric, kept.metric_id if kept else 0),
        (Record, kept.record_id if kept else 0),
        (Artefact, kept.artefact_id if kept else 0),
    ]
    for table, mark in marks:
        session.execute(delete(table).where(col(table.run_id) == run_id, col(table.id) > mark))


def rows(
    session: Session,
    run_id: str,
    kind: str,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: str = "",
    descending: bool = False,
) -> tuple[list[Mapping[str, Any]], int]:
    """One page of the rows of a kind, sorted by one of their fields (rows without it last), and how many there are."""
    where = (col(Record.run_id) == run_id, col(Record.kind) == kind)
    total = session.scalar(select(func.count()).select_from(Record).where(*where)) or 0
    order: list[Any] = [col(Record.id)]
    if sort:
        field = col(Record.data)[sort]
        key = field.as_float() if _is_number(session, run_id, kind, sort) else field.as_string()
        order.insert(0, (key.desc() if descending else key.asc()).nulls_last())
    query = select(col(Record.data)).where(*where).order_by(*order).offset(offset).limit(limit)
    return list(session.scalars(query)), total


def _is_number(session: Session, run_id: str, kind: str, name: str) -> bool:
    """Whether the first row that has the field has a number in it."""
    query = select(col(Record.data)).where(
        col(Record.run_id) == run_id,
        col(Record.kind) == kind,
        col(Record.data)[name].as_string().is_not(None),
    )
    first = session.scalars(query.order_by(col(Record.id)).limit(1)).first() or {}
    value = first.get(name)
    return isinstance(value, (int, float)) and not isinstance(value, bool)
