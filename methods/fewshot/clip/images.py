"""Pictures that people bring, in any mode a file can have, opened when they are looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageOps

from methods.image_files import opened

LONG_PER_SHORT = 50
"""A picture with a longer side than that many times its shorter one has no crop that shows anything."""
PAPER = (255, 255, 255)
"""What shows through transparent parts."""
DEEP = ("I", "I;16", "I;16B", "I;16L", "F")
"""Grey levels of more than 8 bits, which PIL would clip at 255."""


@dataclass(frozen=True)
class OpenedImage:
    """A picture as CLIP gets it, and what was done to it.

    Attributes:
        image: RGB, upright, on white where the file is transparent.
        notes: whole sentences without the file's name, for people; empty for a plain RGB picture.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture by its name and content.

    Attributes:
        name: as its source calls it.
        sha256: hex digest of the file, or of size and pixels of a picture that was drawn: the key of its features.
        open: gives the RGB picture; raises `ValueError` that names the file.
        notes: gives what is done to it for that, as `OpenedImage.notes`; decodes it, and raises as `open` does.
    """

    name: str
    sha256: str
    open: Callable[[], Image.Image] = field(repr=False)
    notes: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False)


def picture_file(name: str, read: Callable[[], bytes]) -> Picture:
    """A picture of a file, which is read now for its hash and again when it is looked at.

    Args:
        read: gives the file's bytes.
    """
    digest = hashlib.sha256(read()).hexdigest()
    return Picture(
        name,
        digest,
        lambda: open_image(read(), name).image,
        lambda: open_image(read(), name).notes,
    )


def drawn_picture(name: str, image: Image.Image) -> Picture:
    """A picture that is in memory already."""
    rgb = image.convert("RGB")
    digest = hashlib.sha256(f"{rgb.width} x {rgb.height} ".encode() + rgb.tobytes()).hexdigest()
    return Picture(name, digest, lambda: rgb)


def open_image(data: bytes, name: str) -> OpenedImage:
    """Decode a file to an upright RGB picture.

    Args:
        data: the encoded file.
        name: for errors.

    Raises:
        ValueError: it is no picture, truncated or damaged, larger than `image_files.MAX_PIXELS` (seen in its header, before anything
            is unpacked), or a sliver. Begins with the name.
    """
    try:
        with opened(data) as image:
            notes = _frames(image)
            _check_sides(image)
            upright = ImageOps.exif_transpose(image)
            rgb, more = _rgb(upright)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return OpenedImage(rgb, (*notes, *more))


def _frames(image: Image.Image) -> tuple[str, ...]:
    frames = getattr(image, "n_frames", 1)
    return (f"it has {frames} frames: the first one is taken",) if frames > 1 else ()


def _check_sides(image: Image.Image) -> None:
    short, long = sorted(image.size)
    if long > LONG_PER_SHORT * short:
        raise ValueError(
            f"{image.width} x {image.height} pixels is a sliver: the longer side may be at most {LONG_PER_SHORT} times the shorter one"
        )


def _rgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture in RGB, and what that meant for it."""
    if image.mode == "RGB":
        return image.copy(), ()
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        paper = Image.new("RGBA", seen.size, (*PAPER, 255))
        whole = Image.alpha_composite(paper, seen).convert("RGB")
        return whole, ("it has transparent parts: laid on white",)
    if image.mode in DEEP:
        return _shallow(image), ("it has grey levels of more than 8 bits: spread over 0 to 255",)
    if image.mode == "CMYK":
        return image.convert("RGB"), ("its colours are CMYK: turned into RGB without a profile",)
    if image.mode in ("L", "1"):
        return image.convert("RGB"), ("it is grey: the three channels are alike",)
    return image.convert("RGB"), ()


def _shallow(image: Image.Image) -> Image.Image:
    """Grey levels of any depth as RGB: 16 bits by their own scale, others from their least to their greatest."""
    levels = np.asarray(image).astype(np.float64)
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else (levels.min(), levels.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("it has grey levels that are no numbers")
    grey = (levels - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
