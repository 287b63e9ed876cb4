"""Ranks with ties done exactly, who is flagged at a budget, and who is compared with whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from methods.anomaly.outcome import percentiles_of

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


def percentile_of(values: Array, value: float) -> float:
    """What `percentiles_of` gives for one of the `values`, without sorting: the share below it, ties by half."""
    below = int(np.count_nonzero(values < value))
    tied = int(np.count_nonzero(values == value))
    return (below + tied / 2) / len(values)


def best_first(values: Array) -> Array:
    """Positions from the highest value to the lowest; of equals the lower position first. (n,) int64."""
    return np.argsort(-values, kind="stable")


def flagged(values: Array, top: int) -> Flags:
    """The `top` first of `best_first`, without sorting all. (n,) bool.

    Raises:
        ValueError: `top` is not between 1 and n.
    """
    n = len(values)
    if not 1 <= top <= n:
        raise ValueError(f"top: 1 to {n} nodes can be flagged, got {top}")
    edge = np.partition(values, n - top)[n - top]
    found: Flags = values > edge
    tied = np.flatnonzero(values == edge)
    found[tied[: top - int(np.count_nonzero(found))]] = True
    return found


def degree_bins(degree: Array) -> Array:
    """The group of nodes with about as many links: 0, then 1 + floor(log2 degree), so 1, 2-3, 4-7, 8-15, ... (n,) int8."""
    return np.frexp(degree.astype(np.float64))[1].astype(np.int8)


def bin_ends(group: int) -> tuple[int, int]:
    """The lowest and the highest degree of a group."""
    return (0, 0) if group == 0 else (2 ** (group - 1), 2**group - 1)


def peer_percentiles(values: Array, degree: Array) -> Array:
    """`percentiles_of` among the nodes of the same degree group only. (n,) float64."""
    groups = degree_bins(degree)
    found = np.empty(len(values))
    for group in np.unique(groups):
        members = groups == group
        found[members] = percentiles_of(values[members])
    return found


def default_top(nodes: int) -> int:
    """How many nodes are flagged where nobody says: 1 %, at least 10, at most a fifth of them (and always one)."""
    return max(1, min(max(10, round(nodes / 100)), nodes // 5))
