"""The graph itself: what it refuses, its links in rows, and what stands for it and for its nodes."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from methods.anomaly.graphs.graph import (
    Csr,
    Feature,
    Graph,
    Labels,
    Opened,
    csr_of,
    feature_of,
    is_directed,
)

X = np.arange(8, dtype=np.float32).reshape(4, 2)
EDGES = np.array([[2, 0, 0, 3, 0, 1], [0, 1, 1, 3, 2, 0]])


def test_links_of_a_small_graph_worked_by_hand() -> None:
    graph = Graph(X, EDGES)
    out = graph.csr()
    assert out.indptr.tolist() == [0, 2, 3, 4, 5]
    assert out.indices.tolist() == [1, 2, 0, 0, 3]
    assert out.weights.tolist() == [2, 1, 1, 1, 1]
    assert (out.indptr.dtype, out.indices.dtype, out.weights.dtype) == ("int64", "int32", "float32")
    assert graph.links == 5
    into = out.transposed()
    assert into.indptr.tolist() == [0, 2, 3, 4, 5]
    assert into.indices.tolist() == [1, 2, 0, 0, 3]
    assert into.weights.tolist() == [1, 1, 2, 1, 1]


def test_links_are_those_of_a_slow_count() -> None:
    rng = np.random.default_rng(0)
    edges = rng.integers(0, 30, (2, 400))
    counted = Counter(zip(*edges.tolist(), strict=True))
    out = csr_of(edges, 30)
    found = zip(out.sources().tolist(), out.indices.tolist(), out.weights.tolist(), strict=True)
    assert [(pair, weight) for *pair, weight in found] == [
        ([u, v], n) for (u, v), n in sorted(counted.items())
    ]
    back = out.transposed().transposed()
    assert all(
        np.array_equal(getattr(back, part), getattr(out, part))
        for part in ("indptr", "indices", "weights")
    )


def test_a_graph_of_no_link_back_is_directed() -> None:
    assert is_directed(np.array([[0, 1], [1, 2]]), 3)
    assert not is_directed(np.array([[0, 1, 2], [1, 0, 2]]), 3)
    assert is_directed(np.array([[0, 0, 1], [1, 1, 0]]), 3)  # twice there, once back


@pytest.mark.parametrize(
    ("x", "edges", "said"),
    [
        (X[:1], np.array([[0], [0]]), r"1 node\(s\); 2 to"),
        (X, np.empty((2, 0), int), "no edges"),
        (X, EDGES.T, r"edges are \(2, E\).*got \(6, 2\)"),
        (X, EDGES.astype(float), "whole numbers.*float64"),
        (X, np.array([[0, 4], [1, 1]]), "edge 1 joins nodes 4 and 1; with 4 nodes, 0 to 3"),
        (X, np.array([[0, 0], [1, -1]]), "edge 1 joins nodes 0 and -1"),
        (X[:, :0], EDGES, "a column at least"),
        (np.where(X == 5, np.nan, X), EDGES, "the first is node 2, column 1: nan"),
        (np.where(X > 5, np.inf, X), EDGES, r"1 node\(s\).*node 3, column 0: inf"),
    ],
)
def test_what_is_no_graph_is_named(x: np.ndarray, edges: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=f"mine.*{said}"):
        Graph(x, edges, source="mine")


def test_names_and_features_must_be_as_many_as_there_are() -> None:
    with pytest.raises(ValueError, match="nodes 1 and 3 are both called 'b'"):
        Graph(X, EDGES, list("abcb"))
    with pytest.raises(ValueError, match="3 names for 4 nodes"):
        Graph(X, EDGES, list("abc"))
    with pytest.raises(ValueError, match="node 2 has an empty name"):
        Graph(X, EDGES, ["a", "b", "", "d"])
    with pytest.raises(ValueError, match="1 features are named, and x has 2"):
        Graph(X, EDGES, features=(Feature("one"),))
    assert [each.name for each in Graph(X, EDGES).features] == ["feature 0", "feature 1"]


def test_the_fingerprint_is_of_what_the_graph_is() -> None:
    graph = Graph(X, EDGES)
    assert graph.fingerprint == Graph(X, EDGES[:, ::-1], source="elsewhere").fingerprint
    others = [
        Graph(X + 1, EDGES),
        Graph(X, EDGES[:, :-1]),
        Graph(X, EDGES[::-1]),
        Graph(X, EDGES, list("abcd")),
        Graph(X, EDGES, ["ab", "c", "d", "e"]),
        Graph(X, EDGES, ["a", "bc", "d", "e"]),
    ]
    assert len({each.fingerprint for each in [graph, *others]}) == 1 + len(others)
    assert len(graph.fingerprint) == 16


def test_a_node_has_an_id_of_its_own_that_outlives_the_object() -> None:
    graph = Graph(X, EDGES, list("abcd"))
    ids = [graph.node_id(position) for position in range(4)]
    assert len(set(ids)) == 4
    assert ids == [Graph(X, EDGES, tuple("abcd")).node_id(position) for position in range(4)]
    assert not set(ids) & {Graph(X, EDGES).node_id(position) for position in range(4)}
    assert graph.name(2) == "c"
    assert Graph(X, EDGES).name(2) == "2"


def test_a_graph_from_pyg_never_looks_at_its_labels() -> None:
    class Tensor:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        detach = cpu = lambda self: self

        def numpy(self) -> np.ndarray:
            return self.array

    class Data:
        x, edge_index = Tensor(X), Tensor(EDGES)

        @property
        def y(self) -> None:
            raise AssertionError("labels were read")

    graph = Graph.from_pyg(Data())
    assert graph.directed
    assert np.array_equal(graph.edges, EDGES)
    with pytest.raises(ValueError, match="has no x"):
        Graph.from_pyg(SimpleNamespace(edge_index=Tensor(EDGES)))


def test_labels_are_one_of_three_and_as_many_as_nodes() -> None:
    graph = Graph(X, EDGES)
    assert Labels(np.array([True, False, False, True])).anomalous.tolist() == [1, 0, 0, 1]
    with pytest.raises(ValueError, match="1 anomalous, 0 not, -1 not known"):
        Labels(np.array([0, 2]))
    with pytest.raises(ValueError, match="2 labels for 4 nodes"):
        Opened(graph, Labels(np.array([0, 1])))
    with pytest.raises(ValueError, match="1 kinds for 2 labels"):
        Labels(np.array([0, 1]), ["ring"])


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("age [days]", "age", "days"),
        ("turnover (EUR per month)", "turnover", "EUR per month"),
        ("f(x)", "f", "x"),
        ("plain", "plain", ""),
        ("[days]", "[days]", ""),
    ],
)
def test_a_header_may_end_in_a_unit(header: str, name: str, unit: str) -> None:
    assert feature_of(header) == Feature(name, unit)


def test_an_empty_row_of_links_is_an_empty_row() -> None:
    out = csr_of(np.array([[3], [0]]), 5)
    assert isinstance(out, Csr)
    assert out.indptr.tolist() == [0, 0, 0, 0, 1, 1]
    assert out.transposed().indptr.tolist() == [0, 1, 1, 1, 1, 1]
