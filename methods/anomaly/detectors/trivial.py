"""Scores that cost nothing: how many links a node has, and how long its scaled features are.

They are what every learnt detector has to be told apart from: reconstruction errors grow with both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def link_counts(indptr: npt.ArrayLike) -> Floats:
    """Neighbours of each node, from the row pointers of a CSR matrix whose entries are unique.

    Args:
        indptr: (n + 1,) integers that do not fall.

    Returns:
        (n,), out-degrees for rows of sources and in-degrees for those of targets.
    """
    return np.diff(np.asarray(indptr)).astype(np.float64)


def feature_norm(x: npt.NDArray[Any]) -> Floats:
    """Euclidean length of each node's z-scored features.

    Columns have mean 0 and population deviation 1; constant ones count 0. One column at a time, so that nothing as large
    as `x` is made.

    Args:
        x: (n, d), finite.

    Returns:
        (n,); its square has mean d less the number of constant columns.
    """
    total = np.zeros(len(x))
    for column in x.T:
        values = column.astype(np.float64)
        # Not by the deviation: the mean of equal numbers may be off by a rounding, which would then be blown up.
        if values.min() == values.max():
            continue
        values -= values.mean()
        total += (values / values.std()) ** 2
    return np.asarray(np.sqrt(total))
