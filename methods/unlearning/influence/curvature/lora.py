"""The Gauss-Newton matrix of a LoRA adapter with the coupling of its factors.

A module computes with W = W0 + s B A. The Gauss-Newton matrix takes the model's output for linear in A and B, which the product is
not: the Hessian of the loss also holds, for a change (dA, dB) of each module,

    to B: s G dA'        to A: s dB' G        with G = dL/dW, (out, in)

and nothing else where the output is linear in W. Under weight decay this part is no trifle: at a minimum of L + wd/2 |theta|^2

    s G A' = -wd B,      s B' G = -wd A,      |s G| <= wd

(the optimality conditions of nuclear-norm regularisation, which this decay amounts to: Srebro et al. 2005), so that the decay of a
direction that is in use is just balanced by the coupling: lengthening it costs nothing to second order, where the Gauss-Newton matrix
takes it to cost wd.

The coupling alone has the eigenvalues +- the singular values of s G. Those above the weight decay are cut to it, so that the whole
with the decay has no negative direction. At a minimum there are none; of data that a request has changed there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.curvature.factors import Factors, factors_of
from methods.unlearning.influence.curvature.ggn import GaussNewton
from methods.unlearning.influence.losses import Losses


class LoraGaussNewton:
    """v -> (G + K) v at `theta`, K the coupling of every module's factors. Arguments as `GaussNewton`; one gradient more.

    Args:
        weight_decay: wd, to which the coupling's singular values are cut. With 0 nothing is left of it, so that no slope is taken
            and the matrix is `GaussNewton` of any model.

    Attributes:
        largest: singular value of any s G before it was cut; None without weight decay.

    Raises:
        ValueError: there is weight decay and no LoRA factors, see `factors_of`.
    """

    def __init__(
        self,
        losses: Losses,
        theta: Tensor,
        samples: Sequence[Any],
        weight: float,
        keep: bool = False,
        *,
        weight_decay: float,
    ) -> None:
        self._losses = losses
        self._ggn = GaussNewton(losses, theta, samples, weight, keep)
        self.largest: float | None = None
        self._couplings: list[tuple[Factors, Tensor]] = []
        if weight_decay:
            modules = factors_of(losses.model)
            slopes = _slopes(modules, losses, theta, samples, weight)
            for each in modules:
                left, values, right = torch.linalg.svd(slopes[each.base], full_matrices=False)
                values = each.scale * values
                self.largest = max(self.largest or 0.0, float(values[0]))
                kept = (left * values.clamp(max=weight_decay)) @ right
                self._couplings.append((each, kept))

    def __call__(self, vector: Tensor) -> Tensor:
        """(p,) -> (p,)."""
        flat = self._losses.flat
        found = self._ggn(vector)
        if not self._couplings:
            return found
        parts = flat.named(vector)
        coupled = {name: torch.zeros_like(part) for name, part in parts.items()}
        for factors, coupling in self._couplings:
            coupled[factors.a] = parts[factors.b].T @ coupling
            coupled[factors.b] = coupling @ parts[factors.a].T
        return found + flat.join(coupled)


def _slopes(
    modules: Sequence[Factors],
    losses: Losses,
    theta: Tensor,
    samples: Sequence[Any],
    weight: float,
) -> dict[str, Tensor]:
    """G of each module by the name of its W0, in the precision of `theta`; the frozen weights themselves are not copied."""
    frozen = {each.base: losses.model.get_parameter(each.base).detach() for each in modules}
    sums = {name: torch.zeros_like(each, dtype=theta.dtype) for name, each in frozen.items()}
    parts = losses.flat.split(theta.detach())
    for batch, size in losses.batches(samples):
        leaves = {name: each.detach().requires_grad_() for name, each in frozen.items()}
        loss = weight * losses.of_batch({**parts, **leaves}, batch, size).sum()
        found = torch.autograd.grad(loss, list(leaves.values()))
        for name, slope in zip(leaves, found, strict=True):
            sums[name] += slope
        losses.on_batch(size)
    return {each.base: sums[each.base].T if each.turned else sums[each.base] for each in modules}
