"""The graph of a detection, as a memory map: neighbours, names and quantiles of a node without reading the rest."""

from __future__ import annotations

import hashlib

import numpy as np

from methods.anomaly.graphs.graph import ID_LENGTH, Feature
from methods.anomaly.results.mapped import Array, Mapped


class Links:
    """The links of every node on one side: whom it links to ("out"), or who links to it ("in")."""

    def __init__(self, arrays: Mapped, side: str) -> None:
        self.indptr = arrays[f"{side}_indptr"]
        self.indices = arrays[f"{side}_indices"]

    def span(self, position: int) -> slice:
        """Where the links of a node lie in `indices`."""
        return slice(int(self.indptr[position]), int(self.indptr[position + 1]))

    def of(self, position: int) -> Array:
        """The neighbours of a node, in order of their positions."""
        return np.asarray(self.indices[self.span(position)], dtype=np.int64)

    def places(self, positions: Array) -> Array:
        """Where the links of several nodes lie in `indices`, one node after the other. (m,) int64."""
        starts = np.asarray(self.indptr[positions])
        counts = np.asarray(self.indptr[positions + 1]) - starts
        before = np.cumsum(counts) - counts
        return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))

    def of_all(self, positions: Array) -> tuple[Array, Array]:
        """The links of several nodes: (m,) which of them and (m,) their neighbour, int64 both, in the order of `places`."""
        counts = np.asarray(self.indptr[positions + 1] - self.indptr[positions])
        ends = np.asarray(self.indices[self.places(positions)], dtype=np.int64)
        return np.repeat(positions, counts), ends


class StoredGraph:
    """The graph of a run, as it was scored.

    Attributes:
        x: (n, d) f32, in the features' own units.
        quantiles: (d, q) f32, see `quantile_grid`.
        out, into: whom each node links to, and who links to it.
        weights: (L,) how often each link is there, in the order of `out.indices`.
        into_places: (L,) where each link of `into.indices` stands in `out.indices`.
    """

    def __init__(self, arrays: Mapped) -> None:
        self.x, self.quantiles = arrays["x"], arrays["quantiles"]
        self.out, self.into = Links(arrays, "out"), Links(arrays, "in")
        self.weights, self.into_places = arrays["out_weights"], arrays["in_places"]
        self._bytes, self._offsets = arrays.get("name_bytes"), arrays.get("name_offsets")
        about = arrays.facts
        self.features = [Feature(*each) for each in about["features"]]
        self.directed: bool = about["directed"]
        self.source, self.fingerprint = about["source"], about["fingerprint"]
        self.notes: list[str] = about["notes"]

    @property
    def nodes(self) -> int:
        return len(self.x)

    @property
    def links(self) -> int:
        """Different directed links; of an undirected graph twice as many as it has edges."""
        return len(self.out.indices)

    def name(self, position: int) -> str:
        """What people call a node: its name, or its position where nodes have none."""
        if self._bytes is None or self._offsets is None:
            return str(position)
        first, last = self._offsets[position], self._offsets[position + 1]
        return bytes(self._bytes[first:last]).decode()

    def node_id(self, position: int) -> str:
        """16 hexadecimal digits that name this node in every run on the same graph."""
        named = f"{self.fingerprint} {self.name(position)}"  # as `Graph.node_id`
        return hashlib.sha256(named.encode()).hexdigest()[:ID_LENGTH]

    def neighbours(self, position: int) -> Array:
        """All that a node links to or that link to it, without itself, in order of their positions. int64."""
        found: Array = np.union1d(self.out.of(position), self.into.of(position))
        others: Array = found[found != position]
        return others

    def quantile(self, feature: int, value: float) -> float:
        """Where a value stands among all nodes' values of a feature, 0..1, ties counted half."""
        grid = self.quantiles[feature]
        low, high = (np.searchsorted(grid, np.float32(value), side) for side in ("left", "right"))
        return float(low + high) / (2 * len(grid))

    def medians(self) -> Array:
        """The middle value of each feature. (d,)."""
        middle: Array = np.median(self.quantiles, axis=1)
        return middle
