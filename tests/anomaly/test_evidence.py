"""Evidence by hand, by a slow loop, and its parts, which sum to it; what counts nothing must be exactly 0."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest

from methods.anomaly import DiffGAD, GraphAutoencoder
from methods.anomaly import evidence as module
from methods.anomaly.evidence import as_evidence, combined, discordance, evidence_of, unlikeness
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome, percentiles_of
from tests.anomaly.odd import odd_graph

Array = np.ndarray[Any, np.dtype[Any]]
ALPHA = 0.3
AUTOENCODER: dict[str, Any] = {"epochs": 8, "hidden": 8, "repeats": 2, "alpha": ALPHA}
DIFFUSION: dict[str, Any] = {
    **AUTOENCODER,
    "levels": (0, 200),
    "denoiser_steps": 6,
    "sampler_steps": 3,
}
CORNERS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)
"""Columns of mean 0 and deviation 1: they are their own z-scores."""


@pytest.fixture(scope="module", params=["autoencoder", "DiffGAD"])
def pair(request: pytest.FixtureRequest) -> tuple[Outcome, Outcome]:
    """One fit as errors and as evidence."""
    kind, settings = (
        (DiffGAD, DIFFUSION) if request.param == "DiffGAD" else (GraphAutoencoder, AUTOENCODER)
    )
    errors, evidence = (
        kind(2, combine=combine, **settings).fit(odd_graph()).outcome_
        for combine in ("mean", "evidence")
    )
    return errors, evidence


def linked(*pairs: tuple[int, int]) -> Array:
    return np.array(pairs, np.int64).T


def parts(graph: Graph, outcome: Outcome) -> tuple[Array, Array, Array]:
    """(n,) sums of the parts of features, of links, and of absent links: these pair by pair."""
    reasons, links = outcome.reasons, graph.csr()
    assert reasons is not None
    there = set(zip(links.sources().tolist(), links.indices.tolist(), strict=True))
    absent = np.zeros(graph.nodes)
    for factors, errors in zip(reasons.factors, reasons.structure_of, strict=True):
        products = factors.astype(float) @ factors.T.astype(float)
        for i in range(graph.nodes):
            rest = [products[i, j] ** 2 for j in range(graph.nodes) if (i, j) not in there]
            absent[i] += sum(rest) / errors[i] / len(reasons.factors)
    present = np.bincount(links.sources(), reasons.link.astype(float), graph.nodes)
    return reasons.feature.sum(1, dtype=float), present, absent


def slow_percentile(values: list[float], mine: float) -> float:
    return (sum(v < mine for v in values) + sum(v == mine for v in values) / 2) / len(values)


def slow_score(graph: Graph, attribute: Array, structure: Array, alpha: float) -> list[float]:
    """Fisher's sum, node by node, straight from the edges."""
    z = (graph.x.astype(float) - graph.x.mean(0, dtype=float)) / graph.x.std(0, dtype=float)
    edges = {(i, j) for i, j in graph.edges.T.tolist() if i != j}
    unlike = {}
    for i in range(graph.nodes):
        cosines = [
            z[i] @ z[k] / np.linalg.norm(z[i]) / np.linalg.norm(z[k]) for j, k in edges if i == j
        ]
        if cosines:
            unlike[i] = 1 - sum(cosines) / len(cosines)
    total = []
    for i in range(graph.nodes):
        first = -log(1 - slow_percentile(attribute.tolist(), attribute[i]))
        second = -log(1 - slow_percentile(structure.tolist(), structure[i]))
        if i in unlike:
            second -= log(1 - slow_percentile(list(unlike.values()), unlike[i]))
        total.append(alpha * first + (1 - alpha) * second)
    return total


def test_percentiles_become_nats() -> None:
    # percentiles 1/2, 1/8, 1/2, 7/8
    got = evidence_of(np.array([3.0, 1.0, 3.0, 7.0]))
    assert got.tolist() == pytest.approx([log(2), -log(7 / 8), log(2), log(8)])


def test_an_error_of_nothing_is_no_evidence() -> None:
    assert evidence_of(np.array([0.0, 4.0, 0.0, 2.0])).tolist() == pytest.approx(
        [0, log(8), 0, log(8 / 3)]
    )
    assert evidence_of(np.zeros(5)).tolist() == [0] * 5
    assert evidence_of(np.full(5, 2.0)).tolist() == pytest.approx([log(2)] * 5)


