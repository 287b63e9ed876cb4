"""Pictures that people drop on the page of few shots: each looked into by itself, then packed into one file that runs take."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from backend.services.errors import ServiceError, TooLarge
from backend.services.files import keep
from backend.settings import settings
from backend.views import DatasetView
from methods.fewshot.clip.images import open_image
from methods.image_files import opened

KIND = "pictures"
"""The setting of `fewshot.look` that takes what is packed here."""
QUERIES = "queries"
SUPPORT = "support"
"""Folders of the archive: pictures to look at, and below the other a folder of shots for each class."""
MOST = 500
"""Pictures of one archive."""
PREVIEW_SIDE = 192
NAMES_TOLD = 12
"""Refusals that one answer lists; the rest are counted."""
LONGEST_NAME = 120
SUFFIXES = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG with a second one behind it, as telephones write them
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "PPM": ".ppm",
    "AVIF": ".avif",
    "JPEG2000": ".jp2",
    "ICO": ".ico",
}
"""By PIL's name of a format: what a file is called that does not end as its content says."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every member, so that the same pictures make the same file."""


@dataclass(frozen=True)
class BroughtPicture:
    """A picture as a person brought it: its name, where its bytes are, and the class it is a shot of ("" to be looked at)."""

    name: str
    file: Path
    shot_of: str = ""


@dataclass(frozen=True)
class PictureView:
    """A picture that can be read: its size upright in pixels, what was done to it, and a small PNG of it as data URL."""

    name: str
    width: int
    height: int
    notes: tuple[str, ...]
    preview: str


def check_picture(name: str, file: Path) -> PictureView:
    """Look into a picture before it is sent with others.

    Raises:
        ServiceError: it is no picture that can be read; begins with its name.
    """
    try:
        found = open_image(file.read_bytes(), name)
    except ValueError as error:
        if zipfile.is_zipfile(file):
            raise ServiceError(
                f"{name}: it is an archive; unpack it and drop its folder, or upload it under “All settings”"
            ) from None
        raise ServiceError(str(error)) from None
    small = found.image.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    preview = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return PictureView(name, found.image.width, found.image.height, found.notes, preview)


def pack_pictures(brought: Sequence[BroughtPicture]) -> DatasetView:
    """Keep pictures as one archive: `queries/<name>` those to be looked at, `support/<class>/<name>` the shots.

    The same pictures in the same places make the same file.

    Raises:
        ServiceError: there is nothing to look at; a picture cannot be read, or is in two places where it would be its own answer; a
            class name cannot be the name of a folder. Each is named, all at once.
        TooLarge: there are too many, or they are too large together.
    """
    looked_at = sum(not each.shot_of for each in brought)
    if not looked_at:
        raise ServiceError("there is no picture to look at, only shots of classes")
    if len(brought) > MOST:
        raise TooLarge(f"{len(brought)} pictures; up to {MOST} are allowed at once")
    size, limit = sum(each.file.stat().st_size for each in brought), settings().max_upload_mb * 1e6
    if size > limit:
        raise TooLarge(f"the pictures have {size / 1e6:.0f} MB; {limit / 1e6:.0f} are allowed")
    _refuse(_faults(brought))
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "pictures.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
            for member, each in zip(_members(brought), brought, strict=True):
                target.writestr(zipfile.ZipInfo(member, EPOCH), each.file.read_bytes())
        shots = len(brought) - looked_at
        words = f"{looked_at} {'picture' if looked_at == 1 else 'pictures'}"
        name = (
            f"{words}, {shots} {'shot' if shots == 1 else 'shots'}.zip" if shots else f"{words}.zip"
        )
        return keep(name, archive, KIND)


def _faults(brought: Sequence[BroughtPicture]) -> Iterator[str]:
    """What is wrong with each class name and each picture."""
    for shot_of in dict.fromkeys(each.shot_of for each in brought):
        if shot_of and not _is_folder(shot_of):
            yield (
                f"the class {shot_of!r} cannot name a folder of shots: 1 to {LONGEST_NAME} printable characters, "
                "no / \\ : and no dot in front"
            )
    seen: dict[str, BroughtPicture] = {}
    for each in brought:
        data = each.file.read_bytes()
        try:
            open_image(data, each.name)
        except ValueError as error:
            yield str(error)
            continue
        twin = seen.setdefault(hashlib.sha256(data).hexdigest(), each)
        if twin.shot_of != each.shot_of:
            yield _twice(twin, each)


def _twice(one: BroughtPicture, other: BroughtPicture) -> str:
    shots = [each.shot_of for each in (one, other) if each.shot_of]
    if len(shots) == 2:
        return f"{other.name} is a shot of {shots[0]!r} and of {shots[1]!r}: leave one of them out"
    return f"{other.name} is to be looked at and is a shot of {shots[0]!r}: its answer would be known; leave one of them out"


def _refuse(faults: Iterator[str]) -> None:
    found = list(faults)
    if found:
        more = len(found) - NAMES_TOLD
        rest = [f"and {more} more"] if more > 0 else []
        raise ServiceError("; ".join([*found[:NAMES_TOLD], *rest]))


def _is_folder(name: str) -> bool:
    plain = name.isprintable() and not any(mark in name for mark in "/\\:")
    return plain and 0 < len(name) <= LONGEST_NAME and not name.startswith(".")


def _members(brought: Sequence[BroughtPicture]) -> Iterator[str]:
    """The place of each picture in the archive; two of one name in one place are numbered."""
    taken: set[str] = set()
    for each in brought:
        folder = f"{SUPPORT}/{each.shot_of}" if each.shot_of else QUERIES
        plain = PurePosixPath(_named(each))
        member, number = f"{folder}/{plain}", 1
        while member.casefold() in taken:
            number += 1
            member = f"{folder}/{plain.stem} ({number}){plain.suffix}"
        taken.add(member.casefold())
        yield member


def _named(each: BroughtPicture) -> str:
    """The picture's own name, without folders, and ending as its content says."""
    last = each.name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(mark for mark in last if mark.isprintable() and mark != ":").lstrip(". ")
    with opened(each.file.read_bytes()) as image:
        format = str(image.format)
    known = Image.registered_extensions().get(PurePosixPath(plain).suffix.lower(), "")
    suffix = "" if SUFFIXES.get(known) == SUFFIXES[format] else SUFFIXES[format]
    return f"{plain[-LONGEST_NAME:] or 'picture'}{suffix}"
