"""How sure an accuracy is, and a difference of two that were measured on the same episodes or images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from methods.intervals import Z95


@dataclass(frozen=True)
class Estimate:
    """A mean with the ends of its 95 % interval; they are None where a single value says nothing about chance."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Paired:
    """Second minus first on the same episodes: the mean difference, and on how many the second did better or worse."""

    difference: Estimate
    wins: int
    losses: int
    ties: int

    @property
    def win_rate(self) -> float:
        """Share of episodes on which the second did better; ties count half."""
        return (self.wins + self.ties / 2) / self.difference.n


def interval(values: ArrayLike) -> Estimate:
    """Mean and 95 % interval of episode accuracies: mean ± 1.96 s / sqrt(E), as the field reports it (s with E - 1).

    Raises:
        ValueError: there are no values, or one is not finite.
    """
    column = _finite(values, "values")
    mean = float(column.mean())
    if len(column) == 1:
        return Estimate(mean, None, None, 1)
    half = Z95 * float(column.std(ddof=1)) / math.sqrt(len(column))
    return Estimate(mean, mean - half, mean + half, len(column))


def paired(first: ArrayLike, second: ArrayLike) -> Paired:
    """Compare accuracies (E,) of two arms on the same episodes.

    Raises:
        ValueError: lengths differ, there are none, or one is not finite.
    """
    gain = _difference(first, second)
    wins, losses = int((gain > 0).sum()), int((gain < 0).sum())
    return Paired(interval(gain), wins, losses, len(gain) - wins - losses)


def paired_bootstrap(
    first: ArrayLike, second: ArrayLike, *, seed: int, draws: int = 2000
) -> Estimate:
    """Mean of second - first with the percentile interval of a bootstrap over pairs; for right or wrong per image.

    Args:
        first: (N,), values or truth values of one arm.
        second: (N,), of the other on the same images.
        seed: 0 or more.
        draws: 1 or more.

    Raises:
        ValueError: as `paired`.
    """
    gain = _difference(first, second)
    # Only the counts of each different value matter, so a draw costs as many numbers as there are values (3 for right or wrong).
    levels, counts = np.unique(gain, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(gain), counts / len(gain), draws)
    low, high = np.quantile(drawn @ levels / len(gain), [0.025, 0.975])
    return Estimate(float(gain.mean()), float(low), float(high), len(gain))


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """Exact two-sided p of McNemar's test: that fixed and broken images are equally likely. 1 where none changed.

    Args:
        first: (N,) truth values, whether one arm was right.
        second: (N,), whether the other was.
    """
    gain = _difference(first, second)
    fixed, broken = int((gain > 0).sum()), int((gain < 0).sum())
    if fixed + broken == 0:
        return 1.0
    return float(binomtest(fixed, fixed + broken, 0.5).pvalue)


def _difference(
    first: ArrayLike, second: ArrayLike
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    one, other = _finite(first, "first"), _finite(second, "second")
    if len(one) != len(other):
        raise ValueError(f"paired values must be equally many, got {len(one)} and {len(other)}")
    return other - one


def _finite(values: ArrayLike, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    column = np.asarray(values, np.float64).reshape(-1)
    if len(column) == 0:
        raise ValueError(f"{name} are empty")
    if not np.isfinite(column).all():
        raise ValueError(f"{name} must be finite; row {int(np.argmin(np.isfinite(column)))} is not")
    return column
