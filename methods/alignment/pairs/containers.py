"""What people bring preference data in: a file, a folder, a zip; which of its files hold the rows, and where images lie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from methods.alignment.pairs.pictures import FolderPlace, Place, ZipPlace
from methods.archives import Archive, is_junk
from methods.row_files import ManyRows, Rows, kind_of, open_rows

INFO = "dataset_info.json"
SUFFIXES = (".parquet", ".jsonl", ".json")
NOT_ROWS = (INFO, "dataset_infos.json", "dataset_dict.json", "state.json", "config.json")
MAX_ROW_BYTES = 16 * 10**9
"""Of the files with rows that a zip holds, unpacked."""


@dataclass(frozen=True)
class Data:
    """Rows, and where their images may lie.

    Attributes:
        entry: what LLaMA-Factory's dataset_info.json says of it; None where there is none.
        notes: what was chosen where there was a choice, in sentences.
        folder: holds unpacked files for as long as this lives.
    """

    name: str
    rows: Rows
    place: Place | None
    entry: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    folder: TemporaryDirectory[str] | None = None


def open_data(path: Path) -> Data:
    """Open a file, folder or zip.

    Raises:
        ValueError: there is none, it holds no rows, or they cannot be read.
    """
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise ValueError(f"there is no file or folder {str(path)!r}")
    if kind_of(path) == "zip":
        return _open_zip(path)
    entry = None
    if (path.parent / INFO).is_file() and path.name != INFO:
        found = ranking_entries((path.parent / INFO).read_bytes())
        entry = next((each for each in found.values() if each.get("file_name") == path.name), None)
    return Data(path.name, open_rows(path), FolderPlace(path.parent), entry)


def open_place(path: Path) -> Place:
    """A folder or a zip of images.

    Raises:
        ValueError: it is neither.
    """
    if path.is_dir():
        return FolderPlace(path)
    if not path.is_file() or kind_of(path) != "zip":
        raise ValueError(f"images: {str(path)!r} is neither a folder nor a zip")
    return ZipPlace(Archive(path))


def _open_folder(folder: Path) -> Data:
    names = [
        path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()
    ]
    info = (folder / INFO).read_bytes() if INFO in names else b""
    chosen, entry, notes = _choose(names, info, folder.name)
    rows = _joined([open_rows(folder / name) for name in chosen])
    return Data(folder.name, rows, FolderPlace(folder), entry, notes)


def _open_zip(path: Path) -> Data:
    archive = Archive(path)
    info = archive.read(INFO) if INFO in archive.members else b""
    chosen, entry, notes = _choose(archive.members, info, path.name)
    size = sum(archive.members[name].file_size for name in chosen)
    if size > MAX_ROW_BYTES:
        raise ValueError(
            f"{path.name} has {size / 1e9:.1f} GB of rows unpacked; {MAX_ROW_BYTES / 1e9:.0f} are allowed"
        )
    folder = TemporaryDirectory(prefix="vitrine-pairs-")
    shards = []
    for index, name in enumerate(chosen):  # our names: what the zip calls them is never a path here
        target = Path(folder.name) / f"{index}{PurePosixPath(name).suffix}"
        archive.copy(name, target)
        shards.append(open_rows(target))
    return Data(path.name, _joined(shards), ZipPlace(archive), entry, notes, folder)


def _joined(shards: list[Rows]) -> Rows:
    return shards[0] if len(shards) == 1 else ManyRows(shards)


def _choose(
    names: Iterable[str], info: bytes, where: str
) -> tuple[list[str], Mapping[str, Any] | None, tuple[str, ...]]:
    """The files with rows: what dataset_info.json names, else parquet before JSONL before JSON, train before others."""
    names = [name for name in names if not is_junk(name)]
    entries = ranking_entries(info) if info else {}
    there = {key: each for key, each in entries.items() if each.get("file_name") in names}
    if len(there) > 1:
        raise ValueError(
            f"{INFO} of {where} names several preference sets ({', '.join(there)}): give one of their files"
        )
    for key, each in there.items():
        return [each["file_name"]], each, (f"{INFO} calls it {key}",)
    for suffix in SUFFIXES:
        found = sorted(
            name
            for name in names
            if name.lower().endswith(suffix) and PurePosixPath(name).name not in NOT_ROWS
        )
        if found:
            train = [name for name in found if "train" in PurePosixPath(name).name.lower()]
            left = len(found) - len(train)
            if train and left:
                return train, None, (f"{left} files without “train” in their names were left out",)
            return found, None, ((f"{len(found)} files in a row",) if len(found) > 1 else ())
    saved = any(name.lower().endswith(".arrow") for name in names)
    hint = (
        ": .arrow files are those of save_to_disk; write the set with to_parquet" if saved else ""
    )
    raise ValueError(f"{where} holds no {', '.join(SUFFIXES)} file with rows{hint}")


def ranking_entries(info: bytes) -> dict[str, Mapping[str, Any]]:
    """The preference sets that a dataset_info.json describes, by their names.

    Raises:
        ValueError: it is no JSON object, or an entry's columns or tags are none of names.
    """
    try:
        found = json.loads(info)
    except ValueError as error:
        raise ValueError(f"{INFO} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{INFO} is no JSON object")
    entries: dict[str, Mapping[str, Any]] = {
        key: each
        for key, each in found.items()
        if isinstance(each, dict) and each.get("ranking") and each.get("file_name")
    }
    for key, each in entries.items():
        for part in ("columns", "tags"):
            names = each.get(part) or {}
            if not isinstance(names, dict) or any(
                name and not isinstance(name, str) for name in names.values()
            ):
                raise ValueError(
                    f"{INFO}: {part} of {key} is an object of names; got {names!r:.80}"
                )
    return entries
