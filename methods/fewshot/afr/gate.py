"""A squeeze-and-excitation gate of the channels (Hu et al. 2018, arXiv:1709.01507), one an episode."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.fewshot.afr.preprocessing import unit


@dataclass(frozen=True)
class Gate:
    """g(z) = 2 sigmoid(U relu(D z)), A(z) = unit(z g(z)).

    Attributes:
        down: D, (E, h, d).
        up: U, (E, d, h).
    """

    down: Tensor
    up: Tensor

    @classmethod
    def identity(cls, episodes: int, like: Tensor, reduction: int, seed: int) -> Gate:
        """One that changes nothing yet: U is 0, so that g is 1; D is drawn, the same for every episode.

        Args:
            like: any tensor of the features' width d in its last axis, device and dtype.
            reduction: d / h.
        """
        width = like.shape[-1]
        hidden = max(1, width // reduction)
        generator = torch.Generator().manual_seed(seed)
        # Inputs have length 1, not d of variance 1 each: this brings the hidden units to order 1.
        drawn = torch.randn(hidden, width, generator=generator, dtype=like.dtype) * math.sqrt(2)
        down = drawn.to(like.device).expand(episodes, -1, -1).clone()
        return cls(down, down.new_zeros(episodes, width, hidden))

    def weights(self, features: Tensor) -> Tensor:
        """g of (E, N, d) features, same shape, 0 to 2; 1 leaves a channel as it is."""
        return 2 * torch.sigmoid((features @ self.down.mT).relu() @ self.up.mT)

    def apply(self, features: Tensor) -> Tensor:
        """A of (E, N, d) features, unit rows."""
        return unit(features * self.weights(features))

    def parameters(self) -> list[Tensor]:
        return [self.down, self.up]
