"""Files that hold pictures, by their place in a zip, in a folder or alone; read one at a time, never extracted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from methods.archives import Archive, is_junk
from methods.image_files import opened

PICTURE_SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .webp .gif .bmp .tif .tiff .ppm .pgm .avif .jp2 .ico".split()
)
MOST_BYTES = 200 * 10**6
"""Of one picture's file: it is read whole."""


@dataclass(frozen=True)
class FoundFile:
    """A file, not read yet.

    Attributes:
        place: where it lies, below what was given, such as support/cat/1.png.
        read: gives its bytes; raises `ValueError` that names it.
        size: bytes.
        check: of its content where an archive keeps one, else 0: files that differ in size or check differ in content.
    """

    place: PurePosixPath
    read: Callable[[], bytes] = field(repr=False)
    size: int = 0
    check: int = 0

    @property
    def is_picture(self) -> bool:
        """By its name, or else by its header."""
        if self.place.suffix.lower() in PICTURE_SUFFIXES:
            return True
        with suppress(ValueError), opened(self.read()):
            return True
        return False


def find_files(path: Path, name: str = "") -> list[FoundFile]:
    """All files of a zip or a folder, by their place in alphabetical order, or the one file that is given.

    One folder around everything is left out. Hidden files, and what an operating system leaves behind, do not count.

    Args:
        name: what to call it in errors; empty is its own name.

    Raises:
        ValueError: it isn't there, the archive is damaged or harmful, a file is a link, or it is larger than `MOST_BYTES`.
    """
    name = name or path.name
    if path.is_dir():
        found = list(_in_folder(path))
    elif not path.is_file():
        raise ValueError(f"there is no {name!r}")
    elif is_zip(path, name):
        found = list(_in_zip(path, name))
    else:
        return [FoundFile(PurePosixPath(PurePosixPath(name).name), path.read_bytes)]
    shown = [each for each in found if not any(part[0] == "." for part in each.place.parts)]
    return sorted(_unwrapped(shown), key=lambda each: each.place)


def empty_folders(path: Path, name: str = "") -> list[PurePosixPath]:
    """Folders of a zip or a folder without any file in or below them, as they stand there."""
    if path.is_dir():
        folders = [each.relative_to(path) for each in path.rglob("*") if each.is_dir()]
        full = {place.parent for place in (each.place for each in _in_folder(path))}
    else:
        archive = Archive(path, name or path.name)
        folders = [Path(each) for each in archive.folders]
        full = {PurePosixPath(member).parent for member in archive.members}
    above = {parent for place in full for parent in (place, *place.parents)}
    found = {PurePosixPath(each.as_posix()) for each in folders} - above
    return sorted(each for each in found if not any(part[0] == "." for part in each.parts))


def is_zip(path: Path, name: str = "") -> bool:
    """Whether a file is a zip by its first bytes, or says so by its name."""
    with path.open("rb") as file:
        begins = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    return begins or PurePosixPath(name or path.name).suffix.lower() == ".zip"


def _in_zip(path: Path, name: str) -> Iterator[FoundFile]:
    archive = Archive(path, name)
    for member, info in archive.members.items():
        _check_size(member, info.file_size)
        yield FoundFile(PurePosixPath(member), _reading(archive, member), info.file_size, info.CRC)


def _reading(archive: Archive, member: str) -> Callable[[], bytes]:
    return lambda: archive.read(member)


def _in_folder(folder: Path) -> Iterator[FoundFile]:
    for path in folder.rglob("*"):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        if is_junk(str(place)) or path.is_dir():
            continue
        if path.is_symlink():
            raise ValueError(f"{place} is a link; only files are read")
        size = path.stat().st_size
        _check_size(str(place), size)
        yield FoundFile(place, path.read_bytes, size)


def _check_size(place: str, size: int) -> None:
    if size > MOST_BYTES:
        raise ValueError(
            f"{place:.120} has {size / 1e6:,.0f} MB; a file may have {MOST_BYTES / 1e6:,.0f}"
        )


def _unwrapped(found: list[FoundFile]) -> list[FoundFile]:
    """Without the one folder that all files lie in, as archivers pack it; a folder with a meaning stays."""
    tops = {each.place.parts[0] for each in found}
    flat = any(len(each.place.parts) == 1 for each in found)
    if flat or len(tops) != 1 or tops & KEPT:
        return found
    return [replace(each, place=PurePosixPath(*each.place.parts[1:])) for each in found]


KEPT = frozenset({"support", "queries", "train", "val", "test"})
"""Folders whose names say what is in them."""
