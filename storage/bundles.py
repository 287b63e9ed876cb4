"""Whole runs as plain rows: everything that tables hold of a run, out of one database and into another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import inspect, select
from sqlmodel import Session, SQLModel, col

from storage.kept import Dataset
from storage.models import Artefact, Attempt, Blob, Event, Metric, Record, Run
from storage.typed import TABLES, PairState

OF_A_RUN: dict[str, type[SQLModel]] = {
    table.__tablename__: table  # type: ignore[misc]
    for table in (Attempt, Metric, Event, Record, Artefact, *TABLES.values(), PairState)
}
"""What belongs to one run, by the table's name. Checkpoints are left out: a finished run goes on from nowhere."""
BATCH = 2000

Row = dict[str, Any]


def rows_of(session: Session, name: str, run_id: str) -> Iterator[Row]:
    """The rows of one table that belong to a run, in their order, without the keys that this database gave them."""
    table = OF_A_RUN[name]
    given = own_key(table)
    columns = [each for each in inspect(table).columns if each.key != given]
    order = inspect(table).primary_key
    query = select(*columns).where(col(table.run_id) == run_id).order_by(*order)  # type: ignore[attr-defined]
    for row in session.execute(query.execution_options(yield_per=BATCH)):
        yield dict(zip((each.key for each in columns), row, strict=True))


def own_key(table: type[SQLModel]) -> str | None:
    """The column that the database counts up by itself, if the table has one."""
    keys = inspect(table).primary_key
    return keys[0].key if len(keys) == 1 and keys[0].key == "id" else None


def columns(table: type[SQLModel]) -> set[str]:
    """What a row of a table may have."""
    return {each.key for each in inspect(table).columns} - {own_key(table)}


def add_rows(session: Session, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add rows of one table, checked against its types; says how many.

    Raises:
        pydantic.ValidationError: a value is not of its column's type.
    """
    table, count = OF_A_RUN[name], 0
    given = own_key(table)
    left = iter(rows)
    while some := list(islice(left, BATCH)):
        exclude = {given} if given else None
        checked = [table.model_validate(row).model_dump(exclude=exclude) for row in some]
        session.execute(inspect(table).local_table.insert(), checked)
        count += len(checked)
    return count


def files_of(session: Session, run_ids: Sequence[str]) -> dict[str, Blob]:
    """The files that some runs made, by their sha256."""
    query = (
        select(Blob)
        .join(Artefact, col(Artefact.sha256) == col(Blob.sha256))
        .where(col(Artefact.run_id).in_(run_ids))
    )
    return {blob.sha256: blob for blob in session.scalars(query)}


def uploads_of(session: Session, names: Iterable[str]) -> list[tuple[Dataset, Blob]]:
    """Of names that settings point to, those that are files which people brought."""
    query = (
        select(Dataset, Blob)
        .join(Blob, col(Blob.sha256) == col(Dataset.sha256))
        .where(col(Dataset.id).in_(list(names)))
    )
    return [(dataset, blob) for dataset, blob in session.execute(query)]


def there(session: Session, run_ids: Sequence[str]) -> list[str]:
    """Those of some runs that this database has."""
    return list(session.scalars(select(col(Run.id)).where(col(Run.id).in_(run_ids))))
