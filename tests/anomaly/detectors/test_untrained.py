"""Untrained evidence: three counts by hand, and parts that sum to the score of every node."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from methods.anomaly import score_nodes
from methods.anomaly.detectors.trivial import feature_norm, link_counts
from methods.anomaly.detectors.untrained import untrained_evidence
from methods.anomaly.evidence import combined, discordance
from methods.anomaly.graphs.graph import Graph
from tests.anomaly.odd import odd_graph


def test_four_nodes_by_hand() -> None:
    """z-scores are the corners themselves: all norms tie; 3, 1, 1, 0 links; 0 and 1 link to others."""
    x = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)
    edges = np.array([[0, 0, 0, 1, 1, 2], [0, 1, 3, 0, 0, 2]])
    found = untrained_evidence(Graph(x, edges), alpha=0.25)
    assert found.attribute == pytest.approx([log(2)] * 4)
    # links: percentiles 7/8, 1/2, 1/2, and none; discordance: 3/4 and 1/4 of the two
    structure = [log(8) + log(4), log(2) + log(4 / 3), log(2), 0]
    assert found.structure == pytest.approx(structure)
    assert found.score == pytest.approx([0.25 * log(2) + 0.75 * each for each in structure])
    reasons = found.reasons
    assert reasons is not None
    assert reasons.feature == pytest.approx(np.full((4, 2), log(2) / 2))
    third = log(8) / 3
    assert reasons.link == pytest.approx(
        [third, third + log(4) / 3, third + 2 * log(4) / 3, log(2) + log(4 / 3), log(2)]
    )


@pytest.mark.parametrize("features", [1, 6])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_features_and_links_sum_to_every_nodes_score(features: int, alpha: float) -> None:
    graph = odd_graph(features=features)
    graph = Graph(np.c_[graph.x, np.full(graph.nodes, 193_978)].astype(np.float32), graph.edges)
    found, links = untrained_evidence(graph, alpha), graph.csr()
    reasons = found.reasons
    assert reasons is not None
    feature = reasons.feature.sum(1, dtype=float)
    link = np.bincount(links.sources(), reasons.link.astype(float), graph.nodes)
    np.testing.assert_allclose(feature, found.attribute, rtol=1e-5)
    np.testing.assert_allclose(link, found.structure, rtol=1e-5)  # nothing is absent
    np.testing.assert_allclose(alpha * feature + (1 - alpha) * link, found.score, rtol=1e-5)
    assert (reasons.feature[:, -1] == 0).all()
    assert min(reasons.feature.min(), reasons.link.min()) >= 0
    unlike = discordance(graph.x, links).evidence
    degree = link_counts(links.indptr)
    assert np.array_equal(found.score, combined(feature_norm(graph.x), degree, unlike, alpha))


def test_features_that_are_all_the_same_say_nothing() -> None:
    graph = Graph(np.full((4, 2), 0.1, np.float32), np.array([[0, 0, 1], [1, 2, 0]]))
    found = untrained_evidence(graph)
    # only the links speak: 2, 1, 0, 0
    assert found.score == pytest.approx([log(8) / 2, log(8 / 3) / 2, 0, 0])
    assert found.reasons is not None
    assert (found.reasons.feature == 0).all()
    assert np.allclose(found.reasons.expected, 0.1)


def test_nothing_is_expected_of_a_link_and_the_mean_of_a_feature() -> None:
    graph = odd_graph()
    reasons = untrained_evidence(graph).reasons
    assert reasons is not None
    assert np.array_equal(reasons.expected_link, graph.csr().weights)  # no link surprises
    np.testing.assert_allclose(reasons.expected, np.tile(graph.x.mean(0), (30, 1)), atol=1e-6)


def test_another_order_of_the_nodes_is_another_order_of_the_scores() -> None:
    graph = odd_graph()
    order = np.random.default_rng(3).permutation(graph.nodes)
    turned = Graph(graph.x[order], np.argsort(order)[graph.edges])
    np.testing.assert_allclose(
        untrained_evidence(turned).score, untrained_evidence(graph).score[order], rtol=1e-12
    )


def test_it_is_a_detector_like_the_others() -> None:
    graph = odd_graph()
    found = score_nodes(graph, "evidence", alpha=0.3)
    assert np.array_equal(found.score, untrained_evidence(graph, 0.3).score)
    assert found.measure == "evidence"
    assert found.percentiles is not None
    assert found.percentiles.shape == (1, 30)
