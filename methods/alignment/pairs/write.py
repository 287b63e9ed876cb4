"""Writes pairs in any of the formats: as parquet with the images inside, or as JSONL with a folder of images."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from methods.alignment.pairs.containers import INFO
from methods.alignment.pairs.formats import FORMATS, Format
from methods.alignment.pairs.formats.llamafactory import info
from methods.alignment.pairs.pair import Pair, Picture
from methods.alignment.pairs.problems import PairError

SUFFIXES = (".parquet", ".zip", ".jsonl")
ROWS = "pairs.jsonl"
SUFFIX_OF = {"JPEG": ".jpg"}


@dataclass
class Written:
    """What was written.

    Attributes:
        images: different ones.
    """

    pairs: int = 0
    images: set[str] = field(default_factory=set)


def write_pairs(pairs: Iterable[Pair], path: str | Path, format: str) -> Written:
    """Write pairs to a file, which is only there once it is whole.

    Reading it again gives the same pairs: ids, turns, answers and meta. Columns of meta stand beside those of the format.

    Args:
        pairs: gone through more than once.
        path: its suffix says how: .parquet (images inside), .zip (pairs.jsonl and a folder of images; for
            LLaMA-Factory also dataset_info.json), .jsonl (the images in a folder beside it, named like it).
        format: "trl", "llamafactory", "ms_swift" or "rlaif_v".

    Raises:
        ValueError: no such format or suffix; an iterator, which can be gone through only once.
        PairError: the format cannot hold a pair, or an image cannot be read.
    """
    path = Path(path)
    if format not in FORMATS:
        raise ValueError(f"format {format!r}: allowed are {', '.join(FORMATS)}")
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path.name}: written are {', '.join(SUFFIXES)} files")
    if iter(pairs) is pairs:
        raise ValueError("pairs are gone through more than once: give a list, not an iterator")
    with_images = any(pair.images for pair in pairs)
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.suffix == ".parquet":
            from methods.alignment.pairs.write_parquet import write_parquet  # noqa: PLC0415  pyarrow

            written = write_parquet(pairs, partial, FORMATS[format], with_images)
        else:
            shelf = _zip_shelf(partial) if path.suffix == ".zip" else _folder_shelf(path, partial)
            with shelf as there:
                written = _write_jsonl(pairs, there, FORMATS[format], with_images)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return written


def row_of(pair: Pair, format: Format, images: Sequence[Any] | None) -> dict[str, Any]:
    """A row with the pair's meta.

    Raises:
        PairError: the format cannot hold the pair.
    """
    try:
        return {**pair.meta, **format.write(pair, images)}
    except ValueError as error:
        raise PairError("(row)", "format", str(error), pair.position) from error


def file_name(picture: Picture) -> str:
    """A picture's name by its content, such as 0123456789abcdef.png.

    Raises:
        ValueError: it is no picture.
    """
    try:
        kind = picture.kind()
    except ValueError as error:
        raise ValueError(f"{picture.name or 'an image'}: {error}") from error
    return picture.sha256[:16] + SUFFIX_OF.get(kind, f".{kind.lower()}")


class _Shelf(Protocol):
    """Where a JSONL file and its images go."""

    def add_image(self, name: str, data: bytes) -> str:
        """Keep an image; returns what rows call it."""

    def add_rows(self, rows: Iterator[bytes], extra: Mapping[str, bytes]) -> None:
        """Keep the lines, and other small files by name; images are added meanwhile."""


def _write_jsonl(
    pairs: Iterable[Pair], shelf: _Shelf, format: Format, with_images: bool
) -> Written:
    written = Written()

    def lines() -> Iterator[bytes]:
        for pair in pairs:
            names = [_keep(picture, shelf, written) for picture in pair.images]
            row = row_of(pair, format, names if with_images else None)
            written.pairs += 1
            yield json.dumps(row, ensure_ascii=False).encode() + b"\n"

    described = {"pairs": info(ROWS, with_images)} if format.name == "llamafactory" else {}
    extra = {INFO: json.dumps(described, indent=2).encode()} if described else {}
    shelf.add_rows(lines(), extra)
    return written


def _keep(picture: Picture, shelf: _Shelf, written: Written) -> str:
    name = file_name(picture)
    data = b"" if name in written.images else picture.read()
    written.images.add(name)
    return shelf.add_image(name, data)


class _ZipShelf:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.images: dict[str, bytes] = {}

    def add_image(self, name: str, data: bytes) -> str:
        inside = f"images/{name}"
        if data:
            # Its own date would make two writings of the same pairs differ. Pictures are packed already.
            self.archive.writestr(zipfile.ZipInfo(inside), data)
        return inside

    def add_rows(self, rows: Iterator[bytes], extra: Mapping[str, bytes]) -> None:
        import tempfile  # noqa: PLC0415

        # A zip takes one member at a time: the lines wait until the images are in.
        with tempfile.TemporaryFile() as waiting:
            for line in rows:
                waiting.write(line)
            waiting.seek(0)
            entry = zipfile.ZipInfo(ROWS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with self.archive.open(entry, "w", force_zip64=True) as member:
                shutil.copyfileobj(waiting, member)
        for name, data in extra.items():
            self.archive.writestr(zipfile.ZipInfo(name), data)


class _FolderShelf:
    def __init__(self, rows: Path, folder: Path) -> None:
        self.rows, self.folder = rows, folder

    def add_image(self, name: str, data: bytes) -> str:
        if data:
            self.folder.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(data)
        return f"{self.folder.name}/{name}"

    def add_rows(self, rows: Iterator[bytes], extra: Mapping[str, bytes]) -> None:
        del extra  # a dataset_info.json that is there already is not ours to replace
        with self.rows.open("wb") as file:
            file.writelines(rows)


@contextmanager
def _zip_shelf(path: Path) -> Iterator[_Shelf]:
    with zipfile.ZipFile(path, "w") as archive:
        yield _ZipShelf(archive)


@contextmanager
def _folder_shelf(path: Path, partial: Path) -> Iterator[_Shelf]:
    yield _FolderShelf(partial, path.with_name(f"{path.stem}_images"))
