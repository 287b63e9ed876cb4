"""What is made of the parts of a file: directions, features from links, notes, and what does not fit."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from methods.anomaly.graphs.computed import computed_features, symmetrised
from methods.anomaly.graphs.finishing import finish
from methods.anomaly.graphs.fits import check_file, check_matrix
from methods.anomaly.graphs.graph import Labels, csr_of
from methods.anomaly.graphs.parts import Parts, dense, narrowed
from methods.anomaly.graphs.reading import read_graph

ONE_WAY = np.array([[0, 0, 1, 2, 2], [1, 1, 2, 1, 2]])


def made(**parts: object) -> Parts:
    return Parts(**{"edges": ONE_WAY, "x": np.eye(4, dtype=np.float32), **parts})  # type: ignore[arg-type]


def test_direction_as_given_and_undirected() -> None:
    given = finish(made(), "mine").graph
    assert given.directed
    assert np.array_equal(given.edges, ONE_WAY)
    both = finish(made(), "mine", "undirected").graph
    assert not both.directed
    assert Counter(zip(*both.edges.tolist(), strict=True)) == {
        (0, 1): 2, (1, 0): 2, (1, 2): 1, (2, 1): 1, (2, 2): 1,
    }  # fmt: skip
    assert any("made undirected" in note for note in both.notes)
    said = finish(made(directed=False), "mine").graph
    assert said.fingerprint == both.fingerprint
    assert not any("made undirected" in note for note in said.notes)
    again = finish(made(edges=both.edges), "mine").graph
    assert not again.directed
    assert np.array_equal(again.edges, both.edges)


def test_both_directions_are_those_of_a_slow_loop() -> None:
    edges = np.random.default_rng(1).integers(0, 12, (2, 60))
    counted = Counter(zip(*edges.tolist(), strict=True))
    wanted = {pair: max(counted[pair], counted[pair[::-1]]) for pair in [*counted, *(p[::-1] for p in counted)]}  # fmt: skip
    assert Counter(zip(*symmetrised(csr_of(edges, 12)).tolist(), strict=True)) == wanted


def test_notes_say_what_is_unusual() -> None:
    notes = finish(made(x=np.array([[1, 5], [2, 5], [3, 5], [4, 5.0]])), "mine").graph.notes
    assert notes == (
        "1 edges repeat another: such a link counts as often as it stands there.",
        "1 edges join a node with itself.",
        "1 of 4 nodes have no link.",
        "The same for every node: feature 1.",
    )


def test_labels_stay_apart_and_must_be_as_many() -> None:
    labels = Labels(np.array([0, 1, 0, 0]))
    opened = finish(made(labels=labels), "mine")
    assert opened.labels is labels
    assert opened.graph.fingerprint == finish(made(), "mine").graph.fingerprint
    with pytest.raises(ValueError, match="mine has 3 labels for 4 nodes"):
        finish(made(labels=Labels(np.array([0, 1, 0]))), "mine")


def test_missing_values_beside_infinite_ones() -> None:
    x = np.array([[1, np.nan], [2, np.inf], [3, 1], [4, 2]])
    with pytest.raises(
        ValueError, match=r"1 value of a feature .* node 1, column 'feature 1': inf"
    ):
        finish(made(x=x), "mine", missing="indicate")
    x[:, 1] = np.nan
    graph = finish(made(x=x), "mine", missing="indicate").graph
    assert graph.x.tolist() == [[1], [2], [3], [4]]
    assert any("feature 1 had no value at all" in note for note in graph.notes)


def test_counted_features_are_networkx_s_own() -> None:
    graph = nx.gnp_random_graph(40, 0.15, seed=3)
    edges = np.array([*graph.edges, *((v, u) for u, v in graph.edges)]).T
    weights = np.tile(np.arange(graph.number_of_edges(), dtype=float), 2)
    x, features = computed_features(edges, 40, False, {"amount [EUR]": weights})
    named = {feature.name: x[:, j] for j, feature in enumerate(features)}
    for u, v, weight in zip(*edges[:, : len(weights) // 2].tolist(), weights, strict=False):
        graph[u][v]["amount"] = weight
    wanted = {
        "links": dict(graph.degree),
        "amount, summed": dict(graph.degree(weight="amount")),
        "neighbours' links, mean": nx.average_neighbor_degree(graph),
        "linked pairs of neighbours": {u: 100 * value for u, value in nx.clustering(graph).items()},
    }
    assert list(named) == list(wanted)
    assert [feature.unit for feature in features] == ["links", "EUR", "links", "%"]
    for name, values in wanted.items():
        assert named[name] == pytest.approx([values[u] for u in range(40)], rel=1e-5), name


def test_the_novel_is_read_with_its_chapters() -> None:
    opened = read_graph("miserables")
    graph, novel = opened.graph, nx.les_miserables_graph()
    assert opened.labels is None
    assert (graph.nodes, graph.links) == (77, 2 * 254)
    assert not graph.directed
    assert list(graph.names or ()) == list(novel)
    valjean = graph.x[list(novel).index("Valjean")]
    assert valjean[0] == 36
    assert valjean[1] == novel.degree("Valjean", weight="weight") == 158
    assert valjean[2] == pytest.approx(np.mean([novel.degree(v) for v in novel["Valjean"]]))
    around = list(novel["Valjean"])
    closed = sum(novel.has_edge(u, v) for u, v in combinations(around, 2))
    assert valjean[3] == pytest.approx(100 * closed / (36 * 35 / 2))


def test_float32_keeps_what_it_can() -> None:
    x = np.array([[1e9, 1.5, 7], [1e9 + 30, 2.5, 7]])
    narrow, lost = narrowed(x)
    assert narrow.dtype == np.float32
    assert lost.tolist() == [0]
    assert narrowed(narrow)[0] is narrow
    seconds = np.array([[1764000000], [1764000900], [1764000300]])
    graph = finish(made(x=dense(np.pad(seconds, ((0, 1), (0, 0)), "edge"), "x")), "mine").graph
    assert any("feature 0 are large" in note for note in graph.notes)


def test_what_does_not_fit_is_said_with_what_would(tmp_path) -> None:
    with pytest.raises(
        ValueError,
        match=r"1,000 nodes of 50 features take 0.0 GB.*100 nodes would fit, or 5 features",
    ):
        check_matrix(1000, 50, "mine", free=50_000)
    check_matrix(1000, 50, "mine", free=500_000)
    path = tmp_path / "g.graphml"
    path.write_bytes(bytes(10**6))
    with pytest.raises(ValueError, match=r"mine holds 0.00 GB.* fewer nodes"):
        check_file(path, "graphml", "mine", free=24 * 10**6)
    check_file(path, "graphml", "mine", free=26 * 10**6)
