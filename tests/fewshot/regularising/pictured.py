"""A folder of pictures by class, parted into base and novel ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from methods.fewshot.regularising.config import RegulariseConfig

FOLDERS = ("base/red_circle", "base/blue star", "novel/red star", "novel/blue circle")


def save_pictures(folder: Path) -> Path:
    """Two base and two novel classes of three pictures each."""
    draw = np.random.default_rng(0)
    for each in FOLDERS:
        (folder / each).mkdir(parents=True)
        for place in range(3):
            pixels = draw.integers(0, 255, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / each / f"{place}.png")
    return folder


def of_pictures(folder: Path, **values: Any) -> RegulariseConfig:
    """The smallest episodes of them."""
    small = {"ways": 2, "shots": 1, "queries": 2, "related": 1, "episodes": 4}
    return RegulariseConfig(**{"features": str(folder), **small, **values})
