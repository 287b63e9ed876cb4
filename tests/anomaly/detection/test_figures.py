"""Label-free figures by hand, and the words they lead to."""

from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.detection.figures import chances, figures_of
from methods.anomaly.detection.telling import summary_of, warnings_of
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome, View

SCORE = np.arange(10.0)
"""Nodes 8 and 9 are flagged with a budget of two."""


@pytest.fixture
def graph():
    return Graph(np.zeros((10, 2), np.float32), np.array([[0, 1], [1, 0]]))


def beside(**changed):
    return {"degree": -SCORE, "norm": SCORE, "forest": np.zeros(10), **changed}


def test_ties_at_the_cut_are_broken_by_chance():
    values = np.array([5.0, 3, 3, 3, 1])
    assert chances(values, 2) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert chances(np.zeros(4), 1) == pytest.approx([0.25] * 4)
    for top in range(1, 6):
        assert chances(values, top).sum() == pytest.approx(top)


def test_agreement_is_counted_by_hand(graph):
    half = np.zeros(10)
    half[[0, 9]] = 1  # flags 9 and not 8
    found = figures_of("diffgad", graph, Outcome(SCORE), beside(norm=half), 2)
    assert found.spearman["degree"] == pytest.approx(-1)
    assert found.shared == pytest.approx({"degree": 0, "norm": 0.5})
    assert found.alone == pytest.approx(0.5)
    assert "forest" not in found.spearman  # it is constant
    assert "plain" not in found.shared
    assert found.metrics["flagged_by_norm"] == pytest.approx(0.5)
    assert "stability_median" not in found.metrics


def test_ties_that_two_scores_share_count_as_chance(graph):
    tied = np.r_[np.zeros(6), np.ones(4)]  # 8 and 9 are two of four
    found = figures_of("diffgad", graph, Outcome(SCORE), beside(norm=tied, forest=tied), 2)
    assert found.shared["norm"] == pytest.approx(0.5)
    assert found.alone == pytest.approx(0.25)


def test_a_detector_is_not_compared_with_itself(graph):
    for detector, name in (("degree", "degree"), ("feature_norm", "norm")):
        found = figures_of(detector, graph, Outcome(SCORE), beside(), 2)
        assert name not in found.spearman
    parts = {"plain_attribute": SCORE, "plain_structure": SCORE}
    assert (
        "plain" not in figures_of("autoencoder", graph, Outcome(SCORE, **parts), beside(), 2).shared
    )
    assert figures_of("diffgad", graph, Outcome(SCORE, **parts), beside(), 2).shared["plain"] == 1


def test_stability_is_the_spread_over_views(graph):
    views = np.stack([SCORE, SCORE]).astype(np.float32) / 10
    views[1, 9] = 0.5
    outcome = Outcome(SCORE, percentiles=views, views=[View(0, 0, 0), View(0, 1, 0)])
    found = figures_of("diffgad", graph, outcome, beside(), 2)
    assert found.stability == 0
    assert found.stability_flagged == pytest.approx(0.1)  # median of 0 and 0.2


def test_what_limits_the_scores_is_said(graph):
    outcome = Outcome(SCORE, plain_attribute=SCORE, plain_structure=SCORE)
    found = figures_of("diffgad", graph, outcome, beside(), 2)
    said = warnings_of("diffgad", outcome, found)
    assert "ranks like the plain autoencoder (Spearman 1.000), which is cheaper" in said[0]
    assert "ranks nearly like the feature norm" in said[1]
    assert len(said) == 2
    flat = Outcome(np.ones(10))
    assert warnings_of("degree", flat, figures_of("degree", graph, flat, beside(), 2)) == [
        "All nodes have the same score: their order means nothing."
    ]
    text = summary_of("DiffGAD", found)
    assert text.startswith("DiffGAD: 2 of 10 nodes are flagged, 0 % of them by none of the trivial")
    assert "No label was read" in text