def test_two_nodes_and_their_neighbours_by_hand() -> None:
    """0 links to itself, to 1 (a right angle) and to 3 (opposite); 1 links to 0 twice; 2 only to itself; 3 to none."""
    links = Graph(CORNERS, linked((0, 0), (0, 1), (0, 3), (1, 0), (1, 0), (2, 2))).csr()
    assert unlikeness(CORNERS, links).tolist() == [0, 1, 2, 1, 0]
    found = discordance(CORNERS, links)
    # means 1.5 and 1 of the two that link to others: percentiles 3/4 and 1/4
    assert found.evidence.tolist() == pytest.approx([log(4), log(4 / 3), 0, 0])
    assert found.link.tolist() == pytest.approx([0, log(4) / 3, 2 * log(4) / 3, log(4 / 3), 0])


def test_units_and_columns_that_say_nothing_change_nothing() -> None:
    edges = linked((0, 1), (0, 3), (1, 0), (2, 3))
    links = Graph(CORNERS, edges).csr()
    told = np.c_[100 * CORNERS[:, 0] + 7, 0.25 * CORNERS[:, 1], np.full(4, 193_978)]
    assert unlikeness(told.astype(np.float32), links).tolist() == [1, 2, 1, 1]


def test_one_feature_has_two_directions() -> None:
    x = np.array([[1], [3], [8], [9]], np.float32)  # mean 5.25
    assert unlikeness(x, Graph(x, linked((0, 1), (0, 2), (3, 2))).csr()).tolist() == [0, 2, 0]


def test_links_to_nobody_else_are_no_evidence() -> None:
    found = discordance(CORNERS, Graph(CORNERS, linked((0, 0), (2, 2))).csr())
    assert (found.evidence.tolist(), found.link.tolist()) == ([0] * 4, [0] * 2)


def test_where_all_are_alike_nothing_is_evidence() -> None:
    x = np.full((4, 3), 0.1, np.float32)
    found = discordance(x, Graph(x, linked((0, 1), (1, 2), (2, 0))).csr())
    assert found.evidence.tolist() == [0] * 4
    assert found.link.tolist() == [0] * 3


def test_equal_neighbours_tie_whatever_their_order() -> None:
    """Rows drawn from five kinds: a float32 cosine of equal rows is not quite 1, and sums depend on their order."""
    draw = np.random.default_rng(0)
    kinds = draw.normal(size=(5, 7)).astype(np.float32)
    of = np.r_[0, 0, draw.integers(0, 5, 62)]
    first = draw.permutation(np.arange(2, 64))[:9]
    alike = np.flatnonzero(of == of[2])
    edges = linked(
        *((0, int(j)) for j in first),
        *((int(i), int(j)) for i in alike for j in alike if i != j and i != 1 and i != 0),
    )
    # node 1 links to others of the same kinds, in another order of their positions
    count = np.bincount(of[first], minlength=5)
    places = [np.flatnonzero((of == kind) & (np.arange(64) > 1))[::-1] for kind in range(5)]
    others = np.concatenate([place[:each] for place, each in zip(places, count, strict=True)])
    edges = np.c_[edges, linked(*((1, int(j)) for j in others))]
    found = discordance(kinds[of], Graph(kinds[of], edges).csr())
    assert found.evidence[0] == found.evidence[1] > 0
    inside = np.setdiff1d(alike, (0, 1))
    assert found.evidence[inside].tolist() == [0] * len(inside)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = odd_graph()
    whole = discordance(graph.x, graph.csr())
    monkeypatch.setattr(module, "VALUES", 25)  # four links of six features
    found = discordance(graph.x, graph.csr())
    assert np.array_equal(found.evidence, whole.evidence)
    assert np.array_equal(found.link, whole.link)


def test_the_score_is_fishers_sum(pair: tuple[Outcome, Outcome]) -> None:
    errors, evidence = pair
    assert errors.attribute is not None
    assert errors.structure is not None
    slow = slow_score(odd_graph(), errors.attribute, errors.structure, ALPHA)
    np.testing.assert_allclose(evidence.score, slow, rtol=1e-9)
    assert evidence.error is evidence.score
    unlike = discordance(odd_graph().x, odd_graph().csr()).evidence
    assert np.array_equal(
        evidence.score, combined(errors.attribute, errors.structure, unlike, ALPHA)
    )


def test_all_parts_sum_to_every_nodes_score(pair: tuple[Outcome, Outcome]) -> None:
    graph, outcome = odd_graph(), pair[1]
    feature, present, absent = parts(graph, outcome)
    np.testing.assert_allclose(feature, outcome.attribute, rtol=1e-5)
    np.testing.assert_allclose(present + absent, outcome.structure, rtol=1e-5)
    np.testing.assert_allclose(
        ALPHA * feature + (1 - ALPHA) * (present + absent), outcome.score, rtol=1e-5
    )
    reasons = outcome.reasons
    assert reasons is not None
    assert reasons.unlike is not None
    assert min(reasons.feature.min(), reasons.link.min(), reasons.unlike.min()) >= 0
    assert (reasons.unlike <= reasons.link * (1 + 1e-6)).all()
    assert (present[-2:] == 0).all()  # isolated: all that they have was expected and is not there


