"""Pictures that rows point to, kept with a run: each once, small, many in one file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from PIL import Image

from methods.base import Context

SHARD = 500
"""Pictures in one archive: a run of 100,000 images has 200 files, not 100,000."""
LONGEST = 384
"""Pixels of the longer side; large enough to judge a caption by, some 20 kB."""
TINY = 96
"""Pictures up to this many pixels are kept without loss: compression would smear the little there is."""
QUALITY = 80
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every member: archives of the same pictures are the same bytes, which the store keeps once."""


class PicturePack:
    """Writes pictures into zip archives, uncompressed as WebP is dense already, and says where each one lies.

        pack = PicturePack(context)
        row["image"] = pack.add(sha256, image)   # "pictures-00000.zip/0123456789abcdef.webp"
        pack.close()

    An archive is saved as an artefact as soon as it holds `SHARD` pictures, the last one by `close`. Rows may name a
    picture before that.
    """

    def __init__(self, context: Context, longest: int = LONGEST, saved: Iterable[str] = ()) -> None:
        """Begin, or go on from an earlier attempt.

        Args:
            longest: pixels of the longer side; larger pictures are shrunk, smaller ones stay as they are.
            saved: `.saved` of the attempt that is continued: these pictures are not written again.
        """
        self._context, self._longest = context, longest
        self._places = {PurePosixPath(place).stem: place for place in saved}
        self._saved = len(self._places)
        self._file: Path | None = None
        self._archive: zipfile.ZipFile | None = None

    @property
    def saved(self) -> list[str]:
        """Places of the pictures in archives that are saved, in order: what a checkpoint has to remember."""
        return list(self._places.values())[: self._saved]

    def add(self, sha256: str, image: Image.Image | Callable[[], Image.Image]) -> str:
        """Keep a picture, once, and return "archive/member".

        Args:
            sha256: hex digest of the picture's own file; its first 16 digits name the member.
            image: the picture, or a function that opens it, called only where the picture is not kept yet.
        """
        key = sha256[:16]
        if key not in self._places:
            picture = encode(image() if callable(image) else image, self._longest)
            self._places[key] = self._write(f"{key}.webp", picture)
            if len(self._places) - self._saved == SHARD:
                self.close()
        return self._places[key]

    def close(self) -> None:
        """Save the archive that is being filled, if there is one; what is added later goes into the next."""
        if self._archive is None or self._file is None:
            return
        self._archive.close()
        held = len(self._places) - self._saved
        self._context.save_file(self._file.name, self._file, role="pictures", pictures=held)
        self._file.unlink()
        self._archive = self._file = None
        self._saved = len(self._places)

    def _write(self, member: str, picture: bytes) -> str:
        if self._archive is None or self._file is None:
            self._file = self._context.workdir / self._next_name()
            self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self._archive.writestr(zipfile.ZipInfo(member, EPOCH), picture)
        return f"{self._file.name}/{member}"

    def _next_name(self) -> str:
        """After the last saved archive, "pictures-00012.zip", comes "pictures-00013.zip"."""
        number = (
            int(self.saved[-1].partition(".zip/")[0].rpartition("-")[2]) + 1 if self._saved else 0
        )
        return f"pictures-{number:05d}.zip"


def encode(image: Image.Image, longest: int = LONGEST) -> bytes:
    """WebP bytes of a picture, its longer side at most `longest` pixels."""
    picture = image.convert("RGB")
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, lossless=max(picture.size) <= TINY)
    return buffer.getvalue()
