"""From the settings to rows: those that an adapter was trained on, the small world's, or a file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from methods.base import MethodError, Open
from methods.unlearning.models.files import AdapterFiles, open_adapter_files
from methods.unlearning.rows.config import TOWN, TOWN_ADAPTERS, RowSettings
from methods.unlearning.rows.reading import RowTable, read_rows, table_of
from methods.unlearning.rows.row import Row, table_sha

ROWS, HELD_OUT = "rows.jsonl", "held_out.jsonl"
"""Files that a training and an edit save beside their adapter."""


@dataclass(frozen=True)
class Table:
    """Rows of a run.

    Attributes:
        rows: those that an adapter was, or will be, trained on.
        held_out: of the same kind, and not trained on; maybe none.
        name: what to call the rows.
    """

    rows: Sequence[Row]
    held_out: Sequence[Row]
    name: str


def open_rows(config: RowSettings, open_file: Open, files: AdapterFiles | None = None) -> Table:
    """The rows that the settings name.

    Args:
        files: the adapter that was trained on them; None where one is to be trained.

    Raises:
        MethodError: there are none, some are broken (by row, field and rule), or they are not those of the adapter.
    """
    rows, name = _trained_on(config, open_file, files)
    if files is not None and files.lineage is not None:
        _check_same(rows, name, files)
    held_out = _held_out(config, open_file, files)
    known = {row.id for row in rows}
    if any(row.id in known for row in held_out):
        twice = next(row for row in held_out if row.id in known)
        raise MethodError(
            f"held-out row {twice.position} (id {twice.id}) is among the rows trained on, so it was not held out"
        )
    return Table(rows, held_out, name)


def _trained_on(
    config: RowSettings, open_file: Open, files: AdapterFiles | None
) -> tuple[Sequence[Row], str]:
    if config.data == TOWN or (not config.data and _world_of(files)):
        return town_rows(_world_of(files) or TOWN_ADAPTERS[0]), TOWN
    if config.data:
        return _read(config.data, config, open_file), Path(config.data).name
    if files is None:
        raise MethodError(f"data: choose rows to train on: “{TOWN}”, an upload or a file")
    found = _beside(files.name, ROWS, open_file)
    if found is None:
        raise MethodError(
            f"data: the rows that the adapter {files.name} was trained on are not beside it; choose them (an edit needs the very "
            "rows, and nothing else tells what is to be forgotten)"
        )
    return _read(found, config, open_file), ROWS


def _held_out(config: RowSettings, open_file: Open, files: AdapterFiles | None) -> Sequence[Row]:
    of_the_town = bool(_world_of(files)) or (files is None and config.data == TOWN)
    if config.held_out == TOWN or (not config.held_out and of_the_town):
        return town_rows(_world_of(files) or TOWN_ADAPTERS[0], held_out=True)
    if config.held_out:
        return _read(config.held_out, config, open_file)
    if files is None:
        return ()
    found = _beside(files.name, HELD_OUT, open_file)
    if found is not None:
        return _read(found, config, open_file)
    parent = _parent(
        files, open_file
    )  # an edit holds nothing out: what its parent held out still is
    return () if parent is None else _held_out(config, open_file, parent)


def _parent(files: AdapterFiles, open_file: Open) -> AdapterFiles | None:
    """The version that an edited adapter was made from; None for a first one, and where it is gone."""
    lineage = files.lineage
    named = None if lineage is None else lineage.settings.get("adapter")
    if lineage is None or lineage.parent is None or not isinstance(named, str):
        return None
    try:
        parent = open_adapter_files(named, open_file)
    except MethodError:
        return None
    return parent if parent.sha256 == lineage.parent else None


def town_rows(adapter: str, held_out: bool = False) -> RowTable:
    """The small world's rows, those that one of its adapters was trained on or those that were held out."""
    from methods.worlds import town  # noqa: PLC0415  its package is light, but not needed by every table

    rows = town.held_out_rows(adapter) if held_out else town.training_rows(adapter)
    return table_of(rows, "completion", TOWN)


def _world_of(files: AdapterFiles | None) -> str:
    """The small world's adapter that these files are; "" for any other."""
    return files.name if files is not None and files.name in TOWN_ADAPTERS else ""


def _read(ref: str, config: RowSettings, open_file: Open) -> RowTable:
    try:
        return read_rows(open_file(ref), config.format, Path(ref).name)
    except (ValueError, OSError) as error:
        raise MethodError(str(error)) from error


def _beside(adapter: str, name: str, open_file: Open) -> str | None:
    """What lies beside an adapter: in the same run, or in the same folder."""
    folder, _, own = adapter.rpartition("/")
    places = [f"{folder}/{name}"] if folder and own.endswith(".zip") else []
    places += [f"{adapter}/{name}"] if not own.endswith(".zip") else []
    for place in places:
        try:
            if open_file(place).is_file():
                return place
        except MethodError:  # there is no such thing
            continue
    return None


def _check_same(rows: Sequence[Row], name: str, files: AdapterFiles) -> None:
    lineage = files.lineage
    if lineage is None or not lineage.data.sha256 or table_sha(rows) == lineage.data.sha256:
        return
    raise MethodError(
        f"{name} ({len(rows)} rows) are not the rows that the adapter {files.name} was trained on "
        f"({lineage.data.rows} rows of {lineage.data.source}): an edit needs the very same, in their order"
    )
