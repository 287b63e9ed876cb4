"""Tables from CSV and parquet files, and their columns as texts or numbers, with the row of what is wrong."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from methods.anomaly.graphs.parts import Array

NOTHING = ("", "na", "n/a", "nan", "null", "none")
"""Cells that say that a value is missing, in lower case."""
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
MOSTLY = 0.5
"""Share of numbers from which a column is one of numbers, and what else stands in it is a mistake."""
DELIMITERS = ",;\t"
MOST_SKIPPED = 1000


def read_table(path: Path, told: str) -> pa.Table:
    """A CSV (comma, semicolon, tab or space; lines with # above it are skipped) or parquet file.

    All columns of a CSV are texts. One without a header, whose first line is all numbers, has the columns "column 1" and so on.

    Raises:
        ValueError: it is damaged, empty, not UTF-8, or has a column twice.
    """
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    try:
        table = pq.read_table(path) if parquet else _read_csv(path, told)
    except (pa.ArrowException, OSError) as error:
        hint = ". Save it as UTF-8" if "UTF8" in str(error) else ""
        raise ValueError(
            f"{told} cannot be read: {str(error).splitlines()[0]:.300}{hint}"
        ) from error
    if len(set(table.column_names)) < table.num_columns:
        twice = next(each for each in table.column_names if table.column_names.count(each) > 1)
        raise ValueError(f"{told} has two columns called {twice!r}")
    if not table.num_rows:
        raise ValueError(f"{told} has no rows")
    return table


def _read_csv(path: Path, told: str) -> pa.Table:
    skipped, first = _first_line(path, told)
    delimiter = (
        max(DELIMITERS, key=first.count) if any(each in first for each in DELIMITERS) else " "
    )
    header = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))]
    headless = all(_is_number(cell) for cell in header)
    names = [f"column {j + 1}" for j in range(len(header))] if headless else header
    if len(set(names)) < len(names):
        twice = next(each for each in names if names.count(each) > 1)
        raise ValueError(f"{told} has two columns called {twice!r}")
    return pv.read_csv(
        path,
        pv.ReadOptions(column_names=names, skip_rows=skipped + (not headless)),
        pv.ParseOptions(delimiter=delimiter, newlines_in_values=False),
        pv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )


def _first_line(path: Path, told: str) -> tuple[int, str]:
    """How many lines to skip, and the first line that is no comment."""
    with path.open("rb") as file:
        for skipped in range(MOST_SKIPPED):
            line = file.readline(1 << 20)
            try:
                text = line.removeprefix(b"\xef\xbb\xbf").decode().rstrip("\r\n")
            except UnicodeDecodeError:
                raise ValueError(f"{told}, line {skipped + 1} is not UTF-8 text") from None
            if not line:
                break
            if text.strip() and not text.startswith("#"):
                return skipped, text
    raise ValueError(f"{told} has no rows")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def strings(table: pa.Table, name: str) -> pa.Array:
    """A column as one Arrow array of strings, without spaces around them; what is missing or empty is null."""
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        whole = pc.all(pc.equal(pc.round(column), column)).as_py()
        column = column.cast(pa.int64()) if whole and not column.null_count else column
    column = pc.utf8_trim_whitespace(column.cast(pa.string()))
    column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def texts(table: pa.Table, name: str) -> list[str]:
    """A column as texts; what is missing is ""."""
    found: list[str] = pc.fill_null(strings(table, name), "").to_pylist()
    return found


def numbers(table: pa.Table, name: str) -> Array | None:
    """A column as float64, NaN where a value is missing; None where it is not one of numbers (or of true and false).

    Raises:
        ValueError: most of its texts are numbers and some are not, by the first row of those.
    """
    column = table.column(name)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = _parsed(pc.utf8_trim_whitespace(column), f"column {name!r}")
        if column is None:
            return None
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None
    array: Array = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return array.astype(np.float64, copy=False)


def _parsed(column: Any, what: str) -> Any | None:
    """Texts as numbers; None where few of them are numbers, or all are missing."""
    empty = pc.is_in(pc.utf8_lower(column), value_set=pa.array(NOTHING))
    known = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    if known.null_count == len(known):
        return None
    lower = pc.utf8_lower(known)
    if pc.all(pc.is_in(lower, value_set=pa.array(["true", "false"]))).as_py():
        return pc.equal(lower, "true").cast(pa.int8())
    try:
        return known.cast(pa.float64())
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(known, NUMBER)
    if pc.mean(numeric.cast(pa.float64())).as_py() < MOSTLY:
        return None
    row = pc.index(numeric, False).as_py()
    raise ValueError(
        f"row {row + 1}, {what}: {known[row].as_py()!r:.40} is no number, as the other values are (with a point for decimals)"
    )
