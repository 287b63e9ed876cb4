"""What a file says of a graph, as it says it: not checked, not completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from methods.anomaly.graphs.fits import check_matrix
from methods.anomaly.graphs.graph import Feature, Labels

Array = npt.NDArray[Any]
MOST_NAMED = 5
"""Columns that a note names."""
DIGITS_LOST = 0.01
"""Share of a column's standard deviation that float32's rounding may be before it is said."""


@dataclass
class Parts:
    """The parts of a graph.

    Attributes:
        edges: (2, E) positions, row 0 the source.
        nodes: how many there are; None: as many as `x` has rows.
        x: (n, d), NaN where a value is missing; None where nodes have no features, which are then computed from the links.
        features: of the columns of x; empty where the file does not name them.
        names: of the nodes, or None.
        directed: what the format says; False: each edge may stand there once, and both directions are meant. None: it says
            nothing, and edges that all have their counterpart are taken for undirected ones.
        strengths: (E,) values of an edge by their name, such as an amount. They are never the number of links; where features
            are computed, their sums become some.
        notes: what is worth knowing, in plain sentences.
    """

    edges: Array
    nodes: int | None = None
    x: Array | None = None
    features: Sequence[Feature] = ()
    names: Sequence[str] | None = None
    labels: Labels | None = None
    directed: bool | None = None
    strengths: Mapping[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def dense(x: Any, what: str) -> Array:
    """A float array (n, d) of a dense or a scipy sparse matrix of numbers.

    Raises:
        ValueError: it is of no numbers, of another shape, or does not fit here once it is dense.
    """
    if hasattr(x, "toarray"):
        check_matrix(x.shape[0], x.shape[1], what)
    array = x.toarray() if hasattr(x, "toarray") else np.asarray(x)
    if array.ndim != 2 or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise ValueError(
            f"{what} must be numbers (nodes, features); got {array.dtype} {array.shape}"
        )
    if np.iscomplexobj(array):
        raise ValueError(f"{what} must be real numbers; got {array.dtype}")
    if array.dtype == np.float32:
        return array
    # Whole numbers of more digits than float32 has are narrowed later, where that is said.
    return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64, copy=False)


def from_adjacency(matrix: Any, what: str, notes: list[str]) -> tuple[Array, int]:
    """Edges (2, E) and the number of nodes of a square matrix, dense or scipy sparse: an edge where an entry is not 0.

    Raises:
        ValueError: it is not square.
    """
    from scipy.sparse import coo_matrix  # noqa: PLC0415  half a second, and not every graph needs it

    found = coo_matrix(matrix)
    if found.shape[0] != found.shape[1]:
        raise ValueError(f"{what} must be square, a row and a column a node; got {found.shape}")
    present = found.data != 0
    values = found.data[present]
    if (values != 1).any():
        notes.append(
            f"{what} has entries other than 0 and 1; an entry that is not 0 is one link, whatever its value."
        )
    edges = np.stack([found.row[present], found.col[present]]).astype(np.int64)
    return edges, int(found.shape[0])


def narrowed(x: Array) -> tuple[Array, Array]:
    """Values (n, d) as float32, and the columns whose values it cannot tell apart well, such as seconds since 1970.

    What float32 cannot hold becomes infinite.
    """
    if x.dtype == np.float32:
        return x, np.array([], np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        size, spread = np.abs(x).max(axis=0), x.std(axis=0)
        lost = np.flatnonzero((spread > 0) & (size * 2.0**-24 > DIGITS_LOST * spread))
        return x.astype(np.float32), lost


def rounding_note(columns: Sequence[str]) -> list[str]:
    """What to say of columns that lost digits, if there are any."""
    said = "are large for how much they differ, and lose digits; subtract a constant from them"
    return [f"Values of {listed(columns)} {said}."] if columns else []


def listed(names: Sequence[str]) -> str:
    """A few names in a row, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
