"""The recursion of LiSSA (Agarwal, Bullins and Hazan 2017; used for influence by Koh and Liang 2017)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from methods.unlearning.influence.solvers.solution import Product, Solution

POWER_ITERATIONS = 12
MARGIN = 1.5
"""The scale is the largest eigenvalue that the power iterations found times this; it must exceed half the true one."""


def lissa(product: Product, b: Tensor, *, max_iterations: int, tolerance: float) -> Solution:
    """Solve A x = b by x <- x + (b - A x) / s, the Neumann series of A / s.

    Each step takes the whole curvature set, where the original draws a sample, so nothing is random and the limit is that of
    conjugate gradients; it needs more products, about s / (smallest eigenvalue) for each factor e. The scale s comes from
    power iterations, whose products are counted. Arguments and errors as `conjugate_gradients`.
    """
    scale = MARGIN * _largest(product, b)
    used = POWER_ITERATIONS
    if scale <= 0:
        return Solution(torch.zeros_like(b), products=used, negative_curvature=True)
    x, residual = torch.zeros_like(b), b.clone()
    norm, curve = float(b.double().norm()), [1.0]
    while len(curve) <= max_iterations and curve[-1] > tolerance:
        x = x + residual / scale
        residual = b - product(x)
        used += 1
        curve.append(float(residual.double().norm()) / norm)
        if not math.isfinite(curve[-1]):
            raise ValueError("a product with the curvature is not finite: the model overflows here")
        if curve[-1] > 1e3:  # the series grows: A has an eigenvalue below 0 or above 2 s
            return Solution(
                torch.zeros_like(b),
                tuple(curve),
                used,
                negative_curvature=True,
                largest=scale / MARGIN,
            )
    return Solution(x, tuple(curve), used, converged=curve[-1] <= tolerance, largest=scale / MARGIN)


def _largest(product: Product, start: Tensor) -> float:
    """The Rayleigh quotient of A's dominant eigenvector, by power iterations from `start`."""
    vector, value = start / start.norm(), 0.0
    for _ in range(POWER_ITERATIONS):
        image = product(vector)
        value = float(torch.dot(vector.double(), image.double()))
        length = image.norm()
        if length == 0:
            break
        vector = image / length
    return value
