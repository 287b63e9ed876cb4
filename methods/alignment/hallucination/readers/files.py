"""A benchmark's files, wherever they lie: in a folder, in a zip, or one alone."""

from __future__ import annotations

import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from PIL import Image

from methods.alignment.pairs.pair import Picture
from methods.archives import Archive, is_junk

MAX_BYTES = 2**31
"""Most that one file may unpack to."""
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_SHOWN = 6


class Files:
    """The files of a folder or a zip, by their path in it; a single file is a folder that holds only it.

    Raises:
        ValueError: a zip is damaged, or could do harm.
    """

    def __init__(self, path: Path) -> None:
        self.label = path.name
        self._path = path
        self._zip = Archive(path) if path.is_file() and zipfile.is_zipfile(path) else None
        if self._zip is not None:
            self.names = list(self._zip.members)
        elif path.is_file():
            self.names = [path.name]
        else:
            found = (item for item in sorted(path.rglob("*")) if item.is_file())
            names = (item.relative_to(path).as_posix() for item in found)
            self.names = [name for name in names if not is_junk(name)]

    def matching(self, *patterns: str) -> list[str]:
        """Files whose own name matches a pattern, such as "instances_*.json", in any case."""
        return [
            name
            for name in self.names
            if any(fnmatch(PurePosixPath(name).name.lower(), pattern) for pattern in patterns)
        ]

    def one(self, what: str, *patterns: str) -> str:
        """The only file that matches; a file given alone is it whatever its name.

        Raises:
            ValueError: there is none, or more than one.
        """
        found = self.matching(*patterns)
        if self._zip is None and self._path.is_file():
            found = self.names
        if len(found) == 1:
            return found[0]
        some = ", ".join((found or self.names)[:_SHOWN]) or "nothing"
        holds = f"it holds {some}" + (" and more" if len(found or self.names) > _SHOWN else "")
        raise ValueError(
            f"{self.label}: exactly one file {' or '.join(patterns)} ({what}) is needed; {holds}"
        )

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            ValueError: it is larger than `MAX_BYTES`, or damaged.
        """
        if self._zip is not None:
            size = self._zip.members[name].file_size
        else:
            size = self._local(name).stat().st_size
        if size > MAX_BYTES:
            raise ValueError(f"{name}: {size} bytes are more than the {MAX_BYTES} that are read")
        return self._zip.read(name) if self._zip is not None else self._local(name).read_bytes()

    def _local(self, name: str) -> Path:
        return self._path if self._path.is_file() else self._path / name


class Pictures:
    """The pictures of a folder or a zip, by their path in it or by their own name alone, with or without its ending."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._places: dict[str, str] = {}
        for name in files.names:
            path = PurePosixPath(name)
            if path.suffix.lower() in PICTURES:
                for key in (name, path.name, path.stem):
                    self._places.setdefault(key, name)

    def __len__(self) -> int:
        return len(set(self._places.values()))

    def place(self, name: str) -> str | None:
        """Where a picture lies; None where there is none of that name."""
        path = PurePosixPath(name)
        return next(
            (self._places[key] for key in (name, path.name, path.stem) if key in self._places), None
        )

    def open(self, name: str) -> Image.Image:
        """A picture as RGB.

        Raises:
            ValueError: there is none of that name, or it is no picture.
        """
        place = self.place(name)
        if place is None:
            raise ValueError(f"{self.files.label}: no picture {name!r} among its {len(self)}")
        return picture(self.files.read(place), place)


def picture(content: bytes, name: str) -> Image.Image:
    """A picture as RGB from the bytes of its file.

    Raises:
        ValueError: it is none, or cannot be decoded.
    """
    try:
        return Picture(name, lambda: content).open()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
