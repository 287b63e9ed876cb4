"""The denoiser of latents: an MLP that treats each node by itself."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

PERIOD = 10000.0
"""Longest wavelength of the embedding of c_noise, over 2 pi."""


class Denoiser(nn.Module):
    """F of `edm.denoised`, of width m = 2 h.

        u = W_in y + W2 silu(W1 pe(c_noise)) + p_alpha (W_c c + b_c),   F = L4 silu L3 silu L2 silu L1 u

    Args:
        hidden: h, width of the latents.
        generator: of the initial weights and biases, U(-1, 1) / sqrt(inputs).
        condition: p_alpha.
        common: c (h,), the common feature that it is told; None makes it unconditional.
    """

    frequencies: Tensor
    common: Tensor | None

    def __init__(
        self,
        hidden: int,
        generator: torch.Generator,
        condition: float = 0.0,
        common: Tensor | None = None,
    ) -> None:
        super().__init__()
        width = 2 * hidden
        self.condition = condition
        exponents = torch.arange(hidden, device=generator.device) / hidden
        self.register_buffer("frequencies", PERIOD**-exponents, persistent=False)
        self.register_buffer("common", common, persistent=False)
        self.enter = _layer(hidden, width, generator)
        self.noise = nn.Sequential(
            _layer(width, width, generator), nn.SiLU(), _layer(width, width, generator)
        )
        if common is not None:
            self.tell = _layer(hidden, width, generator)
        self.body = nn.Sequential(
            _layer(width, 2 * width, generator),
            nn.SiLU(),
            _layer(2 * width, 2 * width, generator),
            nn.SiLU(),
            _layer(2 * width, width, generator),
            nn.SiLU(),
            _layer(width, hidden, generator),
        )

    def forward(self, scaled: Tensor, noise: Tensor) -> Tensor:
        """Of (rows, h) scaled noisy latents and c_noise (rows, 1) or (1, 1), the network's (rows, h)."""
        angles = noise * self.frequencies
        shift = self.noise(torch.cat([angles.sin(), angles.cos()], dim=1))
        if self.common is not None:
            shift = shift + self.condition * self.tell(self.common)
        result: Tensor = self.body(self.enter(scaled) + shift)
        return result


def _layer(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs, device=generator.device)
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer
