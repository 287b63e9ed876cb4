"""Writes pairs as parquet that `datasets` reads with its images decoded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from methods.alignment.pairs.formats import Format
from methods.alignment.pairs.pair import Pair, Picture, Turn, make_pair
from methods.alignment.pairs.write import Written, file_name, row_of
from methods.row_files import JSON_MARK

GROUP_ROWS = 100
"""Rows of a row group: as many images are read to see one of them."""
TOO_LARGE = 2**63
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SCALARS = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def write_parquet(pairs: Iterable[Pair], path: Path, format: Format, with_images: bool) -> Written:
    """Write the pairs, in row groups of `GROUP_ROWS`; see `write_pairs`."""
    schema = _schema(pairs, format, with_images)
    written = Written()
    rows = _rows(pairs, format, with_images, written)
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, GROUP_ROWS)):
            encoded = [{field.name: _value(row, field) for field in schema} for row in group]
            writer.write_table(pa.Table.from_pylist(encoded, schema))
    return written


def _rows(
    pairs: Iterable[Pair], format: Format, with_images: bool, written: Written
) -> Iterator[dict[str, Any]]:
    for pair in pairs:
        images = [{"bytes": image.read(), "path": _path(image)} for image in pair.images]
        written.images.update(image.sha256 for image in pair.images)
        written.pairs += 1
        yield row_of(pair, format, images if with_images else None)


def _path(image: Picture) -> str:
    """Its last name: the folders it lay in are nobody's business."""
    return PurePosixPath(image.name).name or file_name(image)


def _value(row: dict[str, Any], field: pa.Field) -> Any:
    value = row.get(field.name)
    is_json = (field.metadata or {}).get(b"vitrine") == JSON_MARK
    return json.dumps(value) if is_json and value is not None else value


def _schema(pairs: Iterable[Pair], format: Format, with_images: bool) -> pa.Schema:
    """Columns of the format, as an example has them, then one for each name in any pair's meta."""
    there = _example(format, with_images)
    seen: dict[str, _Seen] = {}
    for pair in pairs:
        row = row_of(pair, format, [{}] * len(pair.images) if with_images else None)
        for name in row.keys() - there.names:
            seen.setdefault(name, _Seen()).add(row[name])
    fields = [*there, *(seen[name].field(name) for name in sorted(seen))]
    schema = pa.schema(fields)
    features = {field.name: _feature(field.type) for field in schema}
    about = json.dumps({"info": {"features": features}})
    return schema.with_metadata({"huggingface": about})


def _example(format: Format, with_images: bool) -> pa.Schema:
    image = Picture("", lambda: b"")
    turn = Turn("user", "a question", (0,) if with_images else ())
    pair = make_pair(0, [turn], "an answer", "another", [image] if with_images else [])
    row = format.write(pair, [{"bytes": b"", "path": ""}] if with_images else None)
    return pa.Table.from_pylist([row]).schema


class _Seen:
    """The types that a column of meta holds."""

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.numbers = True
        self.large = False

    def add(self, value: Any) -> None:
        self.types.add(type(value))
        self.large |= isinstance(value, int) and abs(value) >= TOO_LARGE
        self.numbers &= isinstance(value, list) and all(type(item) is float for item in value)

    def field(self, name: str) -> pa.Field:
        """A plain column where all values are alike, else one of JSON texts."""
        if len(self.types) == 1 and not self.large:
            (only,) = self.types
            if only in SCALARS:
                return pa.field(name, SCALARS[only])
            if self.numbers:
                return pa.field(name, pa.list_(pa.float64()))
        return pa.field(name, pa.string(), metadata={"vitrine": JSON_MARK})


def _feature(type: pa.DataType) -> Any:
    """A column's type as `datasets` describes it, so that it decodes the images."""
    if type == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_list(type):
        return [_feature(type.value_type)]
    if pa.types.is_struct(type):
        return {field.name: _feature(field.type) for field in type}
    names: Sequence[tuple[pa.DataType, str]] = (
        (pa.bool_(), "bool"),
        (pa.int64(), "int64"),
        (pa.float64(), "float64"),
    )
    return {
        "dtype": next((name for kind, name in names if kind == type), "string"),
        "_type": "Value",
    }
