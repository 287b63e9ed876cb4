"""How sure a mean over a few seeds is: Student's t, without any library, so that the web process can use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean

LEVEL = 0.95


@dataclass(frozen=True)
class Mean:
    """A mean of n values; `low` and `high` end its 95 % interval, and are None for a single value."""

    mean: float
    low: float | None
    high: float | None
    n: int


def mean_of(values: Sequence[float]) -> Mean:
    """Mean and 95 % interval by Student's t: mean ± t(n - 1) s / sqrt(n).

    Raises:
        ValueError: there are no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("a mean needs at least one value")
    mean = fmean(values)
    if n == 1:
        return Mean(mean, None, None, 1)
    # `statistics.stdev` reckons with fractions, which takes 50 times as long: half a second for a sweep of 500 runs.
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = student_t(n - 1) * deviation / math.sqrt(n)
    return Mean(mean, mean - half, mean + half, n)


@cache
def student_t(freedom: int) -> float:
    """The t with 95 % of Student's distribution between -t and t, for 1 degree of freedom or more."""
    if freedom < 1:
        raise ValueError(f"degrees of freedom must be 1 or more, got {freedom}")
    low, high = 1.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        if _between(middle, freedom) < LEVEL:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _between(t: float, freedom: int) -> float:
    """Share of Student's distribution between -t and t: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom % 2 == 0:
        return sine * _sum(1.0, cosine, range(2, freedom, 2))
    rest = sine * _sum(cosine, cosine, range(3, freedom, 2)) if freedom > 1 else 0.0
    return 2 / math.pi * (angle + rest)


def _sum(first: float, cosine: float, numbers: range) -> float:
    """first (1 + c^2 (k-1)/k (1 + c^2 (k+1)/(k+2) (1 + ...))) over the numbers k."""
    term = total = first
    for number in numbers:
        term *= cosine * cosine * (number - 1) / number
        total += term
    return total
