"""From the parts of a file to a graph: checked, with missing values settled, features for nodes without, and notes."""

from __future__ import annotations

import numpy as np

from methods.anomaly.graphs.computed import computed_features, symmetrised
from methods.anomaly.graphs.config import Direction, Missing
from methods.anomaly.graphs.graph import (
    Csr,
    Feature,
    Graph,
    Opened,
    check_edges,
    csr_of,
    is_directed,
)
from methods.anomaly.graphs.parts import Array, Parts, listed, narrowed, rounding_note


def finish(
    parts: Parts, told: str, direction: Direction = "as_given", missing: Missing = "refuse"
) -> Opened:
    """Make the graph, and keep its labels apart.

    Raises:
        ValueError: positions out of range, missing values that are to be refused, lengths that differ, names that repeat.
    """
    nodes = _count(parts)
    check_edges(parts.edges, nodes, told)
    given = np.ascontiguousarray(parts.edges, np.int64)
    out = csr_of(given, nodes)
    notes = [*parts.notes, *_of_edges(given, out)]
    edges, directed = _directed(parts, given, out, direction, notes)
    if parts.x is None:
        x, features = _computed(parts, edges, nodes, directed, notes)
    else:
        x, features = _settled(parts, told, missing, notes)
    notes += _of_columns(x, features)
    graph = Graph(x, edges, parts.names, tuple(features), directed, told, tuple(notes))
    return Opened(graph, parts.labels)


def _count(parts: Parts) -> int:
    if parts.x is not None:
        return len(parts.x)
    if parts.nodes is not None:
        return parts.nodes
    return int(parts.edges.max(initial=-1)) + 1 if parts.names is None else len(parts.names)


def _of_edges(edges: Array, out: Csr) -> list[str]:
    repeated = edges.shape[1] - len(out.indices)
    loops = int((edges[0] == edges[1]).sum())
    alone = int(
        ((np.diff(out.indptr) == 0) & (np.bincount(out.indices, minlength=out.nodes) == 0)).sum()
    )
    notes = []
    if repeated:
        notes.append(
            f"{repeated:,} edges repeat another: such a link counts as often as it stands there."
        )
    if loops:
        notes.append(f"{loops:,} edges join a node with itself.")
    if alone:
        notes.append(f"{alone:,} of {out.nodes:,} nodes have no link.")
    return notes


def _directed(
    parts: Parts, edges: Array, out: Csr, direction: Direction, notes: list[str]
) -> tuple[Array, bool]:
    if not is_directed(edges, out.nodes):
        return edges, False
    if parts.directed is False:
        return symmetrised(out), False
    if direction == "undirected":
        notes.append("Links were made undirected: the other direction of each was added.")
        return symmetrised(out), False
    return edges, True


def _computed(
    parts: Parts, edges: Array, nodes: int, directed: bool, notes: list[str]
) -> tuple[Array, list[Feature]]:
    notes.append("Nodes have no features of their own: those here are counted from the links.")
    if directed or edges.shape[1] == parts.edges.shape[1]:
        return computed_features(edges, nodes, directed, parts.strengths)
    # Values belong to the edges as given; of an undirected one, both ends have them.
    apart = parts.edges[0] != parts.edges[1]
    both = np.concatenate([parts.edges, parts.edges[::-1, apart]], axis=1)
    doubled = {
        name: np.concatenate([values, values[apart]]) for name, values in parts.strengths.items()
    }
    return computed_features(both, nodes, False, doubled)


def _settled(
    parts: Parts, told: str, missing: Missing, notes: list[str]
) -> tuple[Array, list[Feature]]:
    x = parts.x
    assert x is not None
    features = list(parts.features) or [Feature(f"feature {j}") for j in range(x.shape[1])]
    if len(features) != x.shape[1]:
        raise ValueError(f"{told}: {len(features)} names of features for {x.shape[1]} columns")
    narrow, lost = narrowed(x)
    notes += rounding_note([features[j].name for j in lost])
    broken = ~np.isfinite(narrow)
    if not broken.any():
        return narrow, features
    absent = np.isnan(x)
    if missing == "refuse" or (broken & ~absent).any():
        _refuse(parts, features, broken & ~absent if missing == "indicate" else broken, told)
    return _indicated(narrow, features, absent, notes)


def _refuse(parts: Parts, features: list[Feature], broken: Array, told: str) -> None:
    assert parts.x is not None
    row, column = (int(each[0]) for each in np.nonzero(broken))
    called = f" ({parts.names[row]})" if parts.names is not None else ""
    value, number = parts.x[row, column], int(broken.sum())
    many = "1 value of a feature is" if number == 1 else f"{number:,} values of features are"
    raise ValueError(
        f"{told}: {many} missing or no finite number, the first is node {row}{called}, column "
        f"{features[column].name!r}: {value}. "
        + (
            "Set missing values to “indicate”, or fill them in."
            if np.isnan(value)
            else "Up to 3.4e38 is allowed."
        )
    )


def _indicated(
    x: Array, features: list[Feature], absent: Array, notes: list[str]
) -> tuple[Array, list[Feature]]:
    """Missing values as the median of their column, and for each such column one of 0 and 1 that says where."""
    empty = absent.all(axis=0)
    holed = np.flatnonzero(absent.any(axis=0) & ~empty)
    filled = x.copy()
    for column in holed:
        filled[absent[:, column], column] = np.median(x[~absent[:, column], column])
    kept = np.flatnonzero(~empty)
    names = [features[j] for j in kept] + [Feature(f"{features[j].name} missing") for j in holed]
    notes.append(
        f"{int(absent.sum()):,} missing values in {listed([features[j].name for j in holed])} became the median, each with a column "
        "of 0 and 1 that says where."
    )
    if empty.any():
        gone = listed([features[j].name for j in np.flatnonzero(empty)])
        notes.append(f"{gone} had no value at all and were left out.")
    return np.concatenate([filled[:, kept], absent[:, holed].astype(np.float32)], axis=1), names


def _of_columns(x: Array, features: list[Feature]) -> list[str]:
    constant = np.flatnonzero(x.max(axis=0) == x.min(axis=0))
    if not len(constant):
        return []
    named = listed([features[j].name for j in constant])
    return [f"The same for every node: {named}."]
