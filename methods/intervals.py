"""How sure a mean over a few seeds or a share is, without any library, so that the web process can use it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean

LEVEL = 0.95
Z95 = 1.959964  # of the normal distribution


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


def paired_difference(
    values: Mapping[Hashable, float], control: Mapping[Hashable, float]
) -> Mean | None:
    """Mean of `values` less `control` over the keys that both have, with its 95 % interval by Student's t.

    What a seed or an item does to both cancels out, so this tells apart what two separate intervals would not.

    Returns:
        None where they share no key.
    """
    shared = [key for key in values if key in control]
    return mean_of([values[key] - control[key] for key in shared]) if shared else None


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays inside 0..1 and does not collapse at the ends."""
    if not 0 <= successes <= total or total == 0:
        raise ValueError(f"need 0 <= successes <= total and a total; got {successes} of {total}")
    share = successes / total
    spread = 1 + Z95**2 / total
    centre = (share + Z95**2 / (2 * total)) / spread
    half = Z95 * math.sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2)) / spread
    # Rounding must not push an end past the share itself, which it touches at 0 and 1.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


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
