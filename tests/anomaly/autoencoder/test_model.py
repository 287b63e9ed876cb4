from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from methods.anomaly.autoencoder.model import GraphAutoencoderModel, dropping
from methods.anomaly.autoencoder.sparse import SparseMatrix, propagation
from methods.anomaly.gathering import Gathering
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import View
from methods.anomaly.settings import AutoencoderSettings
from tests.anomaly.odd import CPU, odd_graph, prepared


def test_the_layers_are_those_of_pytorch_geometric() -> None:
    from torch_geometric.nn import GCN

    graph = odd_graph()
    x, edges = torch.from_numpy(graph.x), torch.from_numpy(graph.edges)
    propagate = propagation(graph.csr(), CPU)
    ours = GraphAutoencoderModel(6, 8, torch.Generator().manual_seed(0))
    for bias in (each for name, each in ours.named_parameters() if name.endswith("bias")):
        nn.init.normal_(bias)
    encoder = with_weights(GCN(6, 8, 2, 8), ours.encode_first, ours.encode_last)
    attributes = with_weights(GCN(8, 8, 2, 6), ours.attributes_first, ours.attributes_last)
    structure = with_weights(GCN(8, 8, 1, 8), ours.structure)

    latents = ours.encode(propagate @ x, propagate)
    last, factors = ours.decode(latents, propagate)
    expected = encoder(x, edges)
    torch.testing.assert_close(latents, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(
        ours.reconstruct(last), attributes(expected, edges), rtol=1e-5, atol=1e-6
    )
    torch.testing.assert_close(factors, structure(expected, edges), rtol=1e-5, atol=1e-6)


def with_weights(network: Any, *layers: nn.Linear) -> Any:
    with torch.no_grad():
        for convolution, layer in zip(network.convs, layers, strict=True):
            convolution.lin.weight.copy_(layer.weight)
            convolution.bias.copy_(layer.bias)
    return network.eval()


def test_the_gradient_of_a_product_goes_through_the_transpose() -> None:
    graph = odd_graph(nodes=12, links=40)
    single = propagation(graph.csr(), CPU)
    double = SparseMatrix(single.matrix.double(), single.transposed.double())
    dense = torch.randn(12, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda each: double @ each, dense)


def test_dropout_keeps_the_mean_and_repeats_with_its_generator() -> None:
    ones = torch.ones(200, 200)
    first = dropping(0.3, torch.Generator().manual_seed(1))(ones)
    again = dropping(0.3, torch.Generator().manual_seed(1))(ones)
    assert torch.equal(first, again)
    assert first.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float(first.mean()) == pytest.approx(1, abs=0.02)
    assert torch.equal(dropping(0.0, torch.Generator())(-ones), torch.zeros(200, 200))


def test_initial_weights_fill_glorots_range() -> None:
    model = GraphAutoencoderModel(90, 60, torch.Generator().manual_seed(0))
    weights: Tensor = model.encode_first.weight.detach()
    bound = (6 / 150) ** 0.5
    assert bound * 0.99 < float(weights.abs().max()) <= bound
    assert float(weights.std()) == pytest.approx(bound / 3**0.5, rel=0.03)


def test_scores_do_not_depend_on_the_order_of_nodes() -> None:
    graph = odd_graph()
    order = np.random.default_rng(0).permutation(graph.nodes)
    place = np.argsort(order)
    moved = Graph(graph.x[order], place[graph.edges])
    model = GraphAutoencoderModel(6, 8, torch.Generator().manual_seed(0)).requires_grad_(False)
    errors = []
    for each in (graph, moved):
        ready = prepared(each)
        gathered = Gathering(ready, AutoencoderSettings(), [View(0, None, 0)], reasons=False)
        gathered.add(model, model.encode(ready.spread, ready.propagate))
        errors.append(np.stack([gathered.mean("attribute"), gathered.mean("structure")]))
    assert np.abs(errors[0][:, order] - errors[1]).max() < 1e-4
