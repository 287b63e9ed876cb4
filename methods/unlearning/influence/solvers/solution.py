"""What a solver gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Product = Callable[[Tensor], Tensor]
"""v (p,) -> A v (p,)."""


@dataclass(frozen=True)
class Solution:
    """An approximate solution of A x = b.

    Attributes:
        x: (p,).
        residuals: |b - A x| / |b| after each iteration, 1 first; empty where a solver does not know it.
        products: how many products with A (or with the curvature of a mini-batch) were taken.
        converged: the last residual is within the tolerance.
        negative_curvature: a direction with v' A v <= 0 was met; the solver stopped before it.
        largest: an estimate from below of A's largest eigenvalue; None where there is none.
    """

    x: Tensor
    residuals: tuple[float, ...] = ()
    products: int = 0
    converged: bool = False
    negative_curvature: bool = False
    largest: float | None = None
