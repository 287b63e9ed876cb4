"""Pictures for strangers: the same pixels, without what is written into the file beside them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "image/png": ("PNG", {}),
    "image/jpeg": ("JPEG", {}),
    "image/webp": ("WEBP", {"lossless": True, "exact": True}),
}
"""Pillow's name of each kind, and how it is written anew without changing a pixel; a JPEG is never written anew."""
TEXTS = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
"""JPEG's segments of texts: EXIF, XMP, comments. APP0, APP2 and APP14 say how colours are meant."""
SCAN = 0xDA
MAX_PIXELS = 100_000_000
BROKEN = (
    OSError,
    SyntaxError,
    EOFError,
    OverflowError,
    IndexError,
    TypeError,
    struct.error,
    zlib.error,
)
"""What Pillow raises for a damaged file."""


def bare(content: bytes, mime: str) -> bytes:
    """A picture without its texts: every sample of a run carries the run's settings, among them where its model lies.

    Raises:
        ValueError: it is no PNG, JPEG or WebP picture, whatever it calls itself, or has too many pixels.
    """
    if mime not in FORMATS:
        raise ValueError(f"{', '.join(FORMATS)} can be shown to strangers, got {mime}")
    if mime == "image/jpeg":
        return _bare_jpeg(content)
    kind, how = FORMATS[mime]
    out = BytesIO()
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels; {MAX_PIXELS:,} are shown")
            image.load()
            image.info = {
                name: image.info[name] for name in ("transparency",) if name in image.info
            }
            image.save(out, kind, **how)
    except (*BROKEN, Image.DecompressionBombError) as error:
        raise ValueError(f"it is no {kind} picture that can be read ({error})") from error
    return out.getvalue()


def _bare_jpeg(content: bytes) -> bytes:
    """Without its segments of texts. Segments are FF, a kind, and a length of two bytes that counts itself."""
    kept, at = [content[:2]], 2
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] not in (b"", bytes((SCAN,))):
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at + 1] not in TEXTS:
            kept.append(content[at:end])
        at = end
    if content[at : at + 2] != bytes((0xFF, SCAN)):
        raise ValueError("the JPEG picture is damaged: its segments lead to no scan")
    return b"".join((*kept, content[at:]))
