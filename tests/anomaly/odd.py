"""A small graph with everything that may go wrong: duplicates, self loops, isolated nodes, one-way links."""

from __future__ import annotations

import numpy as np
import torch

from methods.anomaly.graphs.graph import Graph
from methods.anomaly.prepared import Prepared, prepare
from methods.anomaly.settings import AutoencoderSettings

CPU = torch.device("cpu")


def odd_graph(nodes: int = 30, links: int = 90, features: int = 6, seed: int = 0) -> Graph:
    """The last two nodes are isolated; some links are given twice, some nodes link to themselves."""
    chance = np.random.default_rng(seed)
    edges = chance.integers(0, nodes - 2, (2, links))
    edges[:, :10] = edges[:, 10:20]  # duplicates
    edges[1, 20:25] = edges[0, 20:25]  # self loops
    return Graph(chance.normal(size=(nodes, features)).astype(np.float32), edges)


def prepared(graph: Graph, **settings: object) -> Prepared:
    return prepare(graph, AutoencoderSettings(**settings), CPU)  # type: ignore[arg-type]


def dense_links(graph: Graph) -> torch.Tensor:
    """S (n, n) float64, counted edge by edge."""
    counts = torch.zeros(graph.nodes, graph.nodes, dtype=torch.float64)
    for source, target in graph.edges.T.tolist():
        counts[source, target] += 1
    return counts
