"""A made detection of 120 accounts, written and opened; and the dense matrices that its numbers must agree with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from methods.anomaly.evidence import as_evidence, discordance
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome
from methods.anomaly.results.files import Results, open_results
from methods.anomaly.results.writing import write_results
from tests.toys.nodes import made_graph, made_outcome

NODES = 120


@dataclass(frozen=True)
class Made:
    graph: Graph
    outcome: Outcome
    results: Results

    @property
    def links(self) -> np.ndarray[Any, Any]:
        """The dense matrix of link counts, (n, n)."""
        dense = np.zeros((self.graph.nodes, self.graph.nodes))
        np.add.at(dense, tuple(self.graph.edges), 1)
        return dense


Make = Callable[..., Made]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    def make(*, directed: bool = True, kept: int = 4, top: int = 0, parts: bool = True) -> Made:
        graph = made_graph(NODES, directed)[0]
        loop = np.array([[5, 5, 3], [5, 5, 3]])  # two payments of node 5 to itself, one of node 3
        edges = np.concatenate([graph.edges, loop], axis=1)
        graph = Graph(graph.x, edges, graph.names, graph.features, directed, "toy payments")
        outcome = made_outcome(graph, kept=kept)
        if not parts:
            outcome = Outcome(outcome.score)
        return Made(
            graph, outcome, opened(tmp_path_factory.mktemp("made"), graph, outcome, top=top)
        )

    return make


def opened(folder: Path, graph: Graph, outcome: Outcome, *, top: int = 0) -> Results:
    norm = np.linalg.norm(graph.x - graph.x.mean(axis=0), axis=1)
    write_results(
        folder,
        graph,
        outcome,
        detector="diffgad",
        top=top,
        beside={"norm": norm, "forest": norm**2},
    )
    return open_results(folder)


@pytest.fixture(scope="session")
def made(make: Make) -> Made:
    return make()


@pytest.fixture(scope="session")
def evident(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same in nats of evidence."""
    links = made.graph.csr()
    outcome = as_evidence(made.outcome, discordance(made.graph.x, links), links.sources())
    return Made(
        made.graph, outcome, opened(tmp_path_factory.mktemp("evident"), made.graph, outcome)
    )


@pytest.fixture(scope="session")
def undirected(make: Make) -> Made:
    return make(directed=False)
