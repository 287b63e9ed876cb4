"""The whole of DiffGAD and of the autoencoder beside it, on graphs of a few nodes."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from methods.anomaly import DiffGAD, GraphAutoencoder, gathering
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import percentiles_of
from tests.anomaly.odd import dense_links, odd_graph

SHARED = {"epochs": 25, "hidden": 8, "repeats": 2}
SMALL: dict[str, Any] = {
    **SHARED,
    "levels": (0, 200),
    "draws": 2,
    "denoiser_steps": 20,
    "sampler_steps": 5,
}
VIEWS = 8


@pytest.fixture(scope="module")
def fitted() -> DiffGAD:
    return DiffGAD(3, **SMALL).fit(odd_graph())


def same(one: DiffGAD, other: DiffGAD) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("decision_score_", "attribute_error_", "structure_error_", "percentiles_")
    )


def test_the_parts_add_up_to_every_nodes_errors(fitted: DiffGAD) -> None:
    outcome, graph = fitted.outcome_, odd_graph()
    reasons = outcome.reasons
    assert reasons is not None
    sources = graph.csr().sources()
    present = np.bincount(sources, reasons.link, graph.nodes)
    np.testing.assert_allclose(reasons.feature.sum(1), outcome.attribute, rtol=1e-5)
    assert (present <= fitted.structure_error_ * (1 + 1e-6)).all()
    assert min(reasons.feature.min(), reasons.link.min()) >= 0
    error = 0.5 * fitted.attribute_error_ + 0.5 * fitted.structure_error_
    np.testing.assert_array_equal(outcome.error, error)


def test_absent_links_are_the_rest_of_the_structure_error() -> None:
    """One view, so that its factors say everything: slowly, pair by pair."""
    graph = odd_graph()
    outcome = GraphAutoencoder(0, epochs=25, hidden=8, combine="mean").fit(graph).outcome_
    reasons = outcome.reasons
    assert reasons is not None
    assert outcome.structure is not None
    factors, counts = reasons.factors[0].astype(np.float64), dense_links(graph).numpy()
    squares = (counts - factors @ factors.T) ** 2
    errors = np.sqrt(squares.sum(1))
    np.testing.assert_allclose(reasons.structure_of[0], errors, rtol=1e-5)
    np.testing.assert_allclose(outcome.structure, errors, rtol=1e-5)
    csr = graph.csr()
    sources = csr.sources()
    links = squares[sources, csr.indices] / errors[sources]
    np.testing.assert_allclose(reasons.link, links, rtol=1e-4, atol=1e-6)
    absent = np.where(counts == 0, squares, 0).sum(1) / errors
    rest = outcome.structure - np.bincount(sources, reasons.link, graph.nodes)
    np.testing.assert_allclose(rest, absent, rtol=1e-4, atol=1e-5)


def test_blocks_of_nodes_and_links_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"epochs": 3, "hidden": 8, "combine": "mean"}
    whole = GraphAutoencoder(0, **settings).fit(odd_graph()).outcome_
    monkeypatch.setattr(gathering, "ROWS", 7)
    monkeypatch.setattr(gathering, "VALUES", 25)  # four nodes of six features
    found = GraphAutoencoder(0, **settings).fit(odd_graph()).outcome_
    np.testing.assert_allclose(found.score, whole.score, rtol=1e-6)
    assert found.reasons is not None
    for name, values in vars(found.reasons).items():
        if values is not None:
            np.testing.assert_allclose(values, getattr(whole.reasons, name), rtol=1e-4, atol=1e-6)


def test_the_views_are_every_level_draw_and_repeat(fitted: DiffGAD) -> None:
    views = fitted.views_
    assert len(views) == len(set(views)) == VIEWS
    assert fitted.percentiles_.shape == (VIEWS, 30)
    assert {view.level for view in views} == {0, 200}
    np.testing.assert_allclose(fitted.percentiles_.mean(1), 0.5, rtol=1e-6)
    reasons = fitted.outcome_.reasons
    assert reasons is not None
    assert reasons.factors.shape == (4, 30, 8)


def test_the_plain_errors_are_the_autoencoders_bit_for_bit(fitted: DiffGAD) -> None:
    alone = GraphAutoencoder(3, **SHARED).fit(odd_graph())
    assert np.array_equal(alone.attribute_error_, fitted.plain_attribute_error_)
    assert np.array_equal(alone.structure_error_, fitted.plain_structure_error_)
    assert np.array_equal(alone.plain_structure_error_, alone.structure_error_)
    assert [view.level for view in alone.views_] == [None, None]


def test_a_seed_gives_the_same_scores_and_another_others(fitted: DiffGAD) -> None:
    assert same(DiffGAD(3, **SMALL).fit(odd_graph()), fitted)
    assert not same(DiffGAD(4, **SMALL).fit(odd_graph()), fitted)


class Unlabelled:
    """A `Data` that lets nobody look at anything but its features and edges."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> torch.Tensor:
        if name == "x":
            return torch.from_numpy(self._graph.x)
        if name == "edge_index":
            return torch.from_numpy(self._graph.edges)
        raise AssertionError(f"{name} was read")


