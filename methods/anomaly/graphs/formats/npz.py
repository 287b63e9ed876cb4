"""NumPy's `.npz`: our own keys, and those of collections that are handed around.

| keys | what |
|---|---|
| `edge_index` (2, E), `x` (n, d), maybe `y`, `names`, `feature_names`, `directed` | ours, and PyG's names |
| `edges` (E, 2), `node_features`, `node_labels` | Platonov et al. 2023 (tolokers, questions): undirected, each edge once |
| `edge_index` (E, 2), `edge_type`, `x`, `y` | DGraphFin: -1 is missing, y 2 and 3 are background |
| `adj_data`, `adj_indices`, `adj_indptr`, `adj_shape`, `attr_...` | a CSR adjacency with CSR features |
| `data`, `indices`, `indptr`, `shape` | one matrix by `scipy.sparse.save_npz`: an adjacency without features |
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from methods.anomaly.graphs.graph import feature_of
from methods.anomaly.graphs.labelling import labels_of
from methods.anomaly.graphs.parts import Array, Parts, dense, from_adjacency

MISSING = -1
"""DGraphFin's code for a value that is not known."""
BACKGROUND = (2, 3)
"""DGraphFin's classes of nodes that are neither normal users nor fraudsters."""


def read_npz(path: Path, told: str) -> Parts:
    """The parts of a graph in an `.npz` file; arrays of objects, which are pickled, are never opened.

    Raises:
        ValueError: it is damaged, or has none of the sets of keys above.
    """
    try:
        with np.load(path, allow_pickle=False) as opened:
            held = {key: opened[key] for key in opened.files}
    except Exception as error:  # whatever the bytes make it raise
        raise ValueError(
            f"{told} cannot be read without opening a pickle: {error}. Save numbers and texts as arrays of numbers and of str."
        ) from error
    return from_arrays(held, told)


def from_arrays(held: Mapping[str, Array], told: str) -> Parts:
    """The parts of a graph from arrays by their keys."""
    if "edge_index" in held:
        return _dgraph(held) if "edge_type" in held else _ours(held, told)
    if "edges" in held:
        return _platonov(held, told)
    if "adj_indptr" in held:
        return _csr_pair(held, told)
    if "indptr" in held:
        return _adjacency(held, told)
    raise ValueError(
        f"{told} is no graph: it has {', '.join(sorted(held)[:10]) or 'nothing'}; edge_index (2, E) and x (n, d) are needed, or an "
        "adjacency"
    )


def _ours(held: Mapping[str, Array], told: str) -> Parts:
    parts = Parts(held["edge_index"])
    if "x" in held:
        parts.x = dense(held["x"], f"{told}: x")
    if "names" in held:
        parts.names = [str(each) for each in held["names"]]
    if "feature_names" in held:
        parts.features = [feature_of(str(each)) for each in held["feature_names"]]
    if "directed" in held:
        parts.directed = bool(held["directed"])
    if "y" in held:
        parts.labels = labels_of(held["y"], "y", parts.notes)
    return parts


def _platonov(held: Mapping[str, Array], told: str) -> Parts:
    parts = Parts(held["edges"].T, directed=False)
    if "node_features" in held:
        parts.x = dense(held["node_features"], f"{told}: node_features")
    if "node_labels" in held:
        parts.labels = labels_of(held["node_labels"], "node_labels", parts.notes)
    return parts


def _dgraph(held: Mapping[str, Array]) -> Parts:
    parts = Parts(held["edge_index"].T)
    x = np.asarray(held["x"], np.float32)
    parts.x = np.where(x == MISSING, np.float32(np.nan), x)
    parts.notes.append(
        f"DGraphFin's {MISSING} was read as a missing value, and its classes {BACKGROUND} as not known."
    )
    y = np.asarray(held["y"]).reshape(-1)
    parts.labels = labels_of(np.where(np.isin(y, BACKGROUND), -1, y), "y", parts.notes)
    return parts


def _csr_pair(held: Mapping[str, Array], told: str) -> Parts:
    notes: list[str] = []
    edges, nodes = from_adjacency(_csr(held, "adj_", told), "the adjacency", notes)
    parts = Parts(edges, nodes, notes=notes)
    if "attr_indptr" in held:
        parts.x = dense(_csr(held, "attr_", told), f"{told}: attr")
    elif "attr_matrix" in held:
        parts.x = dense(held["attr_matrix"], f"{told}: attr_matrix")
    if "labels" in held:
        parts.labels = labels_of(held["labels"], "labels", parts.notes)
    return parts


def _adjacency(held: Mapping[str, Array], told: str) -> Parts:
    notes: list[str] = []
    edges, nodes = from_adjacency(_csr(held, "", told), "the adjacency", notes)
    return Parts(edges, nodes, notes=notes)


def _csr(held: Mapping[str, Array], prefix: str, told: str) -> Any:
    from scipy.sparse import csc_matrix, csr_matrix  # noqa: PLC0415  half a second

    keys = [f"{prefix}{part}" for part in ("data", "indices", "indptr", "shape")]
    missing = [key for key in keys if key not in held]
    if missing:
        raise ValueError(f"{told} has no {missing[0]}, beside {', '.join(sorted(held)[:8])}")
    data, indices, indptr, shape = (held[key] for key in keys)
    form = held.get("format")
    kind = csc_matrix if form is not None and bytes(form.item()) == b"csc" else csr_matrix
    try:
        matrix = kind((data, indices, indptr), shape=tuple(int(each) for each in shape))
        matrix.check_format()
    except (ValueError, TypeError) as error:
        raise ValueError(f"{told}: {prefix or 'its '}matrix is damaged: {error}") from error
    return matrix
