"""Tables of instruction rows: opened, checked from end to end, and then read row by row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from methods.row_files import ManyRows, RowError, Rows, open_rows
from methods.unlearning.rows.formats import FORMATS, Format, recognise
from methods.unlearning.rows.problems import MAX_TEXT, BrokenRows
from methods.unlearning.rows.row import ID_LENGTH, Row, RowIds, Turn, content_of

ROW_ID = "row_id"
"""The column in which our own files keep a row's id."""
KEPT_PROBLEMS = 100
SUFFIXES = (".parquet", ".jsonl", ".json")
_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


class RowTable(Sequence[Row]):
    """Rows of a file; their texts are read anew each time, so that a large table needs no memory.

    Attributes:
        name: of the file.
        format: whose columns the rows have.
        ids: of the rows, in their order.
    """

    def __init__(self, name: str, data: Rows, format: Format, ids: Sequence[str]) -> None:
        self.name, self.format, self.ids = name, format, ids
        self._data = data

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        given = self._data[place]
        turns, answer = self.format.read(given)
        return Row(self.ids[place], place, tuple(turns), answer, _meta(given, self.format))


def read_rows(path: str | Path, format: str = "auto", name: str = "") -> RowTable:
    """Open a table of instruction rows and look at every one of them.

    Args:
        path: a JSONL, JSON or parquet file, or a folder of parquet shards.
        format: "alpaca", "completion", "chat", "sharegpt", or "auto" to tell it by the first row's columns.
        name: what to call the rows in messages; "" is what the file is called.

    Returns:
        The rows as a sequence that reads them lazily. A file that `write_rows` has written gives back its ids.

    Raises:
        ValueError: there is no such file, or it is of no known format; `BrokenRows` where rows are none, by row, field and rule.
    """
    found = Path(path).expanduser()
    return table_of(_open(found), format, name or found.name)


def table_of(data: Rows, format: str = "auto", name: str = "rows") -> RowTable:
    """The same of rows that are open, a list of dicts say."""
    if not len(data):
        raise ValueError(f"{name} holds no rows")
    kind = _format(data, format, name)
    problems: list[RowError] = []
    broken, maker, ids = 0, RowIds(), _Unique()
    for place in range(len(data)):
        try:
            row = data[place]
            turns, answer = kind.read(row)
            check_row(turns, answer)
            made = maker.of(content_of(turns, answer))
            ids.add(_given_id(row) or made)
        except RowError as error:
            broken += 1
            problems += [error.at(place)] if len(problems) < KEPT_PROBLEMS else []
    if problems:
        raise BrokenRows(name, problems, broken, len(data))
    return RowTable(name, data, kind, ids.ids)


def check_row(turns: Sequence[Turn], answer: str) -> None:
    """Raise `RowError` where turns and answer are no row."""
    _check_order(turns)
    if not turns[-1].text.strip():
        raise RowError("prompt", "prompt", "the user's last turn has no text")
    if not answer.strip():
        raise RowError("answer", "empty_answer", "the answer has no text")
    for name, text in [*((turn.role, turn.text) for turn in turns), ("answer", answer)]:
        if len(text) > MAX_TEXT:
            raise RowError(name, "too_long", f"{len(text):,} characters; {MAX_TEXT:,} are allowed")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise RowError(
                name, "json", "half of a character (a lone surrogate) is in the text"
            ) from None


def _check_order(turns: Sequence[Turn]) -> None:
    roles = [turn.role for turn in turns]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    expected = ["user" if place % 2 == 0 else "assistant" for place in range(len(spoken))]
    if not spoken or spoken != expected or spoken[-1] != "user":
        order = ", ".join(roles) or "nobody"
        raise RowError(
            "turns", "roles", f"before the answer speak, by turns, user and assistant; got {order}"
        )


def _format(data: Rows, format: str, name: str) -> Format:
    if format in FORMATS:
        return FORMATS[format]
    if format != "auto":
        raise ValueError(f"format {format!r}: allowed are auto, {', '.join(FORMATS)}")
    broken: RowError | None = None
    for place in range(min(len(data), 20)):  # one broken row at the top must not hide the others
        try:
            row = data[place]
        except RowError as error:
            broken = broken or error.at(place)
            continue
        try:
            return recognise(row)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    raise ValueError(f"{name}: {broken}")


def _open(path: Path) -> Rows:
    if path.is_dir():
        shards = sorted(path.glob("*.parquet"))
        if not shards:
            raise ValueError(f"{path.resolve().name} is a folder without parquet files")
        return ManyRows([open_rows(shard) for shard in shards])
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return open_rows(path)


def _given_id(row: Mapping[str, Any]) -> str | None:
    given = row.get(ROW_ID)
    if given is not None and (not isinstance(given, str) or not _ID.fullmatch(given)):
        raise RowError(ROW_ID, "row_id", f"{ID_LENGTH} hex digits; got {given!r:.40}")
    return given


class _Unique:
    """Ids of a table, each once."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._known: set[str] = set()

    def add(self, each: str) -> None:
        if each in self._known:
            raise RowError(ROW_ID, "row_id", f"{each} is the id of an earlier row")
        self._known.add(each)
        self.ids.append(each)


def _meta(row: Mapping[str, Any], format: Format) -> dict[str, Any]:
    left = (item for item in row.items() if item[0] not in format.columns and item[0] != ROW_ID)
    return dict(_plain(left))


def _plain(items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Those that JSON can hold: parquet also has bytes and dates."""
    for name, value in items:
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            continue
        yield name, value