def test_parts_are_shared_out_as_those_of_the_errors(pair: tuple[Outcome, Outcome]) -> None:
    errors, evidence = (outcome.reasons for outcome in pair)
    assert errors is not None
    assert evidence is not None
    assert errors.unlike is None
    before, after = (
        each.feature / each.feature.sum(1, keepdims=True) for each in (errors, evidence)
    )
    np.testing.assert_allclose(after, before, rtol=1e-5)
    for name in ("expected", "expected_link", "factors"):
        assert np.array_equal(getattr(evidence, name), getattr(errors, name)), name


def test_the_score_is_affine_in_alpha(pair: tuple[Outcome, Outcome]) -> None:
    """For one fit: another weight needs the stored parts only."""
    graph, errors = odd_graph(), pair[0]
    found = discordance(graph.x, graph.csr()), graph.csr().sources()
    none, some, only = (
        as_evidence(replace(errors, alpha=alpha), *found) for alpha in (0.0, 0.25, 1.0)
    )
    for name in ("attribute", "structure"):
        assert np.array_equal(getattr(none, name), getattr(only, name))
    assert np.array_equal(none.score, none.structure)
    assert np.array_equal(only.score, only.attribute)
    np.testing.assert_allclose(some.score, 0.75 * none.score + 0.25 * only.score, rtol=1e-12)


def test_only_what_is_made_of_the_errors_differs(pair: tuple[Outcome, Outcome]) -> None:
    """The fit itself knows nothing of it, bit for bit."""
    graph, (errors, evidence) = odd_graph(), pair
    again = as_evidence(errors, discordance(graph.x, graph.csr()), graph.csr().sources())
    for name in ("score", "attribute", "structure", "plain_attribute", "plain_structure"):
        assert np.array_equal(getattr(again, name), getattr(evidence, name)), name
    for name, values in vars(evidence.reasons).items():
        assert np.array_equal(getattr(again.reasons, name), values), name
    assert (errors.measure, evidence.measure) == ("error", "evidence")
    assert evidence.figures == errors.figures
    assert np.array_equal(errors.score, errors.error)


def test_the_plain_autoencoder_has_the_same_discordance() -> None:
    plain = GraphAutoencoder(2, **AUTOENCODER).fit(odd_graph())
    beside = DiffGAD(2, **DIFFUSION).fit(odd_graph())
    assert np.array_equal(plain.attribute_error_, beside.plain_attribute_error_)
    assert np.array_equal(plain.structure_error_, beside.plain_structure_error_)
    reasons = plain.outcome_.reasons, beside.outcome_.reasons
    assert np.array_equal(*(each.unlike for each in reasons if each is not None))


def test_each_view_is_ranked_by_its_evidence() -> None:
    found = GraphAutoencoder(0, epochs=4, hidden=8).fit(odd_graph())
    assert np.array_equal(
        found.percentiles_[0], percentiles_of(found.decision_score_).astype(np.float32)
    )


def test_ranks_are_the_mean_over_views_of_the_weighted_errors_percentile() -> None:
    found = DiffGAD(2, combine="ranks", **DIFFUSION).fit(odd_graph()).outcome_
    assert found.percentiles is not None
    assert found.measure == "error"
    np.testing.assert_allclose(found.score, found.percentiles.mean(0), rtol=1e-6)
    once = GraphAutoencoder(2, combine="ranks", epochs=4, hidden=8).fit(odd_graph()).outcome_
    assert once.error is not None
    np.testing.assert_allclose(once.score, percentiles_of(once.error), rtol=1e-6)


def test_another_order_of_the_nodes_is_another_order_of_the_evidence() -> None:
    graph = odd_graph()
    order = np.random.default_rng(3).permutation(graph.nodes)
    turned = Graph(graph.x[order], np.argsort(order)[graph.edges])
    before, after = (discordance(each.x, each.csr()) for each in (graph, turned))
    assert np.array_equal(after.evidence, before.evidence[order])
    found = [np.zeros((graph.nodes, graph.nodes)) for _ in range(2)]
    for dense, each, part in zip(found, (graph, turned), (before, after), strict=True):
        dense[each.csr().sources(), each.csr().indices] = part.link
    assert np.array_equal(found[1], found[0][np.ix_(order, order)])
