"""Links that a detector expected of a node and that are not there: the exact best of all n nodes, without an n x n matrix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from methods.anomaly.results.files import Results
from methods.anomaly.results.mapped import Array

BLOCK = 1 << 16
"""Nodes that are looked at together: their products stay in the processor's cache."""
TINY = 1e-12
"""The least structure error that is divided by, as in the detector."""


class AbsentLink(NamedTuple):
    """A link that is not there.

    Attributes:
        expected: how many links were expected, the mean over the kept views.
        part: its part of the structure error, before the weight (1 - w).
    """

    position: int
    expected: float
    part: float


class Absent(NamedTuple):
    """What of the links that are not there is known one by one.

    Attributes:
        links: the largest parts first; those that were expected only, with more than 0.
        itself: the link of the node to itself, which a product of factors always expects; None where there is one.
        exact: whether the factors of all views were kept, so that the parts are those of the error itself; otherwise they
            are the mean over the views that were.
    """

    links: list[AbsentLink]
    itself: AbsentLink | None
    exact: bool


def absent_links(results: Results, position: int, limit: int = 10) -> Absent:
    """The expected but absent links of a node with the largest parts.

    Over views k with factors H and structure error b: part_v = mean_k <H_ki, H_kv>^2 / b_ki for a link that is not there.

    Args:
        limit: how many at most, 1 or more.

    Returns:
        empty of a detector that keeps no factors.
    """
    if results.reasons is None:
        return Absent([], None, False)
    factors, structure = results.reasons["factors"], results.reasons["structure_of"]
    mine = np.asarray(factors[:, position])
    scale = np.maximum(structure[:, position], TINY)
    present = results.graph.out.of(position)
    hidden = np.union1d(present, [position])
    best: list[AbsentLink] = []
    for start in range(0, factors.shape[1], BLOCK):
        expected, part = _block(factors[:, start : start + BLOCK], mine, scale)
        part[expected <= 0] = -1
        inside = hidden[(hidden >= start) & (hidden < start + BLOCK)]
        part[inside - start] = -1
        best += _largest(expected, part, start, limit)
    best.sort(key=lambda link: (-link.part, link.position))
    own = None
    if position not in present:
        expected, part = _block(factors[:, position : position + 1], mine, scale)
        own = AbsentLink(position, float(expected[0]), float(part[0]))
    return Absent(best[:limit], own, len(factors) == len(results.views))


def _block(factors: Array, mine: Array, scale: Array) -> tuple[Array, Array]:
    """Expected links from one node to a block of others, and the part of each, were it absent. (block,) both."""
    products = np.matmul(factors, mine[:, :, None])[:, :, 0]
    return products.mean(axis=0), (products**2 / scale[:, None]).mean(axis=0)


def _largest(expected: Array, part: Array, start: int, limit: int) -> list[AbsentLink]:
    chosen = np.arange(len(part))
    if len(part) > limit:
        edge = np.partition(part, len(part) - limit)[len(part) - limit]
        chosen = np.flatnonzero(
            part >= edge
        )  # ties at the edge too: the lowest positions go first later
        chosen = chosen[np.argsort(-part[chosen], kind="stable")[:limit]]
    return [
        AbsentLink(start + place, float(expected[place]), float(part[place]))
        for place in chosen.tolist()
        if part[place] > 0
    ]
