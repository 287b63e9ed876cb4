"""The generalised Gauss-Newton matrix (Schraudolph 2002): G = sum_i w J_i' H_i J_i.

J_i is the Jacobian of the model's output for sample i by the parameters, H_i the Hessian of its loss by that output. G is
positive semi-definite where the loss is convex in the output, as cross-entropy is in the logits, and equals the Hessian
where the output is linear in the parameters or the residuals vanish. For cross-entropy it is the Fisher information.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from methods.unlearning.influence.curvature.cut import Cut, cut
from methods.unlearning.influence.losses import Losses, check_differentiable_again, grad


class GaussNewton:
    """v -> G v at `theta`, batch by batch: J v, then H on the output alone, then J' backward.

    Args:
        theta: (p,), where the model is linearised.
        samples: those that are summed over.
        weight: w, of each sample.
        keep: hold the graphs of every batch from the first product on: a product then costs about one gradient, a third of
            what it costs otherwise, for some three times the activations of all samples in memory at once. J v is then the
            derivative of the kept J' u by u, for which the model needs a double backward instead of a forward derivative.
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
        self._kept: list[_Linearised] | None = None
        self._checked = False

    def __call__(self, vector: Tensor) -> Tensor:
        """(p,) -> (p,)."""
        total = torch.zeros_like(vector)
        for part in self._parts():
            total += part.pull_back(self._push_forward(part, vector), retain=self._keep)
            self._losses.on_batch(part.size)
        return total

    def _parts(self) -> Iterator[_Linearised]:
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for batch, size in self._losses.batches(self._samples):
            part = self._linearise(batch, size)
            if self._keep:
                kept.append(part)
            yield part
        if self._keep:
            self._kept = kept

    def _linearise(self, batch: Any, size: int) -> _Linearised:
        theta = self._theta.detach().requires_grad_()
        with cut(self._losses.model) as seen:
            loss = self._weight * self._losses.of_batch(theta, batch, size).sum()
        if not loss.requires_grad:
            raise ValueError("the loss does not come from the model's output (or its .logits)")
        slope = grad(loss, seen.leaf, create_graph=True)
        weights = pulled = None
        if self._keep:
            weights = torch.zeros_like(seen.output, requires_grad=True)
            pulled = grad(seen.output, theta, weights, create_graph=True)
        if not self._checked:
            for each in (slope, pulled):
                if each is not None:
                    check_differentiable_again(each)
            self._checked = True
        return _Linearised(batch, size, theta, seen, slope, weights, pulled)

    def _push_forward(self, part: _Linearised, vector: Tensor) -> Tensor:
        """J v, in the shape of the model's output: by forward derivative, or by the kept J' u, which is linear in u."""
        if part.weights is not None and part.pulled is not None:
            return grad(part.pulled, part.weights, vector, retain_graph=True)
        flat = self._losses.flat
        with torch.no_grad(), forward_ad.dual_level():
            tangents = flat.split(vector)
            duals = {
                name: forward_ad.make_dual(value, tangents[name])
                for name, value in flat.split(self._theta).items()
            }
            with cut(self._losses.model) as seen:
                self._losses.of_batch(duals, part.batch, part.size)
            tangent = forward_ad.unpack_dual(seen.output).tangent
        return torch.zeros_like(part.seen.leaf) if tangent is None else tangent


@dataclass(frozen=True)
class _Linearised:
    """A batch with the graphs of its output by the parameters and of its loss's slope by that output."""

    batch: Any
    size: int
    theta: Tensor
    seen: Cut
    slope: Tensor
    weights: Tensor | None
    pulled: Tensor | None

    def pull_back(self, tangent: Tensor, *, retain: bool) -> Tensor:
        """J' H t: from a change of the output to one of the parameters."""
        leaf, output = self.seen.leaf, self.seen.output
        bent = grad(self.slope, leaf, tangent.to(leaf.dtype), retain_graph=retain)
        return grad(output, self.theta, bent.to(output.dtype), retain_graph=retain)
