"""Image files that people bring: refused by their header where they are too large, and told apart from what is no picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 100_000_000
"""A larger picture is refused before it is decoded."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO")
"""PIL knows more, of which some start other programs."""
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
"""What PIL raises for a damaged file."""


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """A picture whose header is read; what is decoded inside the block fails as this does.

    Args:
        data: the encoded file (PNG, JPEG, ...).

    Raises:
        ValueError: it is no picture, damaged, or larger than `MAX_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(
                    f"{image.width} x {image.height} pixels; {MAX_PIXELS:,} are allowed"
                )
            yield image
    except Image.DecompressionBombError:
        raise ValueError(f"it has more than the {MAX_PIXELS:,} pixels that are allowed") from None
    except UnidentifiedImageError:
        raise ValueError(f"its {len(data):,} bytes are no picture in a known format") from None
    except BROKEN as error:
        raise ValueError(f"it is no picture that can be read ({error})") from error
