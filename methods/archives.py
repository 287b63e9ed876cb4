"""Zip files that people bring: looked through before anything in them is opened, and never extracted by their own names."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

MAX_MEMBERS = 500_000
MAX_BYTES = 64 * 10**9
"""Of all members unpacked."""
MAX_READ = 2 * 10**9
"""Of one member that is read into memory; larger ones are copied to a file."""
MAX_RATIO = 200
"""Unpacked to packed, of a member of more than `RATIO_FROM` bytes: text seldom reaches 20, a bomb is at 1000."""
RATIO_FROM = 10**6
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
SYMLINK = 0o120000
BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError, ValueError)
"""What Python raises for an archive that is damaged, locked or packed in a way it does not know."""


class Archive:
    """A zip file whose members are known to be harmless to read.

    Args:
        name: what to call it in errors; empty is the file's own name.
        ratio_from: bytes up to which a member may be packed as densely as it will.

    Raises:
        ValueError: it is no zip file, or a member could do harm: a name that leaves the archive or comes twice, a link, more or
            larger members than allowed, a ratio no honest file has, members that share their bytes.
    """

    def __init__(self, path: Path, name: str = "", *, ratio_from: int = RATIO_FROM) -> None:
        self.path = path
        self.name = name or path.name
        try:
            with zipfile.ZipFile(path) as opened:
                infos = opened.infolist()
        except BROKEN as error:
            raise ValueError(f"{self.name} is no zip file that can be read: {error}") from error
        if len(infos) > MAX_MEMBERS:
            raise ValueError(f"{self.name} has {len(infos)} members; {MAX_MEMBERS} are allowed")
        size = sum(info.file_size for info in infos)
        if size > MAX_BYTES:
            raise ValueError(
                f"{self.name} has {size / 1e9:.1f} GB unpacked; {MAX_BYTES / 1e9:.0f} are allowed"
            )
        for info in infos:
            _check(info, self.name, ratio_from)
        _check_together(infos, self.name, path.stat().st_size)
        self.members = {
            info.filename: info
            for info in infos
            if not info.is_dir() and not is_junk(info.filename)
        }
        self.folders = tuple(info.filename for info in infos if info.is_dir())
        """Those that have an entry of their own, as archivers write them, with "/" at the end."""
        self._opened: tuple[int, zipfile.ZipFile] | None = None

    @cached_property
    def by_last_name(self) -> dict[str, list[str]]:
        """Full names of members by the last part of them."""
        found: dict[str, list[str]] = {}
        for name in self.members:
            found.setdefault(PurePosixPath(name).name, []).append(name)
        return found

    def read(self, name: str) -> bytes:
        """The bytes of a member, never more than its entry says.

        Raises:
            KeyError: there is no such member.
            ValueError: it is damaged, locked, or larger than `MAX_READ`.
        """
        info = self.members[name]
        if info.file_size > MAX_READ:
            raise ValueError(
                f"{name} in {self.name} has {info.file_size / 1e9:.1f} GB unpacked; {MAX_READ / 1e9:.0f} are read at once"
            )
        try:
            with self._archive().open(info) as file:
                return file.read(info.file_size)
        except BROKEN as error:
            raise ValueError(f"{name} in {self.name} is damaged: {error}") from error

    def copy(self, name: str, target: Path) -> None:
        """Write a member to a file, piece by piece and never more than its entry says.

        Raises:
            ValueError: it is damaged or locked.
        """
        left = self.members[name].file_size
        try:
            with self._archive().open(self.members[name]) as file, target.open("wb") as out:
                while left and (piece := file.read(min(left, 1 << 20))):
                    out.write(piece)
                    left -= len(piece)
        except BROKEN as error:
            raise ValueError(f"{name} in {self.name} is damaged: {error}") from error

    def _archive(self) -> zipfile.ZipFile:
        """Opened once a process: a forked one would share the position in the file."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = os.getpid(), zipfile.ZipFile(self.path)
        return self._opened[1]


def is_junk(name: str) -> bool:
    """A file that an operating system leaves behind."""
    parts = PurePosixPath(name).parts
    return bool(parts) and (parts[0] in JUNK or parts[-1] in JUNK)


def _check_together(infos: Sequence[zipfile.ZipInfo], archive: str, size: int) -> None:
    names: set[str] = set()
    for info in infos:
        if info.filename in names and not info.is_dir():
            raise ValueError(
                f"{archive}: {info.filename:.80} is in it twice; readers differ in which"
            )
        names.add(info.filename)
    packed = sum(info.compress_size for info in infos)
    if packed > size:
        raise ValueError(
            f"{archive}: its members have {packed} bytes packed, the file {size}: they share bytes, as only bombs do"
        )


def _check(info: zipfile.ZipInfo, archive: str, ratio_from: int) -> None:
    name = info.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{archive}: the name {name!r:.80} leaves the archive")
    if (info.external_attr >> 16) & 0o170000 == SYMLINK:
        raise ValueError(f"{archive}: {name:.80} is a link; only files are read")
    if info.flag_bits & 1:
        raise ValueError(f"{archive}: {name:.80} is locked with a password")
    packed = max(info.compress_size, 1)
    if info.file_size > ratio_from and info.file_size / packed > MAX_RATIO:
        raise ValueError(
            f"{archive}: {name:.80} unpacks to {info.file_size / packed:.0f} times its size; {MAX_RATIO} is allowed"
        )
