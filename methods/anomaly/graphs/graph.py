"""A graph whose nodes have features, and apart from it what is known of its nodes.

Nothing that scores nodes is ever given labels: they are an object of their own from the moment a file is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch_geometric.data import Data

Array = npt.NDArray[Any]
ID_LENGTH = 16
"""Hex digits of a fingerprint and of a node's id."""
_UNIT = re.compile(r"^(?P<name>.*\S)\s*[\[(](?P<unit>[^\[\]()]+)[\])]$")
MOST_NODES = 2**31 - 1
"""Positions of neighbours are kept as int32."""


@dataclass(frozen=True)
class Feature:
    """What a column of the features says.

    Attributes:
        unit: such as "EUR" or "days"; "" is none, or not known.
    """

    name: str
    unit: str = ""


def feature_of(header: str) -> Feature:
    """Name and unit of a column whose header may end in a unit: "age [days]", "turnover (EUR)"."""
    found = _UNIT.match(header.strip())
    return Feature(found["name"], found["unit"].strip()) if found else Feature(header.strip())


@dataclass(frozen=True, eq=False)
class Csr:
    """Links by the node that they start from, each once.

    Attributes:
        indptr: (n + 1,) int64; the links of node i are `indptr[i]` to `indptr[i + 1]`.
        indices: (L,) int32, the other ends, rising within a node.
        weights: (L,) float32, how many edges are one link.
    """

    indptr: Array
    indices: Array
    weights: Array

    @property
    def nodes(self) -> int:
        return len(self.indptr) - 1

    def sources(self) -> Array:
        """(L,) int32, the node that each link starts from."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))

    def transposed(self) -> Csr:
        """The same links by the node that they end in."""
        order = np.argsort(self.indices, kind="stable")
        return Csr(_indptr(self.indices, self.nodes), self.sources()[order], self.weights[order])


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes with features, and the edges between them; it holds no labels.

    Attributes:
        x: (n, d) float32, finite, in the features' own units.
        edges: (2, E) int64 positions of nodes, row 0 the source; duplicates and self loops as they were given.
        names: n distinct names; None where nodes have none, then their position is shown.
        features: d; empty is filled with "feature 0" and so on.
        directed: False where `edges` holds both directions of each.
        source: what the graph is called.
        notes: what reading it had to say, in plain sentences.

    Raises:
        ValueError: shapes that do not fit, a feature that is not finite, a position out of range, fewer than two nodes, no
            edge, or a name that two nodes have.
    """

    x: Array
    edges: Array
    names: Sequence[str] | None = None
    features: tuple[Feature, ...] = ()
    directed: bool = True
    source: str = "graph"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        x = np.ascontiguousarray(self.x, np.float32)
        edges = np.asarray(self.edges)
        _check_features(x, self.source)
        check_edges(edges, len(x), self.source)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "edges", np.ascontiguousarray(edges, np.int64))
        features = self.features or tuple(Feature(f"feature {j}") for j in range(x.shape[1]))
        if len(features) != x.shape[1]:
            raise ValueError(
                f"{self.source}: {len(features)} features are named, and x has {x.shape[1]} columns"
            )
        object.__setattr__(self, "features", tuple(features))
        if self.names is not None:
            check_names(self.names, len(x), self.source)

    @property
    def nodes(self) -> int:
        return len(self.x)

    @property
    def links(self) -> int:
        """Distinct directed edges; an undirected one counts twice."""
        return len(self._out.indices)

    def name(self, position: int) -> str:
        """What a node is called: its name, or its position."""
        return str(position) if self.names is None else self.names[position]

    def csr(self) -> Csr:
        """Out-links, sorted by source and target, unique; made once."""
        return self._out

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of the SHA-256 of features, edges and names; the order of edges does not matter, that of nodes does."""
        digest = sha256(f"{self.x.shape}".encode())
        for part in (self.x, self._out.indptr, self._out.indices, self._out.weights):
            digest.update(part.data)
        if self.names is not None:
            for name in self.names:
                digest.update(name.encode() + b"\0")
        return digest.hexdigest()[:ID_LENGTH]

    def node_id(self, position: int) -> str:
        """16 hex digits that stand for this node of this graph, in any run."""
        return sha256(f"{self.fingerprint} {self.name(position)}".encode()).hexdigest()[:ID_LENGTH]

    @classmethod
    def from_pyg(cls, data: Any, source: str = "data") -> Self:
        """A graph from `x` (n, d) and `edge_index` (2, E) of PyG's `Data`; nothing else of it is looked at.

        Raises:
            ValueError: one of them is missing, or as of `Graph`.
        """
        for key in ("x", "edge_index"):
            if getattr(data, key, None) is None:
                raise ValueError(
                    f"{source} has no {key}; a graph needs x (n, d) and edge_index (2, E)"
                )
        x, edges = (each.detach().cpu().numpy() for each in (data.x, data.edge_index))
        check_edges(edges, len(x), source)
        return cls(x, edges, directed=is_directed(edges, len(x)), source=source)

    def to_pyg(self) -> Data:
        """PyG's `Data` with `x` and `edge_index`."""
        import torch  # noqa: PLC0415  reading and showing graphs costs no torch
        from torch_geometric.data import Data  # noqa: PLC0415

        return Data(x=torch.from_numpy(self.x), edge_index=torch.from_numpy(self.edges))

    @cached_property
    def _out(self) -> Csr:
        return csr_of(self.edges, self.nodes)


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of the nodes; read by nothing but evaluation.

    Attributes:
        anomalous: (n,) int8: 1 anomalous, 0 not, -1 not known.
        kinds: n words such as "contextual", "" for none; None where none are known.
    """

    anomalous: Array
    kinds: Sequence[str] | None = None

    def __post_init__(self) -> None:
        values = np.asarray(self.anomalous)
        if values.ndim != 1 or not np.isin(values, (-1, 0, 1)).all():
            raise ValueError("labels are one number a node: 1 anomalous, 0 not, -1 not known")
        object.__setattr__(self, "anomalous", values.astype(np.int8))
        if self.kinds is not None and len(self.kinds) != len(values):
            raise ValueError(f"{len(self.kinds)} kinds for {len(values)} labels")


@dataclass(frozen=True)
class Opened:
    """A graph, and its labels where it came with some."""

    graph: Graph
    labels: Labels | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and len(self.labels.anomalous) != self.graph.nodes:
            raise ValueError(
                f"{self.graph.source} has {len(self.labels.anomalous)} labels for {self.graph.nodes} nodes; one each is needed"
            )


def csr_of(edges: Array, nodes: int) -> Csr:
    """The links of (2, E) edges: sorted by source and target, each once, with how often it stands there."""
    keys = edges[0] * np.int64(nodes) + edges[1]
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    weights = np.diff(first, append=len(keys)).astype(np.float32)
    sources, targets = np.divmod(keys[first], nodes)
    return Csr(_indptr(sources, nodes), targets.astype(np.int32), weights)


def check_edges(edges: Array, nodes: int, source: str) -> None:
    """Raise ValueError where `edges` are not (2, E) positions of `nodes` nodes, or there is none."""
    if edges.ndim != 2 or edges.shape[0] != 2:
        turned = "; turn them round (.T)" if edges.ndim == 2 and edges.shape[1] == 2 else ""
        raise ValueError(
            f"{source}: edges are (2, E), sources above targets; got {edges.shape}{turned}"
        )
    if not np.issubdtype(edges.dtype, np.integer):
        raise ValueError(
            f"{source}: edges are whole numbers, positions of nodes; got {edges.dtype}"
        )
    if edges.shape[1] == 0:
        raise ValueError(f"{source} has no edges; a graph needs one at least")
    if edges.min() < 0 or edges.max() >= nodes:
        place = int(np.flatnonzero(((edges < 0) | (edges >= nodes)).any(axis=0))[0])
        raise ValueError(
            f"{source}: edge {place} joins nodes {edges[0, place]} and {edges[1, place]}; with {nodes} nodes, 0 to {nodes - 1} "
            "are allowed"
        )


def check_names(names: Sequence[str], nodes: int, source: str) -> None:
    """Raise ValueError where they are not one a node, none empty, none twice."""
    if len(names) != nodes:
        raise ValueError(f"{source}: {len(names)} names for {nodes} nodes; one each is needed")
    if len(set(names)) < nodes:
        seen: dict[str, int] = {}
        for place, name in enumerate(names):
            if seen.setdefault(name, place) != place:
                raise ValueError(
                    f"{source}: nodes {seen[name]} and {place} are both called {name!r}; names must differ"
                )
    if "" in set(names):
        raise ValueError(f"{source}: node {list(names).index('')} has an empty name")


def is_directed(edges: Array, nodes: int) -> bool:
    """Whether some edge has no counterpart (or fewer of them) in the other direction."""
    forward = np.sort(edges[0] * np.int64(nodes) + edges[1])
    return not np.array_equal(forward, np.sort(edges[1] * np.int64(nodes) + edges[0]))


def _check_features(x: Array, source: str) -> None:
    if x.ndim != 2 or x.shape[1] == 0:
        raise ValueError(
            f"{source}: features are (nodes, columns) with a column at least; got {x.shape}"
        )
    if not 2 <= len(x) <= MOST_NODES:
        raise ValueError(f"{source} has {len(x)} node(s); 2 to {MOST_NODES:,} are allowed")
    broken = ~np.isfinite(x).all(axis=1)
    if broken.any():
        row = int(np.argmax(broken))
        column = int(np.argmax(~np.isfinite(x[row])))
        raise ValueError(
            f"{source}: {int(broken.sum())} node(s) have a feature that is no finite number, the first is node {row}, column "
            f"{column}: {x[row, column]}"
        )


def _indptr(sources: Array, nodes: int) -> Array:
    counts = np.bincount(sources, minlength=nodes)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
