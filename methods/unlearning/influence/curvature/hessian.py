"""The Hessian of the summed loss, by double backward or by differences of gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.losses import Losses, check_differentiable_again, grad


class Hessian:
    """v -> H v at `theta` by differentiating the gradient once more (Pearlmutter 1994).

    H has negative eigenvalues wherever the model isn't at a minimum, so a solver may have to stop; see `GaussNewton`.
    Arguments as there.
    """

    def __init__(
        self,
        losses: Losses,
        theta: Tensor,
        samples: Sequence[Any],
        weight: float,
        keep: bool = False,
    ) -> None:
        self._losses, self._theta = losses, theta
        self._samples, self._weight, self._keep = samples, weight, keep
        self._kept: list[tuple[Tensor, Tensor, int]] | None = None
        self._checked = False

    def __call__(self, vector: Tensor) -> Tensor:
        """(p,) -> (p,)."""
        total = torch.zeros_like(vector)
        for slope, theta, size in self._parts():
            total += grad(slope, theta, vector, retain_graph=self._keep)
            self._losses.on_batch(size)
        return total

    def _parts(self) -> Iterator[tuple[Tensor, Tensor, int]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for batch, size in self._losses.batches(self._samples):
            theta = self._theta.detach().requires_grad_()
            loss = self._weight * self._losses.of_batch(theta, batch, size).sum()
            slope = grad(loss, theta, create_graph=True)
            if not self._checked:
                check_differentiable_again(slope)
                self._checked = True
            part = slope, theta, size
            if self._keep:
                kept.append(part)
            yield part
        if self._keep:
            self._kept = kept


class DifferencedHessian:
    """v -> H v by the central difference (g(theta + e v) - g(theta - e v)) / 2e, with e from the precision.

    For models whose kernels have no second derivative, such as quantised ones; two gradients a product, some three digits
    in float32. Arguments as `GaussNewton`.
    """

    def __init__(
        self, losses: Losses, theta: Tensor, samples: Sequence[Any], weight: float
    ) -> None:
        self._losses, self._theta = losses, theta
        self._samples, self._weight = samples, weight

    def __call__(self, vector: Tensor) -> Tensor:
        """(p,) -> (p,)."""
        length = float(vector.norm())
        if length == 0:
            return torch.zeros_like(vector)
        rounding = torch.finfo(self._theta.dtype).eps
        step: float = rounding ** (1 / 3) * max(1.0, float(self._theta.norm())) / length
        ahead, behind = (
            self._losses.gradient(self._theta + sign * step * vector, self._samples, self._weight)
            for sign in (1, -1)
        )
        return (ahead - behind) / (2 * step)
