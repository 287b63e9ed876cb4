"""Nodes grouped into cells: those tied with a positive, and the negatives between two of them.

A ranking matters to AUC, average precision and recall only through how many positives and negatives each cell holds, from the
highest to the lowest. So a bootstrap resamples counts of cells instead of a million nodes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Cells(NamedTuple):
    """Attributes:
    of: (m,) int64, the cell of each judged node; odd cells hold positives and what ties with them, even ones negatives only.
    positives, negatives: (cells,) float64, how many of each a cell holds, the highest scores first.
    """

    of: Array
    positives: Array
    negatives: Array


def cells(scores: Array, truth: Array) -> Cells:
    """The cells of judged nodes.

    Args:
        scores: (m,) finite, higher is more anomalous.
        truth: (m,) bool with both values among them.
    """
    levels = np.unique(scores[truth])
    left, right = (np.searchsorted(levels, scores, side) for side in ("left", "right"))
    of = 2 * (len(levels) - right) + (
        left != right
    )  # two cells for each level above, one more for a tie
    size = 2 * len(levels) + 1
    positives = np.bincount(of[truth], minlength=size).astype(float)
    negatives = np.bincount(of[~truth], minlength=size).astype(float)
    return Cells(of, positives, negatives)


class Figures(NamedTuple):
    """One number for each row of counts."""

    auc: Array
    ap: Array
    precision: Array
    recall: Array


def figures(positives: Array, negatives: Array, budget: float) -> Figures:
    """AUC, average precision, and precision and recall of the first `budget` nodes.

    AUC counts a tie half. Average precision is the sum over distinct scores of precision times the gain in recall, as in scikit-learn.
    Where the budget ends among nodes that tie, their share is taken: what a random order among them gives on average.

    Args:
        positives, negatives: (rows, cells) counts, the highest scores first; each row has both.
        budget: 0 gives NaN for precision.
    """
    found, missed = positives.sum(axis=1), negatives.sum(axis=1)
    hits, misses = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    below = missed[:, None] - misses + negatives / 2
    auc = (positives * below).sum(axis=1) / (found * missed)
    shown = hits + misses
    ap = (positives * hits / np.maximum(shown, 1)).sum(axis=1) / found
    whole = positives + negatives
    share = np.clip((budget - (shown - whole)) / np.where(whole > 0, whole, 1), 0, 1)
    caught = (positives * share).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = caught / np.minimum(budget, shown[:, -1])
    return Figures(auc, ap, precision, caught / found)
