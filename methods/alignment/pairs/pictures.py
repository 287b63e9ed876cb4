"""Where the pictures of a pair come from: bytes in the row, files in a folder, members of a zip."""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from PIL import Image

from methods.alignment.pairs.pair import Picture
from methods.alignment.pairs.problems import PairError
from methods.archives import Archive

MAX_BYTES = 100_000_000
"""Of one encoded picture."""
BASE64 = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How PNG, JPEG, GIF and WebP begin in base64."""
LONGEST_NAME = 60
"""Characters from which what begins like that is taken for the picture itself."""
Load = Callable[[], bytes]


class Place(Protocol):
    """Somewhere that pictures are found by name."""

    def find(self, name: str) -> Load | None:
        """What reads the picture of that name; None where there is none."""


class FolderPlace:
    """A folder; a name is a path in it, or an absolute one that lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.abspath(folder))

    def find(self, name: str) -> Load | None:
        for candidate in (self.folder / name, self.folder / PurePosixPath(name).name):
            # Links inside the folder are its owner's: the hub's own cache consists of them.
            path = Path(os.path.normpath(candidate))
            if path.is_relative_to(self.folder) and path.is_file():
                return lambda: _bytes_of(path)
        return None


class ZipPlace:
    """A zip; a name is a member's, or the last part of one that no other shares."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def find(self, name: str) -> Load | None:
        plain = name.removeprefix("./")
        if plain not in self.archive.members:
            alike = self.archive.by_last_name.get(PurePosixPath(plain).name, [])
            if len(alike) != 1:
                return None
            plain = alike[0]
        if self.archive.members[plain].file_size > MAX_BYTES:
            raise ValueError(f"{name} is larger than {MAX_BYTES / 1e6:.0f} MB")
        return lambda: self.archive.read(plain)


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"{path.name} is larger than {MAX_BYTES / 1e6:.0f} MB")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from error


class Finder:
    """Makes pictures of what rows hold: a name, encoded bytes or their base64, {"bytes", "path"}, a data: address, a
    PIL image.

    Attributes:
        places: looked through in their order.
    """

    def __init__(self, places: Sequence[Place] = ()) -> None:
        self.places = places

    def picture(self, value: Any, field: str) -> Picture:
        """One picture, found but not decoded.

        Raises:
            PairError: it is missing, or the value is none of the kinds above.
        """
        if isinstance(value, Mapping):
            data, name = value.get("bytes"), value.get("path") or ""
            if data is None:
                return self.picture(name, field)
            return self._of_bytes(data, str(name), field)
        if isinstance(value, bytes):
            return self._of_bytes(value, "", field)
        if isinstance(value, Image.Image):
            return Picture("", lambda: png(value))
        if isinstance(value, str):
            return self._named(value, field)
        raise PairError(
            field,
            "columns",
            f"an image is a name, bytes or {{bytes, path}}; got {type(value).__name__}",
        )

    def _of_bytes(self, data: Any, name: str, field: str) -> Picture:
        if isinstance(data, str):
            data = _from_base64(data, field)
        if not isinstance(data, bytes) or not data:
            raise PairError(field, "image_missing", "the image has no bytes")
        if len(data) > MAX_BYTES:
            raise PairError(field, "image_unreadable", f"larger than {MAX_BYTES / 1e6:.0f} MB")
        return Picture(name, lambda: data)

    def _named(self, name: str, field: str) -> Picture:
        if not name:
            raise PairError(field, "image_missing", "the row names no image")
        if name.startswith("data:"):
            return self._of_bytes(name.partition(",")[2], "", field)
        if name.startswith(BASE64) and len(name) > LONGEST_NAME:
            return self._of_bytes(name, "", field)
        if name.startswith(("http://", "https://")):
            message = f"{name!r:.80} is an address; images are not fetched: download them and give their folder"
            raise PairError(field, "image_missing", message)
        try:
            for place in self.places:
                load = place.find(name)
                if load is not None:
                    return Picture(name, load)
        except (OSError, ValueError) as error:
            raise PairError(field, "image_unreadable", str(error)) from error
        if self.places and (PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts):
            message = f"{name!r:.80} is not beside the data, nor in what is given as images"
            raise PairError(field, "image_outside", message)
        raise PairError(
            field,
            "image_missing",
            f"there is no {name!r:.80} beside the data, nor in what is given as images",
        )


def _from_base64(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PairError(field, "image_unreadable", "the image is text that is no base64") from None


def png(image: Image.Image) -> bytes:
    """The image as PNG, the same bytes every time."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, format="PNG")
    return buffer.getvalue()
