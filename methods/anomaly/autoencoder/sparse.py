"""Sparse matrices of a graph whose products with dense ones are differentiable and cost O(links x width)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from methods.anomaly.graphs.graph import Csr


class SparseMatrix:
    """An (n, n) matrix in CSR beside its transpose, which the gradient of a product needs."""

    def __init__(self, matrix: Tensor, transposed: Tensor) -> None:
        self.matrix, self.transposed = matrix, transposed

    def __matmul__(self, dense: Tensor) -> Tensor:
        """(n, n) @ (n, k), differentiable in the dense side."""
        product: Tensor = _Product.apply(dense, self.matrix, self.transposed)
        return product


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, dense: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ dense

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transposed @ gradients[0].contiguous(), None, None


def link_matrix(links: Csr, device: torch.device) -> SparseMatrix:
    """S: how often each source (row) links to each target."""
    return SparseMatrix(_tensor(links, device), _tensor(links.transposed(), device))


def propagation(links: Csr, device: torch.device) -> SparseMatrix:
    """P of a graph convolution, P[v, u] = S'[u, v] / sqrt(d_u d_v): messages go from source to target.

    S' has one loop of weight 1 at every node instead of its own loops, d_v = sum_u S'[u, v] counts incoming links, as
    PyTorch Geometric's GCNConv has it (Kipf & Welling 2017, eq. 2).
    """
    nodes, every = links.nodes, np.arange(links.nodes)
    sources = links.sources()
    apart = sources != links.indices
    rows = np.concatenate([sources[apart], every])
    columns = np.concatenate([links.indices[apart], every])
    order = np.argsort(rows * np.int64(nodes) + columns, kind="stable")
    rows, columns = rows[order], columns[order]
    values = np.concatenate([links.weights[apart], np.ones(nodes, np.float32)])[order]
    scale = np.bincount(columns, values, nodes) ** -0.5
    values = (values * scale[rows] * scale[columns]).astype(np.float32)
    starts = np.searchsorted(rows, np.arange(nodes + 1))
    backwards = Csr(starts, columns.astype(np.int32), values)  # by source: where gradients go
    return SparseMatrix(_tensor(backwards.transposed(), device), _tensor(backwards, device))


def _tensor(links: Csr, device: torch.device) -> Tensor:
    with warnings.catch_warnings():  # "CSR support is in beta state"
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(links.indptr),
            torch.from_numpy(links.indices.astype(np.int64)),
            torch.from_numpy(links.weights),
            (links.nodes, links.nodes),
            device=device,
        )
