"""The pictures of a look as its pages show them."""

from __future__ import annotations

import io

from PIL import ImageOps

from methods.base import Context
from methods.fewshot.clip.images import Picture

SHOWN = 1024
"""Longest side in pixels."""
EXACT = 256
"""Longest side up to which a picture is saved without loss."""


def save_picture(context: Context, place: int, picture: Picture) -> str:
    """Save an upright RGB copy, reduced where it is large.

    Args:
        place: of the picture, 0 the first.

    Returns:
        the artefact's name.
    """
    image = picture.open()
    stem, about = f"picture-{place + 1:03d}", {"role": "picture", "source": picture.name}
    if max(image.size) <= EXACT:
        return context.save_image(f"{stem}.png", image, **about).name
    side = min(SHOWN, max(image.size))
    buffer = io.BytesIO()
    ImageOps.contain(image, (side, side)).save(buffer, format="WEBP", quality=90)
    return context.save_file(f"{stem}.webp", buffer.getvalue(), **about).name
