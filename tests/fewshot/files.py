"""Pictures in zips, as people bring them, good and bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def picture_bytes(
    seed: int, mode: str = "RGB", form: str = "PNG", size: tuple[int, int] = (40, 30)
) -> bytes:
    """A picture of noise, another one for each seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(buffer, form)
    return buffer.getvalue()


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip of files by their places; a place that ends in / is an empty folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in files.items():
            archive.writestr(place, content)
    return path
