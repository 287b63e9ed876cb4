"""Files by content: written under a temporary name, synced, renamed to their sha256. The row comes after the file."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
CHUNK = 1 << 20


class StorageError(Exception):
    """The data folder cannot take or give what was asked; the message says why and what to do."""


class ArtefactStore:
    """A folder of immutable files, `ab/ab12...`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, value: bytes | Path) -> tuple[str, int]:
        """Keep bytes, or a copy of a file.

        Returns:
            The sha256 in hex, and the size in bytes.

        Raises:
            StorageError: the folder is full or cannot be written; nothing is left half written.
        """
        try:
            return self._put(value)
        except OSError as error:
            raise StorageError(explain(error, self.folder)) from error

    def _put(self, value: bytes | Path) -> tuple[str, int]:
        self.folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in _chunks(value):
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            sha256 = digest.hexdigest()
            final = self.path(sha256)
            final.parent.mkdir(exist_ok=True)
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)
        return sha256, size

    def path(self, sha256: str) -> Path:
        """Where the file is, or would be.

        Raises:
            ValueError: not the hex digest of a sha256.
        """
        if not SHA256.match(sha256):
            raise ValueError(f"{sha256!r} is no sha256: 64 hexadecimal digits are expected")
        return self.folder / sha256[:2] / sha256

    def get(self, sha256: str) -> bytes:
        """The whole content.

        Raises:
            StorageError: it is not there.
        """
        try:
            return self.path(sha256).read_bytes()
        except OSError as error:
            raise StorageError(
                f"artefact {sha256[:12]} cannot be read: {error.strerror}"
            ) from error

    def delete(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def files(self) -> Iterator[Path]:
        """Every file below the folder, half-written ones of writers that were killed among them."""
        return (path for path in self.folder.rglob("*") if path.is_file())


def explain(error: OSError, folder: Path) -> str:
    """Why `folder` could not be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk is full: {folder} has {_free_mb(folder):.1f} MB left. Delete runs you no longer need, "
            "or set VITRINE_DATA_DIR to a folder on a larger disk"
        )
    return (
        f"{folder} cannot be written ({error.strerror}). Make it writable, "
        "or set VITRINE_DATA_DIR to a folder that is"
    )


def _free_mb(folder: Path) -> float:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free / 1e6


def _chunks(value: bytes | Path) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
        return
    with value.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
