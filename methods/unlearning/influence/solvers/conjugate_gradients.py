"""Conjugate gradients (Hestenes and Stiefel 1952)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from methods.unlearning.influence.solvers.solution import Product, Solution


def conjugate_gradients(
    product: Product, b: Tensor, *, max_iterations: int, tolerance: float
) -> Solution:
    """Solve A x = b from x = 0 for a symmetric positive definite A.

    Stops with what it has at a direction p with p' A p <= 0 (within rounding), along which 1/2 x' A x - b' x has no minimum.
    Inner products are float64 whatever the vectors are.

    Args:
        product: v (p,) -> A v (p,).
        b: (p,), not zero.
        tolerance: on |b - A x| / |b|.

    Raises:
        ValueError: a product isn't finite.
    """
    x, residual, direction = torch.zeros_like(b), b.clone(), b.clone()
    squared = _dot(residual, residual)
    norm = math.sqrt(squared)
    curve, steps, ratios = [1.0], list[float](), list[float]()
    negative = False
    for _ in range(max_iterations):
        image = product(direction)
        along = _dot(direction, image)
        if not math.isfinite(along):
            raise ValueError("a product with the curvature is not finite: the model overflows here")
        rounding = torch.finfo(b.dtype).eps * float(direction.norm()) * float(image.norm())
        if along <= rounding:
            negative = True
            break
        step = squared / along
        x += step * direction
        residual -= step * image
        before, squared = squared, _dot(residual, residual)
        steps.append(step)
        ratios.append(squared / before)
        curve.append(math.sqrt(squared) / norm)
        if curve[-1] <= tolerance:
            break
        direction = residual + ratios[-1] * direction
    return Solution(
        x=x,
        residuals=tuple(curve),
        products=len(steps) + negative,
        converged=curve[-1] <= tolerance,
        negative_curvature=negative,
        largest=_largest_ritz(steps, ratios),
    )


def _largest_ritz(steps: list[float], ratios: list[float]) -> float | None:
    """The largest eigenvalue of the Lanczos matrix that conjugate gradients have built (Saad 2003, section 6.7.3)."""
    if not steps:
        return None
    matrix = torch.zeros(len(steps), len(steps), dtype=torch.float64)
    for k, step in enumerate(steps):
        matrix[k, k] = 1 / step + (ratios[k - 1] / steps[k - 1] if k else 0.0)
        if k + 1 < len(steps):
            matrix[k, k + 1] = matrix[k + 1, k] = math.sqrt(ratios[k]) / step
    return float(torch.linalg.eigvalsh(matrix)[-1])


def _dot(one: Tensor, other: Tensor) -> float:
    return float(torch.dot(one.double(), other.double()))
