"""The structure error of every node without an n x n matrix.

With Sh = H H^T and no sigmoid, the squared distance of row i of the link counts from row i of Sh is

    b_i^2 = sum_v S_iv^2 - 2 sum_v S_iv <H_i, H_v> + H_i (H^T H) H_i^T

which costs O(L h + n h^2) time and O(L + n h) memory, exactly: nothing is sampled. The three terms may cancel, so they are
added in float64 whatever H is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from methods.anomaly.autoencoder.sparse import SparseMatrix

TINY = 1e-12
"""Smallest b_i^2, so that the root has a gradient."""
ROWS = 65536
"""Nodes whose float64 terms are held at a time."""


def squared_rows(links: SparseMatrix) -> Tensor:
    """(n,) float64, sum_v S_iv^2."""
    squares = links.matrix.values().double() ** 2
    places = links.matrix.crow_indices()
    return torch.segment_reduce(squares, "sum", offsets=places, initial=0.0)


def gram(factors: Tensor) -> Tensor:
    """(h, h) float64, H^T H of (n, h) factors: one pass, in blocks of nodes."""
    total = factors.new_zeros((factors.shape[1], factors.shape[1]), dtype=torch.float64)
    for block in factors.split(ROWS):
        wide = block.double()
        total.addmm_(wide.T, wide)
    return total


def structure_errors(factors: Tensor, links: SparseMatrix, squares: Tensor) -> Tensor:
    """b_i of every node, differentiable once in the factors.

    Args:
        factors: H, (n, h).
        links: S.
        squares: `squared_rows(links)`; it never changes, so it is asked for once.

    Returns:
        (n,) in the factors' dtype, at least 1e-6.
    """
    errors: Tensor = _StructureErrors.apply(factors, links, squares)
    return errors


class _StructureErrors(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, factors: Tensor, links: SparseMatrix, squares: Tensor) -> Tensor:
        counted = links.matrix @ factors  # S H
        products = gram(factors)
        squared = torch.empty_like(squares)
        for start in range(0, len(factors), ROWS):
            rows = slice(start, start + ROWS)
            wide = factors[rows].double()
            terms = wide * (wide @ products - 2 * counted[rows])
            squared[rows] = squares[rows] + terms.sum(1)
        errors = squared.clamp_min(TINY).sqrt()
        ctx.links = links
        ctx.save_for_backward(factors, counted, products, squared, errors)
        return errors.to(factors.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        factors, counted, products, squared, errors = ctx.saved_tensors
        weights = torch.where(squared > TINY, gradients[0] / (2 * errors), 0.0)
        weights = weights.to(factors.dtype)[:, None]  # of d b_i^2
        weighted = weights * factors
        # d/dH of sum_i w_i b_i^2 / 2: what a row is to its own error, and to others' as a target and through H^T H
        result = weights * (factors @ products.to(factors.dtype) - counted)
        result -= ctx.links.transposed @ weighted
        result += factors @ (factors.T @ weighted)
        return 2 * result, None, None
