"""Rates over answers: what they divide, by what, and how sure they are.

Every figure of every benchmark here is a ratio of two sums over the answers, F1 included. Its 95 % interval is that of the
percentile bootstrap over images: whole images are drawn with replacement, so that the questions asked about one image stay
together. Two sets of answers to the same items are drawn together, which makes the interval of their difference a paired one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DRAWS = 2000
TAIL = 0.025
"""Share of the draws that lies below, and above, a 95 % interval."""
_CHUNK = 4_000_000
"""Most images drawn at a time: 32 MB."""


@dataclass(frozen=True)
class Column:
    """What a rate divides: the contribution of each answer above and below the line.

    Attributes:
        share: no answer can add more above than below, so that the rate lies in [0, 1].
    """

    numerators: Sequence[float]
    denominators: Sequence[float]
    share: bool = True


@dataclass(frozen=True)
class Rate:
    """A ratio of sums over answers.

    Attributes:
        value: numerator / denominator; None where there is nothing to divide by.
        low, high: ends of the 95 % interval over images; None for fewer than two images.
    """

    numerator: float
    denominator: float
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Change:
    """A rate after less the same rate before, on the same items; None where one of them is not defined.

    Attributes:
        low, high: ends of the paired 95 % interval over images.
    """

    value: float | None
    low: float | None
    high: float | None

    @property
    def certain(self) -> bool:
        """The interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def rates(
    images: Sequence[str], columns: Mapping[str, Column], seed: int = 0, draws: int = DRAWS
) -> dict[str, Rate]:
    """Each column's ratio with its interval.

    Args:
        images: the image of each answer; answers that share one are drawn together.
        columns: by name, as long as `images`.

    Raises:
        ValueError: a column has another length.
    """
    resampled = resample(images, columns, seed, draws)
    return {name: rate(images, column, resampled[name]) for name, column in columns.items()}


def rate(images: Sequence[str], column: Column, resampled: Array) -> Rate:
    """The ratio of one column, its interval from values `resampled` (draws,)."""
    above, below = float(np.sum(column.numerators)), float(np.sum(column.denominators))
    if below == 0:
        return Rate(above, 0.0, None, None, None)
    low, high = interval(resampled)
    value = above / below
    if column.share and value in (0, 1) and low is not None:
        low, high = exact(value, counted(images, column))
    return Rate(above, below, value, low, high)


def counted(images: Sequence[str], *columns: Column) -> int:
    """Images that add something below the line of one of the columns."""
    return len(
        {
            name
            for column in columns
            for name, part in zip(images, column.denominators, strict=True)
            if part > 0
        }
    )


def exact(value: float, images: int) -> tuple[float, float]:
    """The binomial 95 % interval of a share of 0 or 1, an image being a trial: draws of equal images are all equal."""
    bound = TAIL ** (1 / images)
    return (0.0, 1 - bound) if value == 0 else (bound, 1.0)


def change(before: Rate, after: Rate, difference: Array, images: int = 0) -> Change:
    """After less before, its interval from resampled differences (draws,).

    Args:
        images: of a share, how many images count. Where all changed alike, the draws are all equal; then the share of other
            images that may change otherwise is bounded as in `exact`, and each by as much as a share can.
    """
    if before.value is None or after.value is None:
        return Change(None, None, None)
    value = after.value - before.value
    low, high = interval(difference)
    if images and low is not None and low == high:
        others = 1 - TAIL ** (1 / images)
        low, high = value - others * (1 + value), value + others * (1 - value)
    return Change(value, low, high)


def interval(values: Array) -> tuple[float | None, float | None]:
    """The middle 95 % of resampled values (draws,); draws with nothing to divide by (NaN) are left out."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [TAIL, 1 - TAIL])
    return float(low), float(high)


def resample(
    images: Sequence[str], columns: Mapping[str, Column], seed: int = 0, draws: int = DRAWS
) -> dict[str, Array]:
    """Ratios (draws,) of each column over images drawn with replacement: the same images for every column and, with the
    same images and seed, for every call. NaN where a draw has nothing to divide by, and for fewer than two images."""
    for name, column in columns.items():
        if not len(column.numerators) == len(column.denominators) == len(images):
            raise ValueError(
                f"{name}: {len(column.numerators)} numerators and {len(column.denominators)} denominators "
                f"for {len(images)} answers"
            )
    names, place = np.unique(np.asarray(images, dtype=str), return_inverse=True)
    if len(names) < 2:
        return {name: np.full(draws, np.nan) for name in columns}
    sums = np.zeros((len(names), 2 * len(columns)))
    for index, column in enumerate(columns.values()):
        np.add.at(sums[:, 2 * index], place, np.asarray(column.numerators, float))
        np.add.at(sums[:, 2 * index + 1], place, np.asarray(column.denominators, float))
    drawn = np.concatenate([counts @ sums for counts in _drawn(len(names), seed, draws)])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(drawn[:, 1::2] > 0, drawn[:, 0::2] / drawn[:, 1::2], np.nan)
    return {name: ratios[:, index] for index, name in enumerate(columns)}


def _drawn(images: int, seed: int, draws: int) -> Iterator[Array]:
    """How often each image is drawn, (some draws, images) at a time."""
    generator = np.random.default_rng(seed)
    size = max(1, _CHUNK // images)
    for start in range(0, draws, size):
        count = min(size, draws - start)
        chosen = generator.integers(0, images, (count, images))
        chosen += np.arange(count)[:, None] * images
        counts = np.bincount(chosen.ravel(), minlength=count * images)
        yield counts.reshape(count, images).astype(float)
