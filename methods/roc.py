"""The area under the ROC curve: how well a score tells two groups apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from methods.intervals import Z95


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve; `low` and `high` end its 95 % interval (Newcombe 2006, method 5)."""

    value: float
    low: float
    high: float


def auc(scores: npt.ArrayLike, truth: npt.ArrayLike) -> Auc | None:
    """How well high scores find the true ones: the chance that a true one scores higher than a false one, ties as half.

    The interval inverts the score test with the variance of Hanley and McNeil, so it stays inside 0..1 and does not collapse
    where the two groups are wholly apart. Newcombe, Statistics in Medicine 25 (2006), 559.

    Args:
        scores: (N,), no NaN.
        truth: (N,) bool.

    Returns:
        None where all are true, or none is.
    """
    values, positive = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=bool)
    if np.isnan(values).any():
        raise ValueError(f"score {int(np.isnan(values).argmax())} is not a number")
    found, missed = int(positive.sum()), int((~positive).sum())
    if not found or not missed:
        return None
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[place]  # from 1, the mean of those that tie
    area = float((ranks[positive].sum() - found * (found + 1) / 2) / (found * missed))
    area = min(1.0, max(0.0, area))
    return Auc(area, _end(area, 0.0, found, missed), _end(area, 1.0, found, missed))


def _end(area: float, bound: float, found: int, missed: int) -> float:
    """The area farthest towards `bound` that the measured one does not contradict, by halving."""
    inside, outside = area, bound
    for _ in range(60):
        middle = (inside + outside) / 2
        within = abs(area - middle) <= Z95 * _variance(middle, found, missed) ** 0.5
        inside, outside = (middle, outside) if within else (inside, middle)
    return inside


def _variance(area: float, found: int, missed: int) -> float:
    """Of an estimated area (Hanley and McNeil 1982), the two groups' sizes replaced by their mean as Newcombe does."""
    others = (found + missed) / 2 - 1
    spread = 1 + others * (1 - area) / (2 - area) + others * area / (1 + area)
    return area * (1 - area) * spread / (found * missed)
