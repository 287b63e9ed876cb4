"""`hardness.parquet`: delta, factor and evidence of every pair, as training takes them up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

NAME = "hardness.parquet"
ABOUT = b"vitrine.hardness"
"""Key of the file's metadata under which its settings stand as JSON."""
GROUP = 4096
"""Rows written at a time."""
SCHEMA = pa.schema(
    {
        "position": pa.int64(),
        "pair_id": pa.string(),
        "delta": pa.float64(),
        "data_factor": pa.float64(),
        "chosen_pieces": pa.int32(),  # how many of `pieces` are the chosen answer's: they come first
        "pieces": pa.list_(pa.string()),
        "cos": pa.list_(pa.float32()),
        "share": pa.list_(pa.float64()),
    }
)


@dataclass(frozen=True)
class HardnessFile:
    """What training needs of such a file.

    Attributes:
        delta: by pair id.
        mean_delta: the delta whose factor is 1.
        about: score, scale, splitter, CLIP and its id, as they were when it was made.
    """

    delta: Mapping[str, float]
    mean_delta: float
    about: Mapping[str, Any]


class HardnessWriter:
    """Writes rows of `SCHEMA` as they come, a few thousand at a time."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Begin a file; `about` holds at least `mean_delta`."""
        self._writer = pq.ParquetWriter(
            path, SCHEMA.with_metadata({ABOUT: json.dumps(dict(about)).encode()})
        )
        self._rows: list[Mapping[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows += rows
        if len(self._rows) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []


def read_hardness(path: Path) -> HardnessFile:
    """Read delta of every pair.

    Raises:
        ValueError: it is no such file, or a delta is not finite.
    """
    try:
        table = pq.read_table(path, columns=["pair_id", "delta"])
        about = json.loads((table.schema.metadata or {})[ABOUT])
        mean = float(about["mean_delta"])
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path.name} is no {NAME} of a hardness run: {error}") from error
    delta = dict(zip(table["pair_id"].to_pylist(), table["delta"].to_pylist(), strict=True))
    broken = [name for name, value in delta.items() if value is None or value - value != 0]
    if broken:
        raise ValueError(f"{path.name}: delta of pair {broken[0]} is not a finite number")
    return HardnessFile(delta, mean, about)
