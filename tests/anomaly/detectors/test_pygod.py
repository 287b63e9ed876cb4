"""PyGOD through our loader: the numbers of PyGOD's own arithmetic, the same for the same seed, and no label."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from methods.anomaly.detectors.table import DETECTORS
from methods.anomaly.graphs.graph import Graph
from methods.base import Cancelled

pygod = pytest.importorskip("pygod")

from methods.anomaly.detectors import pygod as adapter  # noqa: E402

TRAINING = adapter.Training(
    hidden=8, epochs=3, dropout=0.0, learning_rate=0.01, weight_decay=0.0, alpha=0.7
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def graph():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((40, 5)).astype(np.float32)
    edges = draw.integers(0, 36, (2, 120))  # the last four nodes have no link
    return Graph(x, edges)


@pytest.mark.parametrize("name", adapter.DETECTORS)
def test_every_detector_scores_all_nodes_and_follows_its_seed(name, graph):
    losses = []

    def scores(seed):
        return adapter.pygod_scores(
            name,
            graph.x,
            graph.edges,
            TRAINING,
            seed=seed,
            device=CPU,
            on_epoch=lambda epoch, loss: losses.append((epoch, loss)),
        )

    first = scores(1)
    assert first.shape == (40,)
    assert np.isfinite(first).all()
    assert [epoch for epoch, _ in losses] == [1, 2, 3]
    state = torch.random.get_rng_state()
    assert scores(1).tolist() == first.tolist()
    assert torch.random.get_rng_state().equal(state)  # nobody else's chance is touched
    assert scores(2).tolist() != first.tolist()


def test_dominant_is_what_its_own_model_says_of_the_whole_graph(graph):
    from pygod.nn import DOMINANTBase
    from pygod.nn.functional import double_recon_loss

    torch.manual_seed(5)
    model = DOMINANTBase(5, hid_dim=8, dropout=0.0).train()
    x, edges = torch.from_numpy(graph.x), torch.from_numpy(graph.edges)
    dense = torch.zeros(40, 40)
    for source, target in graph.edges.T:
        dense[source, target] += 1
    with torch.no_grad():
        made, links = model(x, edges)
        expected = double_recon_loss(x, made, dense, links, weight=0.7)
    training = adapter.Training(8, 1, 0.0, 0.01, 0.0, 0.7)
    found = adapter.pygod_scores("dominant", graph.x, graph.edges, training, seed=5, device=CPU)
    assert found == pytest.approx(expected.double().numpy(), rel=1e-6)


def test_the_loader_of_pygod_is_there_again_afterwards(graph):
    from pygod.detector import base
    from torch_geometric.loader import NeighborLoader

    def stop(epoch, loss):
        raise Cancelled

    with pytest.raises(Cancelled):
        adapter.pygod_scores(
            "gae", graph.x, graph.edges, TRAINING, seed=0, device=CPU, on_epoch=stop
        )
    assert base.NeighborLoader is NeighborLoader


def test_scores_that_are_no_numbers_are_refused_in_words(graph):
    wild = adapter.Training(8, 30, 0.0, 1e30, 0.0, 0.5)
    with pytest.raises(ValueError, match=r"GAE of PyGOD gave no number to \d+ of 40 nodes"):
        adapter.pygod_scores("gae", graph.x, graph.edges, wild, seed=0, device=CPU)


def test_the_table_names_each_of_them():
    assert {each.pygod for each in DETECTORS.values()} - {""} == set(adapter.DETECTORS)
