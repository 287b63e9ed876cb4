"""Files by content: written under a temporary name, synced, renamed to their sha256. The row comes after the file.

Where a bucket keeps the files, the folder holds this machine's copies: of what was made here, and of what was read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.buckets import BucketAway, bucket

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
CHUNK = 1 << 20


class StorageError(Exception):
    """The data folder cannot take or give what was asked; the message says why and what to do."""


class StoreAway(StorageError):
    """The bucket did not do what was asked; it may a moment later."""


@dataclass(frozen=True)
class Stored:
    """A file that was found in the store.

    Attributes:
        name: its sha256, or a temporary name where a writer was killed.
        size: bytes.
        touched_at: when it was last put, UTC epoch seconds.
    """

    name: str
    size: int
    touched_at: float


class ArtefactStore:
    """Immutable files `ab/ab12...` in a folder or, with copies in that folder, in a bucket.

    Args:
        folder: where files lie on this machine.
        bucket_url: "s3://bucket/prefix"; empty: the folder is all there is.
    """

    def __init__(self, folder: Path, bucket_url: str = "") -> None:
        self.folder = folder
        self.bucket = bucket(bucket_url) if bucket_url else None

    def put(self, value: bytes | Path) -> tuple[str, int]:
        """Keep bytes, or a copy of a file.

        Returns:
            The sha256 in hex, and the size in bytes.

        Raises:
            StorageError: the folder is full or cannot be written, or the bucket cannot; nothing is left half written.
        """
        try:
            sha256, size = self._put(value)
        except OSError as error:
            raise StorageError(explain(error, self.folder)) from error
        if self.bucket is not None:
            with _bucket_errors():
                self.bucket.upload(self.path(sha256), _key(sha256))
        return sha256, size

    def _put(self, value: bytes | Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with self._aside() as temporary:
            with temporary.open("wb") as file:
                for chunk in _chunks(value):
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._settle(temporary, digest.hexdigest())
        return digest.hexdigest(), size

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """A temporary file of the folder, gone at the end unless it was renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _settle(self, temporary: Path, sha256: str) -> None:
        final = self.path(sha256)
        final.parent.mkdir(exist_ok=True)
        temporary.replace(final)

    def path(self, sha256: str) -> Path:
        """Where the file is on this machine, or would be.

        Raises:
            ValueError: not the hex digest of a sha256.
        """
        if not SHA256.match(sha256):
            raise ValueError(f"{sha256!r} is no sha256: 64 hexadecimal digits are expected")
        return self.folder / sha256[:2] / sha256

    def local(self, sha256: str) -> Path:
        """The file on this machine; where a bucket keeps it, a copy is fetched first and checked against its name.

        Raises:
            FileNotFoundError: nobody has it.
            StorageError: the bucket cannot be read, or what it has is not what was put.
        """
        path = self.path(sha256)
        if self.bucket is None:
            path.stat()
            return path
        try:
            os.utime(path)  # lately used: `trim` drops others first
        except FileNotFoundError:
            self._fetch(sha256)
        return path

    def _fetch(self, sha256: str) -> None:
        assert self.bucket is not None
        with self._aside() as temporary:
            with _bucket_errors():
                self.bucket.download(_key(sha256), temporary)
            with temporary.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise StorageError(
                    f"{self.bucket.url} has another content under {sha256[:12]}: {found[:12]}"
                )
            self._settle(temporary, sha256)

    def get(self, sha256: str) -> bytes:
        """The whole content.

        Raises:
            StorageError: it is not there.
        """
        try:
            return self.local(sha256).read_bytes()
        except OSError as error:
            raise StorageError(
                f"artefact {sha256[:12]} cannot be read: {error.strerror or 'it is not there'}"
            ) from error

    def delete(self, name: str) -> None:
        """Delete a file by its sha256, or what a killed writer left by its temporary name; one that is gone is none."""
        if not SHA256.match(name):
            (self.folder / Path(name).name).unlink(missing_ok=True)
            return
        self.path(name).unlink(missing_ok=True)
        if self.bucket is not None:
            with _bucket_errors():
                self.bucket.delete(_key(name))

    def touched_at(self, sha256: str) -> float | None:
        """When the file was last put, UTC epoch seconds; None where there is none.

        Raises:
            StorageError: the bucket cannot be asked.
        """
        try:
            if self.bucket is None:
                return self.path(sha256).stat().st_mtime
            with _bucket_errors():
                return self.bucket.touched_at(_key(sha256))
        except FileNotFoundError:
            return None

    def files(self) -> Iterator[Stored]:
        """Every file, half-written ones of writers that were killed among them.

        Raises:
            StorageError: the bucket cannot be listed.
        """
        if self.bucket is None:
            yield from self._here()
            return
        yield from (stored for stored in self._here() if not SHA256.match(stored.name))
        with _bucket_errors():
            for key, size, touched_at in self.bucket.listing():
                yield Stored(key.rpartition("/")[2], size, touched_at)

    def _here(self) -> Iterator[Stored]:
        for path in self.folder.rglob("*"):
            if path.is_file():
                facts = path.stat()
                yield Stored(path.name, facts.st_size, facts.st_mtime)

    def trim(self, room: float, spare_s: float) -> None:
        """Drop the copies of a bucket's files that were not used for longest, until the rest takes `room` bytes, and what
        killed writers left.

        Args:
            spare_s: seconds for which a copy is left alone after it was asked for: a run may open it again.
        """
        if self.bucket is None:
            return
        copies = sorted(self._here(), key=lambda stored: stored.touched_at)
        surplus = sum(copy.size for copy in copies) - room
        for copy in copies:
            if copy.touched_at > time.time() - spare_s:
                return
            whole = SHA256.match(copy.name)
            if surplus > 0 or not whole:
                path = self.path(copy.name) if whole else self.folder / copy.name
                path.unlink(missing_ok=True)
                surplus -= copy.size


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


@contextmanager
def _bucket_errors() -> Iterator[None]:
    try:
        yield
    except BucketAway as error:
        raise StoreAway(str(error)) from error


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
