"""Preference data as a sequence of pairs, whatever it lies in and whoever's columns it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, overload

from methods.alignment.pairs.containers import Data, open_data, open_place
from methods.alignment.pairs.formats import FORMATS, RESERVED, Format, recognise
from methods.alignment.pairs.formats.llamafactory import described
from methods.alignment.pairs.pair import Pair, make_pair
from methods.alignment.pairs.pictures import Finder
from methods.alignment.pairs.placeholders import place_images
from methods.alignment.pairs.problems import PairError
from methods.alignment.pairs.validate import Report, check_pairs
from methods.row_files import RowError


class PairSource(Sequence[Pair]):
    """Pairs read when they are asked for: `len`, `[i]`, `[a:b]` (a source again) and iteration.

    Reading one raises `PairError`, a ValueError, where the row is no pair; `problems` finds all of them.

    Attributes:
        name: of the file or folder.
        format: whose columns the rows have.
        reason: why that format.
        notes: what was chosen where there was a choice, and which columns are not kept, in sentences.
        positions: rows of the file that this source takes, in its order.
    """

    def __init__(
        self,
        data: Data,
        format: Format,
        reason: str,
        finder: Finder,
        positions: Sequence[int] | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.name, self.format, self.reason, self.notes = data.name, format, reason, notes
        self.positions: Sequence[int] = range(len(data.rows)) if positions is None else positions
        self._data, self._finder = data, finder

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> PairSource: ...
    def __getitem__(self, index: int | slice) -> Pair | PairSource:
        if isinstance(index, slice):
            return self.select(self.positions[index])
        return self.at(self.positions[index])

    def at(self, row: int) -> Pair:
        """The pair of a row of the file.

        Raises:
            PairError: the row is none.
        """
        try:
            return self._pair(row, self._data.rows[row])
        except RowError as error:
            raise PairError(error.field, error.rule, error.message, row) from None

    def select(self, positions: Sequence[int]) -> PairSource:
        """The same data, but only these rows of the file, in this order."""
        return PairSource(self._data, self.format, self.reason, self._finder, positions, self.notes)

    def problems(self, limit: int = 100, rows: int | None = None, decode: bool = False) -> Report:
        """What is wrong with the rows.

        Args:
            limit: problems that are kept; all are counted.
            rows: look at the first so many rows only.
            decode: decode every image, instead of reading its header.
        """
        return check_pairs(self, limit, rows, decode)

    def _pair(self, position: int, row: dict[str, Any]) -> Pair:
        if self._data.entry is not None and self.format.name == "llamafactory":
            row = described(row, self._data.entry)
        if "file_name" in row and not any(row.get(name) for name in ("image", "images")):
            row = {**row, "image": row["file_name"]}  # datasets' image folders
        draft = self.format.read(row)
        name = "images[{}]" if len(draft.images) > 1 or "images" in row else "image"
        images = [
            self._finder.picture(value, name.format(index))
            for index, value in enumerate(draft.images)
        ]
        turns = place_images(draft.turns, len(images))
        for index, image in enumerate(images):
            try:
                image.sha256  # noqa: B018  reads it
            except ValueError as error:
                raise PairError(name.format(index), "image_unreadable", str(error)) from error
        return make_pair(position, turns, draft.chosen, draft.rejected, images, draft.meta)


def read_pairs(
    path: str | Path,
    format: str = "auto",
    images: str | Path | None = None,
    name: str = "",
) -> PairSource:
    """Open preference data: a JSONL, JSON or parquet file, a zip, or a folder.

    Args:
        path: also a folder of parquet shards, or of images with a JSONL file.
        format: "trl", "llamafactory", "ms_swift", "rlaif_v", or "auto" to tell it by the first row's columns.
        images: folder or zip of the images that rows name; looked into before the place of the data itself.
        name: what to call the data in messages; "" is what the file is called.

    Raises:
        ValueError: there is no such data, or it is of no known format.
    """
    data = open_data(Path(path).expanduser())
    data = replace(data, name=name or data.name)
    places = [open_place(Path(images).expanduser())] if images else []
    own = [data.place] if data.place else []
    return source_of(data, format, Finder([*places, *own]))


def source_of(data: Data, format: str, finder: Finder) -> PairSource:
    """A source on data that is open.

    Raises:
        ValueError: its first row cannot be read, or is of no known format.
    """
    first = _first_row(data)
    if data.entry is not None and format in ("auto", "llamafactory"):
        found, reason = FORMATS["llamafactory"], "described in dataset_info.json"
    elif format == "auto":
        found, reason = recognise(first)
    elif format in FORMATS:
        found, reason = FORMATS[format], "as asked for"
    else:
        raise ValueError(f"format {format!r}: allowed are auto, {', '.join(FORMATS)}")
    return PairSource(data, found, reason, finder, None, (*data.notes, *_left_out(found, first)))


def _first_row(data: Data) -> dict[str, Any]:
    """The first row that can be read: one broken row at the top must not hide all that is below."""
    broken: RowError | None = None
    for index in range(min(len(data.rows), 20)):
        try:
            return data.rows[index]
        except RowError as error:
            broken = broken or error
    raise broken or ValueError(f"{data.name} holds no rows")


def _left_out(found: Format, first: dict[str, Any]) -> tuple[str, ...]:
    """Say which columns of other formats are in the first row and not read."""
    used = set(found.columns)
    others = sorted(name for name in islice(first, 200) if name in RESERVED - used)
    return (f"not read: {', '.join(others)}",) if others else ()
