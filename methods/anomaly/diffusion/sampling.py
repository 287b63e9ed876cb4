"""Latents noised to a level and sampled again, away from what is common to them.

content preservation    z_t = sqrt(abar_t) z + sqrt(1 - abar_t) eps, the unit noise that the sampler starts from
guidance                D = D_u + lambda (D_u - D_c): away from the denoiser that was told the common feature
sampler                 Heun's method of EDM with churn (Karras et al. 2022, algorithm 2), S_churn = S_noise = 1
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from methods.anomaly.diffusion.edm import LARGEST, denoised, sigma_grid
from methods.anomaly.diffusion.training import Denoisers
from methods.anomaly.seeding import Use, generator
from methods.anomaly.settings import LEVEL_COUNT, DiffGADSettings

BETA_FIRST, BETA_LAST = 1e-4, 0.02
CHURN = 1.0
ROWS = 4096
"""Nodes that are sampled at a time. Their noise is drawn by the chunk, so it must never depend on a setting."""

Denoise = Callable[[Tensor, Tensor], Tensor]
"""D: (rows, h) latents at a noise scale (1, 1) to (rows, h)."""


def kept_share(level: int) -> float:
    """abar_t, the share of a latent's variance that level t keeps: 0.9999 at 0, 0.0064 at 499."""
    beta = torch.linspace(BETA_FIRST, BETA_LAST, LEVEL_COUNT, dtype=torch.float64)
    return float((1 - beta).cumprod(0)[level])


def noised(latents: Tensor, level: int, noise: Tensor) -> Tensor:
    """z_t of (rows, h) latents and unit noise."""
    kept = kept_share(level)
    return math.sqrt(kept) * latents + math.sqrt(1 - kept) * noise


def guided(denoisers: Denoisers, guidance: float) -> Denoise:
    """D_u + lambda (D_u - D_c); the second is asked only where it counts."""

    def denoise(latents: Tensor, sigma: Tensor) -> Tensor:
        free = denoised(denoisers.free, latents, sigma)
        if guidance == 0:
            return free
        return free + guidance * (free - denoised(denoisers.told, latents, sigma))

    return denoise


def sample(start: Tensor, denoise: Denoise, steps: int, normal: Callable[[], Tensor]) -> Tensor:
    """From unit noise (rows, h) to latents (rows, h), by steps of second order.

    Args:
        steps: K, noise scales.
        normal: draws (rows, h) unit noise, once a step.
    """
    sigmas = sigma_grid(steps)
    grown = 1 + min(CHURN / steps, math.sqrt(2) - 1)
    latents = LARGEST * start
    for here, there in pairwise(sigmas):
        higher = here * grown
        latents = latents + float((higher**2 - here**2) ** 0.5) * normal()
        slope = (latents - denoise(latents, _scale(higher, start))) / float(higher)
        ahead = latents + float(there - higher) * slope
        if there > 0:
            end_slope = (ahead - denoise(ahead, _scale(there, start))) / float(there)
            ahead = latents + float(there - higher) * (slope + end_slope) / 2
        latents = ahead
    return latents


@torch.no_grad()
def resample(
    latents: Tensor,
    denoisers: Denoisers,
    settings: DiffGADSettings,
    level: int,
    place: tuple[int, int, int],
    tick: Callable[[int], None],
) -> Tensor:
    """z~ (n, h): each latent noised to a level and sampled again.

    The content's noise is the same for every level of a repeat and draw; the sampler's is another for each.

    Args:
        place: seed, repeat, draw.
        tick: hears how many rows were sampled.

    Raises:
        FloatingPointError: a sampled latent is not finite.
    """
    seed, repeat, draw = place
    denoise = guided(denoisers, settings.guidance)
    result = torch.empty_like(latents)
    for chunk, rows in enumerate(latents.split(ROWS)):
        device = rows.device
        content = generator(device, seed, Use.CONTENT, repeat, draw, chunk)
        chance = generator(device, seed, Use.SAMPLER, repeat, draw, level, chunk)
        noise = torch.randn(rows.shape, generator=content, device=device)
        result[chunk * ROWS : chunk * ROWS + len(rows)] = sample(
            noised(rows, level, noise),
            denoise,
            settings.sampler_steps,
            lambda shape=rows.shape, chance=chance: torch.randn(  # type: ignore[misc]
                shape, generator=chance, device=chance.device
            ),
        )
        tick(len(rows))
    if not torch.isfinite(result).all():
        raise FloatingPointError(
            f"level {level}: sampled latents are not finite; rescale_latent keeps them in the diffusion's range"
        )
    return result


def _scale(sigma: Tensor, like: Tensor) -> Tensor:
    return sigma.to(like.dtype).to(like.device).reshape(1, 1)
