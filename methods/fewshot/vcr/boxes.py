"""Which crops of a picture are looked at: torchvision's law of RandomResizedCrop, with random numbers of the picture's own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch

RATIOS = (3 / 4, 4 / 3)
"""Width by height of a crop, in pixels."""
LOG_RATIOS: tuple[float, float] = tuple(torch.tensor(RATIOS).log().tolist())
ATTEMPTS = 10
DRAWN_AT_ONCE = 128
LAW = "rrc 3/4 4/3 v1"
"""Part of every seed."""


class Box(NamedTuple):
    """A crop in whole pixels of its picture; the origin is the upper left corner."""

    left: int
    top: int
    width: int
    height: int


def local_scales(scales: Iterable[float]) -> tuple[float, ...]:
    """The scales that are crops, ascending; 1 is the whole picture and none of them.

    Raises:
        ValueError: a scale isn't above 0 and at most 1, or stands there twice.
    """
    given = [float(scale) for scale in scales]
    for scale in given:
        if not 0 < scale <= 1:
            raise ValueError(f"a scale is a share of the area, above 0 and at most 1; got {scale}")
        if given.count(scale) > 1:
            raise ValueError(f"scale {scale} stands there {given.count(scale)} times")
    return tuple(sorted(scale for scale in given if scale < 1))


def picture_seed(sha256: str, seed: int, purpose: str) -> int:
    """A seed (63 bits) that depends on the picture, the run's seed and a purpose, on nothing looked at beside or before."""
    return int.from_bytes(hashlib.sha256(f"{sha256} {seed} {purpose}".encode()).digest()[:8]) >> 1


class Numbers:
    """The numbers that torchvision's law draws from a `torch.Generator` on a CPU, to the bit, many at a time.

    Both are the Mersenne twister, seeded alike, and a number takes one of its words; but asking torch for one at a time takes longer
    than a GPU needs to cut and encode the crops.
    """

    def __init__(self, seed: int) -> None:
        """Begin as `torch.Generator().manual_seed(seed)` does."""
        self._twister = np.random.RandomState(seed % 2**32)
        self._words: Iterator[tuple[int, float]] = iter(())

    def share(self, low: float, high: float) -> float:
        """As `torch.empty(1).uniform_(low, high)`."""
        word, _ = self._next()
        return low if low == high else float(_uniform(np.array([word]), low, high)[0])

    def ratio(self) -> float:
        """As the exponential of one that is uniform between the logarithms of `RATIOS`."""
        return self._next()[1]

    def integer(self, limit: int) -> int:
        """As `torch.randint(0, limit, (1,))`; a limit of 2^28 or less."""
        return self._next()[0] % limit

    def _next(self) -> tuple[int, float]:
        """A word, and the ratio that it makes."""
        for each in self._words:
            return each
        words = self._twister.randint(0, 2**32, DRAWN_AT_ONCE, dtype=np.uint32)
        ratios = torch.from_numpy(_uniform(words, *LOG_RATIOS)).exp()
        self._words = zip(words.tolist(), ratios.tolist(), strict=True)
        return next(self._words)


def _uniform(words: np.ndarray, low: float, high: float) -> np.ndarray:
    shares = (words % 2**24).astype(np.float32) / np.float32(2**24)
    return shares * (np.float32(high) - np.float32(low)) + np.float32(low)


def crop_box(width: int, height: int, shares: tuple[float, float], numbers: Numbers) -> Box:
    """One random crop; with equal random numbers the same as `torchvision.transforms.RandomResizedCrop.get_params`.

    Area: uniform in `shares` of the picture's. Width by height: log-uniform in `RATIOS`. Place: uniform. What doesn't fit is drawn
    again; after `ATTEMPTS` it is the middle of the picture, of the nearest ratio allowed, whose area is not what was asked for.

    Args:
        width, height: of the picture in pixels.
        shares: least and greatest share of the area, each above 0 and at most 1.
    """
    low, high = np.array(shares, dtype=np.float32).tolist()
    for _ in range(ATTEMPTS):
        area, ratio = width * height * numbers.share(low, high), numbers.ratio()
        wide, tall = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < tall <= height:
            top = numbers.integer(height - tall + 1)
            return Box(numbers.integer(width - wide + 1), top, wide, tall)
    return _middle(width, height)


def _middle(width: int, height: int) -> Box:
    wide, tall = width, height
    if width / height < RATIOS[0]:
        tall = round(width / RATIOS[0])
    elif width / height > RATIOS[1]:
        wide = round(height * RATIOS[1])
    return Box((width - wide) // 2, (height - tall) // 2, wide, tall)


def view_boxes(
    width: int, height: int, scales: Iterable[float], views: int, *, sha256: str, seed: int = 0
) -> dict[float, tuple[Box, ...]]:
    """The distinct crops of a picture at every local scale, in the order drawn.

    Long pictures have few or no crops of a large share, so that many draws end in one and the same box: it stands here once.
    More views add boxes and change none; neither does another scale.

    Args:
        width, height: of the picture in pixels.
        scales: as `local_scales` takes them.
        views: draws for each scale, 1 or more.
        sha256: of the picture.

    Returns:
        Local scale -> 1 to `views` boxes.

    Raises:
        ValueError: as `local_scales`; views is below 1.
    """
    if views < 1:
        raise ValueError(f"views must be 1 or more, got {views}")
    boxes = {}
    for scale in local_scales(scales):
        numbers = Numbers(picture_seed(sha256, seed, f"{LAW} {scale!r}"))
        drawn = (crop_box(width, height, (scale, scale), numbers) for _ in range(views))
        boxes[scale] = tuple(dict.fromkeys(drawn))
    return boxes
