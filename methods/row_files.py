"""Rows of JSONL, JSON and parquet files, any of them at once, without holding the file in memory."""

from __future__ import annotations

import json
import mmap
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["parquet", "zip", "json", "jsonl"]
JSON_MARK = b"json"
"""What a parquet column's metadata says under "vitrine" where each value is a JSON text."""
LARGE_GROUP = 256 * 10**6
"""Bytes from which a row group is not held in memory: it is laid out on disk once, and mapped."""
MAX_VALUES = 200_000_000
"""Of a parquet file, in all rows and columns."""
_STRUCTURE = re.compile(rb'["\\\[\]{},]')


class RowError(ValueError):
    """A row that breaks a rule.

    Attributes:
        field: the column, or the part of it, such as "images[1]"; "(row)" is all of it.
        rule: the rule's name.
        message: what was got and what is allowed.
        row: position in the source, from 0; -1 where it is not known yet.
    """

    def __init__(self, field: str, rule: str, message: str, row: int = -1) -> None:
        self.field, self.rule, self.message, self.row = field, rule, message, row
        super().__init__(f"{f'row {row}, ' if row >= 0 else ''}{field} ({rule}): {message}")

    def at(self, row: int) -> Self:
        """The same with the row in which it was found."""
        return type(self)(self.field, self.rule, self.message, row)


class Rows(Protocol):
    """Rows by their position."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Raises `RowError` where the row cannot be read."""


def kind_of(path: Path) -> Kind:
    """What a file is, told by its content: what is stored has no suffix.

    Raises:
        ValueError: it is empty, or none of these.
    """
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise ValueError(f"{path.name} is empty")
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "jsonl"
    raise ValueError(
        f"{path.name} holds no rows that can be read: JSONL, JSON, parquet and zip are read, and folders of these"
    )


def open_rows(path: Path) -> Rows:
    """The rows of one file.

    Raises:
        ValueError: it holds none, or cannot be read.
    """
    kind = kind_of(path)
    if kind == "zip":
        raise ValueError(f"{path.name} is a zip inside of what was given; unpack it first")
    rows: Rows = ParquetRows(path) if kind == "parquet" else JsonRows(path, kind == "json")
    if not len(rows):
        raise ValueError(f"{path.name} holds no rows")
    return rows


class JsonRows:
    """Objects of a JSONL file, one a line, or of a JSON list; only where each begins and ends is kept."""

    def __init__(self, path: Path, is_list: bool) -> None:
        self.path = path
        self.starts, self.ends = array("Q"), array("Q")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if is_list:
                self._find_elements(data)
            else:
                self._find_lines(data)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> dict[str, Any]:
        with self.path.open("rb") as file:
            file.seek(self.starts[index])
            data = file.read(self.ends[index] - self.starts[index])
        try:
            row = json.loads(data.removeprefix(b"\xef\xbb\xbf").decode())
        except (ValueError, RecursionError) as error:
            raise RowError("(row)", "json", f"no JSON: {error}", index) from None
        if not isinstance(row, dict):
            raise RowError("(row)", "json", f"an object; got {type(row).__name__}", index)
        return row

    def _find_lines(self, data: mmap.mmap) -> None:
        start, size = 0, len(data)
        while start < size:
            end = data.find(b"\n", start)
            end = size if end < 0 else end
            if data[start:end].strip():
                self.starts.append(start)
                self.ends.append(end)
            start = end + 1
        if len(self) > 1 and data[self.starts[0] : self.ends[0]].strip() == b"{":
            raise ValueError(
                f"{self.path.name} is one JSON object over several lines; a list of rows, or one row a line, is read"
            )

    def _find_elements(self, data: mmap.mmap) -> None:
        depth, start, in_text, skip = 0, 0, False, -1
        for found in _STRUCTURE.finditer(data):
            at, mark = found.start(), found.group()
            if at == skip:
                continue
            if in_text:
                if mark == b"\\":
                    skip = at + 1  # what it escapes is no structure
                elif mark == b'"':
                    in_text = False
            elif mark == b'"':
                in_text = True
            elif mark in b"[{":
                depth += 1
                start = at + 1 if depth == 1 else start
            elif mark in b"]}" or (mark == b"," and depth == 1):
                depth -= mark in b"]}"
                if depth == 0 or (mark == b"," and depth == 1):
                    self._add_element(data, start, at)
                    start = at + 1
                if depth == 0:
                    return
        raise ValueError(f"{self.path.name} is cut off: the list has no end")

    def _add_element(self, data: mmap.mmap, start: int, end: int) -> None:
        if data[start:end].strip():
            self.starts.append(start)
            self.ends.append(end)


class ParquetRows:
    """Rows of a parquet file; one row group is held at a time, and one of more than `LARGE_GROUP` bytes is mapped."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415  a second; whoever brings JSON need not wait for it
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            self.file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path.name} is no parquet file that can be read: {error}") from error
        told = self.file.metadata
        if told.num_rows * told.num_columns > MAX_VALUES:
            raise ValueError(
                f"{path.name} has {told.num_rows:,} rows of {told.num_columns} columns; {MAX_VALUES:,} values are read: of equal ones "
                "a few bytes hold so many"
            )
        groups = range(told.num_row_groups)
        self.path = path
        self.bounds = [
            0,
            *accumulate(self.file.metadata.row_group(group).num_rows for group in groups),
        ]
        schema = self.file.schema_arrow
        self.json_columns = {
            field.name for field in schema if (field.metadata or {}).get(b"vitrine") == JSON_MARK
        }
        self._held: tuple[int, pa.Table] | None = None
        self._mapped: dict[int, pa.Table] = {}
        self._folder: TemporaryDirectory[str] | None = None

    def __len__(self) -> int:
        return int(self.bounds[-1])

    def __getitem__(self, index: int) -> dict[str, Any]:
        import pyarrow as pa  # noqa: PLC0415

        group = bisect_right(self.bounds, index) - 1
        try:
            table = self._group(group)
        except (pa.ArrowException, OSError) as error:
            raise RowError(
                "(row)", "columns", f"{self.path.name} is damaged: {error}", index
            ) from None
        offset = index - self.bounds[group]
        row = {name: table.column(name)[offset].as_py() for name in table.column_names}
        for name in self.json_columns:
            row[name] = None if row[name] is None else json.loads(row[name])
        return row

    def _group(self, group: int) -> pa.Table:
        if group in self._mapped:
            return self._mapped[group]
        if self._held is None or self._held[0] != group:
            if self.file.metadata.row_group(group).total_byte_size > LARGE_GROUP:
                self._mapped[group] = self._map(group)
                return self._mapped[group]
            self._held = group, self.file.read_row_group(group)
        return self._held[1]

    def _map(self, group: int) -> pa.Table:
        import pyarrow as pa  # noqa: PLC0415

        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="vitrine-rows-")
        path = f"{self._folder.name}/{group}.arrow"
        with pa.OSFile(path, "wb") as out, pa.ipc.new_file(out, self.file.schema_arrow) as writer:
            for batch in self.file.iter_batches(batch_size=64, row_groups=[group]):
                writer.write_batch(batch)
        return pa.ipc.open_file(pa.memory_map(path)).read_all()


class ManyRows:
    """Several files in a row, as one."""

    def __init__(self, shards: Sequence[Rows]) -> None:
        self.shards = shards
        self.bounds = [0, *accumulate(len(shard) for shard in shards)]

    def __len__(self) -> int:
        return self.bounds[-1]

    def __getitem__(self, index: int) -> dict[str, Any]:
        shard = bisect_right(self.bounds, index) - 1
        return self.shards[shard][index - self.bounds[shard]]
