from __future__ import annotations

import pytest
import torch

from methods.anomaly.autoencoder import structure
from methods.anomaly.autoencoder.sparse import link_matrix
from methods.anomaly.autoencoder.structure import gram, squared_rows, structure_errors
from methods.anomaly.graphs.graph import Graph
from tests.anomaly.odd import CPU, dense_links, odd_graph


@pytest.mark.parametrize("seed", range(3))
def test_the_closed_form_is_the_dense_computation(seed: int) -> None:
    graph = odd_graph(seed=seed)
    links = link_matrix(graph.csr(), CPU)
    factors = torch.randn(graph.nodes, 5, generator=torch.Generator().manual_seed(seed))
    dense = (dense_links(graph) - factors.double() @ factors.double().T).norm(dim=1)
    errors = structure_errors(factors, links, squared_rows(links))
    torch.testing.assert_close(errors.double(), dense, rtol=1e-5, atol=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = odd_graph()
    links = link_matrix(graph.csr(), CPU)
    factors = torch.randn(graph.nodes, 5, generator=torch.Generator().manual_seed(0))
    whole = structure_errors(factors, links, squared_rows(links))
    monkeypatch.setattr(structure, "ROWS", 7)
    torch.testing.assert_close(structure_errors(factors, links, squared_rows(links)), whole)
    torch.testing.assert_close(gram(factors), factors.double().T @ factors.double())


def test_the_gradient_is_that_of_the_dense_form() -> None:
    graph = odd_graph(nodes=12, links=40)
    csr = graph.csr()
    links = link_matrix(csr, CPU)
    links.matrix, links.transposed = links.matrix.double(), links.transposed.double()
    squares = squared_rows(links)
    factors = torch.randn(graph.nodes, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda each: structure_errors(each, links, squares), factors)


def test_two_nodes_by_hand() -> None:
    """One link, H = (1, 2): Sh = [[1, 2], [2, 4]] against S = [[0, 1], [0, 0]]."""
    graph = Graph(torch.zeros(2, 1).numpy(), torch.tensor([[0], [1]]).numpy())
    links = link_matrix(graph.csr(), CPU)
    errors = structure_errors(torch.tensor([[1.0], [2.0]]), links, squared_rows(links))
    assert errors.tolist() == pytest.approx([2**0.5, 20**0.5])


def test_a_perfect_fit_has_the_smallest_error_and_no_gradient() -> None:
    """Both nodes link to each other and to themselves, H = (1, 1)."""
    graph = Graph(torch.zeros(2, 1).numpy(), torch.tensor([[0, 0, 1, 1], [0, 1, 0, 1]]).numpy())
    links = link_matrix(graph.csr(), CPU)
    factors = torch.ones(2, 1, requires_grad=True)
    errors = structure_errors(factors, links, squared_rows(links))
    errors.sum().backward()
    assert errors.tolist() == pytest.approx([1e-6, 1e-6])
    assert factors.grad is not None
    assert factors.grad.tolist() == [[0.0], [0.0]]


@pytest.mark.gpu
def test_the_closed_form_on_cuda_is_the_dense_computation() -> None:
    graph = odd_graph(nodes=200, links=900)
    links = link_matrix(graph.csr(), torch.device("cuda"))
    factors = torch.randn(graph.nodes, 5, generator=torch.Generator().manual_seed(0))
    dense = (dense_links(graph) - factors.double() @ factors.double().T).norm(dim=1)
    there = factors.cuda().requires_grad_()
    errors = structure_errors(there, links, squared_rows(links))
    torch.testing.assert_close(errors.cpu().double(), dense, rtol=1e-5, atol=1e-6)
    here = factors.clone().requires_grad_()
    on_cpu = link_matrix(graph.csr(), CPU)
    structure_errors(here, on_cpu, squared_rows(on_cpu)).sum().backward()
    errors.sum().backward()
    torch.testing.assert_close(there.grad.cpu(), here.grad, rtol=1e-3, atol=1e-4)  # type: ignore[union-attr]
