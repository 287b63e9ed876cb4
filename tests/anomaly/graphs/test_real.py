"""The labelled graphs that detectors are judged by, where they are at hand: opened safely, with the counts that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from methods.anomaly.graphs.formats.pt import check_pt
from methods.anomaly.graphs.reading import read_graph

GRAPHS = Path(__file__).parents[4] / "shared/data/graphs"


@pytest.mark.skipif(not GRAPHS.is_dir(), reason="../shared/data/graphs is absent")
@pytest.mark.parametrize(
    ("name", "nodes", "features", "links", "anomalous", "directed"),
    [
        ("books", 1418, 21, 3695, 28, True),
        ("disney", 124, 28, 335, 6, True),
        ("gen_500", 500, 64, 2662, 20, False),
        ("gen_1000", 1000, 64, 4936, 20, False),
        ("inj_cora", 2708, 1433, 11054, 138, True),
        ("reddit", 10984, 64, 168016, 366, False),
    ],
)
def test_a_labelled_graph_has_its_known_counts(
    name: str, nodes: int, features: int, links: int, anomalous: int, directed: bool
) -> None:
    path = GRAPHS / f"{name}.pt"
    check_pt(path, path.name)
    opened = read_graph(path)
    graph = opened.graph
    assert (graph.nodes, len(graph.features), graph.links) == (nodes, features, links)
    assert graph.directed is directed
    assert opened.labels is not None
    assert int((opened.labels.anomalous == 1).sum()) == anomalous
    if name == "books":
        assert "The same for every node: feature 15." in graph.notes
        assert np.all(graph.x[:, 15] == 193978)
    if name.startswith(("inj", "gen")):
        assert set(opened.labels.kinds or ()) >= {"contextual", "structural"}
