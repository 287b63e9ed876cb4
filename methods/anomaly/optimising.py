"""The one way that both networks are optimised: Adam, its rate halved every 100 steps, gradients of length 1 at most.

Written out on one flat vector (Kingma & Ba 2015, algorithm 1): some ten small operations a step whatever the number of layers, a
state of four tensors, and no import of PyTorch's compiler, which its own optimisers cost on first use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

HALVED_EVERY = 100
LONGEST_GRADIENT = 1.0
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""Adam's beta1, beta2 and epsilon."""


class Optimiser:
    """Adam with the authors' schedule.

    Args:
        model: all its parameters are trained; from here on they are views of `weights`.
        rate: learning rate of the first 100 steps.
        weight_decay: L2, added to the gradient after it was shortened.

    Attributes:
        weights: all parameters, one after another.
        steps: taken so far.
    """

    def __init__(self, model: nn.Module, rate: float, weight_decay: float = 0.0) -> None:
        self._parameters = list(model.parameters())
        self._rate, self._decay = rate, weight_decay
        self.weights = torch.cat([each.detach().reshape(-1) for each in self._parameters])
        sizes = [each.numel() for each in self._parameters]
        for each, part in zip(self._parameters, self.weights.split(sizes), strict=True):
            each.data = part.view_as(each)
        self._mean, self._square = torch.zeros_like(self.weights), torch.zeros_like(self.weights)
        self.steps = 0

    def step(self, loss: Tensor) -> float:
        """One step down a loss, whose value comes back.

        Raises:
            FloatingPointError: it is not finite, so that the learning rate or the data are out of hand.
        """
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f"step {self.steps + 1}: the loss is {value}")
        parts = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        slope = torch.cat(
            [
                torch.zeros_like(each).reshape(-1) if part is None else part.reshape(-1)
                for each, part in zip(self._parameters, parts, strict=True)
            ]
        )
        slope *= (LONGEST_GRADIENT / (slope.norm() + 1e-6)).clamp_max(1)
        slope.add_(self.weights, alpha=self._decay)
        rate = self._rate * 0.5 ** (self.steps // HALVED_EVERY)
        self.steps += 1
        self._mean.lerp_(slope, 1 - FIRST)
        self._square.mul_(SECOND).addcmul_(slope, slope, value=1 - SECOND)
        spread = (self._square.sqrt() / math.sqrt(1 - SECOND**self.steps)).add_(TINY)
        self.weights.addcdiv_(self._mean, spread, value=-rate / (1 - FIRST**self.steps))
        return value

    def state(self) -> dict[str, Tensor]:
        """Weights, moments and the number of steps, as they are now (not copies)."""
        return {
            "weights": self.weights,
            "mean": self._mean,
            "square": self._square,
            "steps": torch.tensor(self.steps),
        }

    def load(self, state: Mapping[str, Tensor] | None) -> None:
        """Go on from what `state` gave; None changes nothing."""
        if state is None:
            return
        for name, value in self.state().items():
            value.copy_(state[name])
        self.steps = int(state["steps"])
