"""Features of a CLIP on disk, by the hash of what they are of: a picture or a text is looked at once, in this run and in later ones."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]
Key = bytes

ASKED = 500
"""Keys in one query: SQLite takes 999 at least."""
PATIENCE_S = 60.0
"""How long to wait for another run that writes into the same file."""


class FeatureCache:
    """Features of one CLIP in one SQLite file, each with a checksum; nothing is held in memory.

    An entry whose checksum is wrong counts as missing and is computed again; a file that is no database any more is put
    aside as "....damaged" and begun anew. Several runs may share a file.

    Attributes:
        damaged: entries, or files, that were found broken.
        hits, misses: keys that were found, and not.
    """

    def __init__(self, folder: Path, clip_id: str) -> None:
        """Open, or begin, the cache of a CLIP.

        Args:
            folder: an existing folder.
            clip_id: `ClipEncoder.id`; each has a file of its own.
        """
        self.path = folder / f"clip-features-{clip_id}.sqlite"
        self.damaged = self.hits = self.misses = 0
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, full, no access: not damage
                raise
            self._put_aside()

    def close(self) -> None:
        self._database.close()

    def features(
        self, wanted: Sequence[Key], compute: Callable[[list[int]], Features]
    ) -> dict[Key, npt.NDArray[np.float32]]:
        """The feature (D,) of every key; those not kept yet are computed, all at once, and kept.

        Args:
            wanted: keys of `picture_key` or `text_key`; one may stand there several times.
            compute: from places in `wanted` to features (n, D).
        """
        place_of = {key: place for place, key in reversed(list(enumerate(wanted)))}
        try:
            found = dict(self._read(place_of))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._database.close()
            self._put_aside()
            found = {}
        missing = sorted(place_of[key] for key in place_of.keys() - found.keys())
        self.hits += len(found)
        self.misses += len(missing)
        if missing:
            new = dict(zip((wanted[place] for place in missing), compute(missing), strict=True))
            self._write(new)
            found |= new
        return found

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=PATIENCE_S)
        database.execute(
            "CREATE TABLE IF NOT EXISTS feature (key BLOB PRIMARY KEY, vector BLOB, checksum INTEGER) WITHOUT ROWID"
        )
        database.commit()
        return database

    def _put_aside(self) -> None:
        self.damaged += 1
        self.path.replace(self.path.with_suffix(".sqlite.damaged"))
        self._database = self._open()

    def _read(self, keys: Iterable[Key]) -> Iterator[tuple[Key, npt.NDArray[np.float32]]]:
        rest = iter(keys)
        while some := list(islice(rest, ASKED)):
            marks = ",".join("?" * len(some))
            query = f"SELECT key, vector, checksum FROM feature WHERE key IN ({marks})"
            for key, vector, checksum in self._database.execute(query, some).fetchall():
                if checksum == zlib.crc32(key + vector):
                    yield key, np.frombuffer(vector, dtype="<f4")
                else:
                    self.damaged += 1

    def _write(self, features: dict[Key, npt.NDArray[np.float32]]) -> None:
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in features.items()]
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO feature VALUES (?, ?, ?)",
                [(key, vector, zlib.crc32(key + vector)) for key, vector in rows],
            )


def picture_key(sha256: str) -> Key:
    """Key of a picture, by the hex digest of its file."""
    return b"p" + bytes.fromhex(sha256)


def text_key(text: str) -> Key:
    """Key of a text."""
    return b"t" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