def test_labels_are_never_read() -> None:
    graph, settings = odd_graph(), {**SMALL, "epochs": 5, "repeats": 1, "draws": 1}
    without = DiffGAD(3, **settings).fit(graph)
    x, edges = torch.from_numpy(graph.x), torch.from_numpy(graph.edges)
    labels = torch.arange(graph.nodes) % 2
    for data in (
        SimpleNamespace(x=x, edge_index=edges, y=labels),
        SimpleNamespace(x=x, edge_index=edges, y=labels.flip(0)),
        Unlabelled(graph),
    ):
        assert same(DiffGAD(3, **settings).fit(data), without)


def test_the_caller_of_torch_keeps_its_own_chance() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    GraphAutoencoder(0, epochs=2, hidden=8).fit(odd_graph())
    assert torch.equal(torch.rand(3), expected)


def test_a_small_graph_takes_one_thread_and_gives_the_others_back() -> None:
    before, seen = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        GraphAutoencoder(0, epochs=2, hidden=8).fit(
            odd_graph(), progress=lambda *_told: seen.add(torch.get_num_threads())
        )
        assert seen == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("stop", [1, 20, 26, 60, 75, 90])
def test_a_fit_that_was_lost_goes_on_to_the_same_numbers(fitted: DiffGAD, stop: int) -> None:
    """Lost after so many reports of progress: in the autoencoder, in either denoiser, between views."""
    kept: list[Mapping[str, Any]] = []
    reports = 0

    def lost(done: float, total: float, message: str) -> None:
        nonlocal reports
        reports += 1
        if reports == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DiffGAD(3, **SMALL).fit(
            odd_graph(), progress=lost, checkpoint=kept.append, checkpoint_every=0.0
        )
    last = kept[-1] if kept else None
    told: list[float] = []
    again = DiffGAD(3, **SMALL).fit(
        odd_graph(), resume=last, progress=lambda done, total, _message: told.append(done / total)
    )
    assert same(again, fitted)
    assert np.array_equal(again.plain_attribute_error_, fitted.plain_attribute_error_)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    reasons = again.outcome_.reasons, fitted.outcome_.reasons
    for name in ("feature", "expected", "link", "expected_link", "factors", "structure_of"):
        one, other = (getattr(each, name) for each in reasons)
        assert np.array_equal(one, other), name


def test_what_another_fit_kept_is_refused() -> None:
    kept: list[Mapping[str, Any]] = []
    GraphAutoencoder(0, epochs=2, hidden=8).fit(
        odd_graph(), checkpoint=kept.append, checkpoint_every=0.0
    )
    graph = odd_graph()
    doubled = Graph(
        graph.x, np.c_[graph.edges, graph.edges[:, :1]]
    )  # the same links, one more often
    for seed, other in ((1, graph), (0, doubled), (0, odd_graph(seed=1))):
        with pytest.raises(ValueError, match="other data or settings"):
            GraphAutoencoder(seed, epochs=2, hidden=8).fit(other, resume=kept[-1])


def test_the_weight_of_the_attributes_decides_what_counts() -> None:
    graph, settings = odd_graph(), {"epochs": 10, "hidden": 8, "combine": "mean"}
    only = GraphAutoencoder(0, alpha=1.0, **settings).fit(graph)
    assert np.array_equal(only.decision_score_, only.attribute_error_)
    none = GraphAutoencoder(0, alpha=0.0, **settings).fit(graph)
    assert np.array_equal(none.decision_score_, none.structure_error_)
    torn = Graph(graph.x, graph.edges[:, :1])  # other links, the same features
    assert not np.array_equal(
        GraphAutoencoder(0, alpha=0.0, **settings).fit(torn).decision_score_, none.decision_score_
    )


def test_predict_speaks_as_pygod_does(fitted: DiffGAD) -> None:
    flagged, scores, ranks = fitted.predict(return_score=True, return_prob=True)
    assert flagged.sum() == 3
    assert scores[flagged == 1].min() >= scores[flagged == 0].max()
    assert np.array_equal(ranks, percentiles_of(scores))
    again = fitted.predict(odd_graph(), return_pred=False, return_score=True)
    assert np.array_equal(again, scores)
    with pytest.raises(ValueError, match="all False"):
        fitted.predict(return_pred=False)
    with pytest.raises(ValueError, match=r"contamination: 0\.7"):
        fitted.predict(contamination=0.7)
    with pytest.raises(ValueError, match="not fitted"):
        DiffGAD().predict()
    with pytest.raises(ValueError, match="7 features"):
        fitted.decision_function(odd_graph(features=7))


