"""The curves of runs, read alike whether their points are rows of the database or packed into one file.

A packed run has an artefact `.curves.parquet` (a name that no method can give) with a row for each point: id, attempt, name,
step, value and time, in the types of the table, so that nothing is rounded. Its rows are deleted when the file is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from backend.stored import store
from storage import records
from storage.artefacts import StorageError
from storage.models import Metric
from storage.records import Series

PACKED, ROLE, MIME = ".curves.parquet", "curves", "application/vnd.apache.parquet"
COLUMNS = ("id", "attempt", "name", "step", "value", "at")
Point = tuple[int, int, str, int, float, float]


class LostCurves(StorageError):
    """The file with the curves of a run is gone or damaged."""


def series(session: Session, run_id: str, names: Sequence[str] = ()) -> Series:
    """Whole curves, each in order of its steps.

    Raises:
        LostCurves: they were packed, and the file is gone.
    """
    sha256 = packed(session, run_id)
    if sha256 is None:
        return records.series(session, run_id, names)
    wanted = (point for point in _points(sha256) if not names or point[2] in names)
    return _by_name(sorted(wanted, key=lambda point: (point[2], point[3], point[0])))


def metrics_after(session: Session, run_id: str, cursor: int) -> tuple[Series, int]:
    """Points written since `cursor`, by curve, and the new cursor.

    Raises:
        LostCurves: they were packed, and the file is gone.
    """
    sha256 = packed(session, run_id)
    if sha256 is None:
        return records.metrics_after(session, run_id, cursor)
    found = [point for point in _points(sha256) if point[0] > cursor]
    return _by_name(found), found[-1][0] if found else cursor


def rows(session: Session, run_id: str) -> Iterator[dict[str, Any]] | None:
    """The points of a packed run as rows of their table without its key; None if they are in the table."""
    sha256 = packed(session, run_id)
    if sha256 is None:
        return None
    names = COLUMNS[1:]
    return (
        {"run_id": run_id, **dict(zip(names, each[1:], strict=True))} for each in _points(sha256)
    )


def packed(session: Session, run_id: str) -> str | None:
    """The file that has the points of a run; None if they are in the database."""
    artefact = records.named(session, run_id, PACKED)
    return artefact.sha256 if artefact else None


def from_table(session: Session, run_id: str) -> list[Point]:
    """The points of a run that are in the database, in the order in which they were written."""
    columns = [col(getattr(Metric, name)) for name in COLUMNS]
    query = select(*columns).where(col(Metric.run_id) == run_id).order_by(col(Metric.id))
    return [tuple(row) for row in session.execute(query)]


def pack(points: Sequence[Point]) -> bytes:
    """Points as a Parquet file."""
    import pyarrow as pa  # noqa: PLC0415  it takes a while, and few runs are packed
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = (pa.int64(), pa.int64(), pa.string(), pa.int64(), pa.float64(), pa.float64())
    columns = zip(*points, strict=True)
    arrays = [pa.array(column, held) for column, held in zip(columns, types, strict=True)]
    target = BytesIO()
    pq.write_table(pa.table(arrays, names=list(COLUMNS)), target, compression="zstd")
    return target.getvalue()


def unpack(content: bytes) -> list[Point]:
    """The points of a file that `pack` wrote.

    Raises:
        ValueError: it is no such file.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(BytesIO(content), columns=list(COLUMNS))
    except pa.ArrowException as error:
        raise ValueError(f"no packed curves: {error}") from None
    return list(zip(*(table[name].to_pylist() for name in COLUMNS), strict=True))


@lru_cache(
    maxsize=16
)  # a file of the store never changes, and a page asks for several things at once
def _points(sha256: str) -> tuple[Point, ...]:
    try:
        return tuple(unpack(store().get(sha256)))
    except (StorageError, ValueError) as error:
        raise LostCurves(f"the curves of this run are lost: {error}") from None


def _by_name(points: Sequence[Point]) -> Series:
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for _, _, name, step, value, _ in points:
        found[name].append((step, value))
    return dict(found)
