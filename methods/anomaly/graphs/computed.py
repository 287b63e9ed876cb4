"""Features of nodes that have none, counted from their links."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from methods.anomaly.graphs.graph import Csr, Feature, feature_of
from methods.anomaly.graphs.parts import Array

MOST_WEDGES = 2 * 10**8
"""Pairs of links of one node, over all nodes, up to which triangles are counted."""


def computed_features(
    edges: Array, nodes: int, directed: bool, strengths: Mapping[str, Array]
) -> tuple[Array, list[Feature]]:
    """Features (n, d) float32 from the links alone.

    Links of a node (out and in where the graph is directed), the sum of each value that edges have, the mean number of links of its
    neighbours, and the share of pairs of its neighbours that are linked themselves (the local clustering coefficient of
    Watts and Strogatz 1998, direction left aside, in percent; left out where counting it would take too long).

    Args:
        edges: (2, E), both directions of each where the graph is not directed.
        strengths: (E,) values of an edge by their name, which may end in a unit.
    """
    columns: dict[Feature, Array] = {}
    for side, word in enumerate(("out", "in") if directed else ("",)):
        ends = edges[side]
        columns[Feature(f"{word} links".strip(), "links")] = np.bincount(ends, minlength=nodes)
        for name, values in strengths.items():
            value = feature_of(name)
            called = Feature(f"{value.name} {word}".strip() + ", summed", value.unit)
            columns[called] = np.bincount(ends, np.nan_to_num(values), nodes)
    columns |= _of_neighbours(edges, nodes)
    x = np.stack(list(columns.values()), axis=1).astype(np.float32)
    return x, list(columns)


def _of_neighbours(edges: Array, nodes: int) -> dict[Feature, Array]:
    from scipy.sparse import csr_matrix  # noqa: PLC0415  half a second

    apart = edges[:, edges[0] != edges[1]]
    ends = np.concatenate([apart, apart[::-1]], axis=1)
    ones = np.ones(ends.shape[1], np.int64)
    linked = csr_matrix((ones, (ends[0], ends[1])), (nodes, nodes))
    linked.data[:] = 1
    degree = np.diff(linked.indptr)
    mean = linked @ degree / np.maximum(degree, 1)
    found = {Feature("neighbours' links, mean", "links"): mean}
    pairs = degree.astype(np.int64) * (degree - 1)
    if pairs.sum() <= MOST_WEDGES:
        closed = np.asarray((linked @ linked).multiply(linked).sum(axis=1)).reshape(-1)
        found[Feature("linked pairs of neighbours", "%")] = 100 * closed / np.maximum(pairs, 1)
    return found


def symmetrised(out: Csr) -> Array:
    """Edges (2, E) with both directions of each link; a pair linked both ways has as many as the stronger direction."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415  half a second

    matrix = csr_matrix((out.weights, out.indices, out.indptr), (out.nodes, out.nodes))
    both = matrix.maximum(matrix.T).tocoo()
    counts = both.data.astype(np.int64)
    return np.stack([np.repeat(both.row, counts), np.repeat(both.col, counts)]).astype(np.int64)
