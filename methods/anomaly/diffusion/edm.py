"""EDM (Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models", NeurIPS 2022): preconditioning and noise scales."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

SIGMA_DATA = 0.5
"""Deviation that the data are expected to have."""
LARGEST, SMALLEST, RHO = 80.0, 0.002, 7
"""Noise scales of the sampler, and how much denser they lie near the small ones."""


class Network(Protocol):
    """F: scaled noisy latents (rows, h) and c_noise, (rows, 1) or (1, 1), to (rows, h)."""

    def __call__(self, scaled: Tensor, noise: Tensor) -> Tensor: ...


def preconditioning(sigma: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """c_skip, c_out, c_in and c_noise of noise scales > 0 (table 1, column EDM)."""
    total = sigma**2 + SIGMA_DATA**2
    return (
        SIGMA_DATA**2 / total,
        sigma * SIGMA_DATA / total.sqrt(),
        1 / total.sqrt(),
        sigma.log() / 4,
    )


def denoised(network: Network, noisy: Tensor, sigma: Tensor) -> Tensor:
    """D(y; sigma) = c_skip y + c_out F(c_in y, c_noise) (eq. 7).

    Args:
        noisy: (rows, h).
        sigma: (rows, 1), or (1, 1) for one scale of all.
    """
    skip, out, scale, noise = preconditioning(sigma)
    return skip * noisy + out * network(scale * noisy, noise)


def loss_weight(sigma: Tensor) -> Tensor:
    """(sigma^2 + sigma_d^2) / (sigma sigma_d)^2, under which the loss is of order one at every scale."""
    return (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2


def sigma_grid(steps: int) -> Tensor:
    """(steps + 1,) float64 falling noise scales: from 80 to 0.002 (eq. 5), then 0."""
    share = torch.linspace(0, 1, steps, dtype=torch.float64)
    low, high = SMALLEST ** (1 / RHO), LARGEST ** (1 / RHO)
    scales = (high + share * (low - high)) ** RHO
    scales[0], scales[-1] = LARGEST, SMALLEST
    return torch.cat([scales, scales.new_zeros(1)])