@pytest.mark.parametrize("scaling", ["none", "zscore", "robust"])
def test_hard_graphs_give_finite_scores(scaling: str) -> None:
    """Few nodes, one feature, a constant column, nodes without links."""
    one = odd_graph(nodes=5, links=25, features=1)
    constant = Graph(
        np.c_[odd_graph(features=2).x, np.full(30, 193978, np.float32)], odd_graph().edges
    )
    for graph in (one, constant):
        settings = {**SMALL, "repeats": 1, "draws": 1, "scaling": scaling, "hidden": 0}
        found = DiffGAD(0, **settings).fit(graph)
        assert np.isfinite(found.decision_score_).all()
        reasons = found.outcome_.reasons
        assert reasons is not None
        assert all(np.isfinite(values).all() for values in vars(reasons).values())
        if graph is constant and scaling != "none":
            assert (reasons.feature[:, 2] == 0).all()
            assert (reasons.expected[:, 2] == 193978).all()


def test_a_collapse_is_said() -> None:
    """A weight decay that leaves no weights: nodes are rebuilt as their mean, and no link is expected."""
    graph = odd_graph(nodes=60, links=200)
    collapsed = GraphAutoencoder(0, epochs=150, weight_decay=5.0, hidden=8).fit(graph)
    assert collapsed.outcome_.figures["latent_spread"] < 0.01
    for said in ("collapsed", "distance from the mean", "number of links"):
        assert any(said in note for note in collapsed.notes_), said


def test_only_a_part_that_was_trained_can_have_collapsed() -> None:
    for alpha, told in ((1.0, "distance_spearman"), (0.0, "links_agreement")):
        figures = (
            GraphAutoencoder(0, epochs=2, hidden=8, alpha=alpha).fit(odd_graph()).outcome_.figures
        )
        assert {"distance_spearman", "links_agreement"} & set(figures) == {told}


def test_a_training_that_runs_away_is_said() -> None:
    graph = Graph(odd_graph().x * np.float32(1e30), odd_graph().edges)
    with pytest.raises(FloatingPointError, match="the loss is"):
        GraphAutoencoder(0, epochs=5, hidden=8, scaling="none").fit(graph)


def test_planted_anomalies_are_found_and_by_the_right_part() -> None:
    """Cliques have the higher structure error, nodes with another's features the higher attribute error."""
    graph, cliques, swapped = planted()
    found = GraphAutoencoder(0, epochs=150).fit(graph)
    normal = np.setdiff1d(np.arange(graph.nodes), np.r_[cliques, swapped])
    assert auc(found.structure_error_, cliques, normal) > 0.9
    assert auc(found.attribute_error_, swapped, normal) > 0.8
    assert auc(found.decision_score_, np.r_[cliques, swapped], normal) > 0.7


def planted() -> tuple[Graph, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    chance = np.random.default_rng(0)
    nodes, groups = 300, np.arange(300) // 60
    centres = 2 * chance.normal(size=(5, 16))
    x = centres[groups] + 0.5 * chance.normal(size=(nodes, 16))
    sources = np.repeat(np.arange(nodes), 4)
    targets = groups[sources] * 60 + chance.integers(0, 60, len(sources))
    cliques, swapped = np.arange(0, 300, 30), np.arange(7, 300, 30)
    pairs = np.array([(a, b) for a in cliques for b in cliques if a != b]).T
    x[swapped] = centres[(groups[swapped] + 2) % 5] * 1.5
    edges = np.concatenate([[sources, targets], [targets, sources], pairs], axis=1)
    return Graph(x.astype(np.float32), edges), cliques, swapped


def auc(
    scores: np.ndarray[Any, Any], high: np.ndarray[Any, Any], low: np.ndarray[Any, Any]
) -> float:
    return float((scores[high][:, None] > scores[low][None]).mean())


@pytest.mark.gpu
def test_on_cuda_its_parts_add_up_as_well() -> None:
    found = DiffGAD(3, device="cuda", **SMALL).fit(odd_graph())
    reasons = found.outcome_.reasons
    assert reasons is not None
    np.testing.assert_allclose(reasons.feature.sum(1), found.attribute_error_, rtol=1e-4)
    assert np.isfinite(found.decision_score_).all()
    assert found.decision_score_.std() > 0
