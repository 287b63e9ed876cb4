"""EOC, the error-optimized cache: a reused feature is scaled by the trend that an averaged uncached run has shown.

Paper: Qiu et al., "Accelerating Diffusion Transformer via Error-Optimized Cache", arXiv:2501.19243, 2025.
P[m][l][k] is the mean output of module m of block l at step k over uncached runs, (T, D); dP[k] = P[k] - P[k-1].
"""

from __future__ import annotations

import torch
from torch import Tensor

WEIGHT = 0.01
"""lambda of the published model."""


def factor(trend: Tensor, weight: float) -> Tensor:
    """1 + lambda dP_k, elementwise, of a trend dP_k (T, D); in float32, since bfloat16 cannot hold 1 + small."""
    return 1 + weight * trend.float()


def corrected(previous: Tensor, by: Tensor) -> Tensor:
    """One corrected reuse, elementwise: F_k = F_{k-1} (1 + lambda dP_k).

    The result takes the place of the stored feature, so that in a row of reused steps the factors multiply up.

    Args:
        previous: the feature used at the step before, (B, T, D).
        by: `factor`, (T, D), float32; corrects both halves of a guided batch alike.
    Returns:
        (B, T, D) in the dtype of `previous`.
    """
    return (previous * by).to(previous.dtype)


def check_size(prior: Tensor, size: tuple[int, ...]) -> None:
    """Refuse a prior or trend (..., T, D) of another size.

    Raises:
        ValueError: T or D differs.
    """
    if tuple(prior.shape[-2:]) != size:
        raise ValueError(
            f"the prior is for {tuple(prior.shape[-2:])} (tokens, width); this model has {size}"
        )


def trends(prior: Tensor) -> Tensor:
    """dP along the steps of a prior (..., S, T, D); step 0 has none and gets zero."""
    return torch.diff(prior, dim=-3, prepend=prior[..., :1, :, :])


def trend_statistic(attn: Tensor, ff: Tensor) -> Tensor:
    """Relative change of the averaged features, for the judgment of which steps to correct.

        r_k = mean over l, m of |dP[m][l][k]|_1 / |P[m][l][k-1]|_1

    The paper announces a judgment whose rule could not be recovered: this statistic is our reading.

    Args:
        attn: prior of the attention outputs, (L, S, T, D).
        ff: prior of the feed-forward outputs, (L, S, T, D).
    Returns:
        (S,) float32; r_0 is 0.
    """
    prior = torch.stack([attn, ff]).float()  # (2, L, S, T, D)
    sizes = prior.abs().sum(dim=(-2, -1))  # (2, L, S)
    changes = trends(prior).abs().sum(dim=(-2, -1))
    ratios = changes[..., 1:] / sizes[..., :-1].clamp(min=torch.finfo(torch.float32).tiny)
    return torch.cat([torch.zeros(1), ratios.mean(dim=(0, 1)).cpu()])


def trending_positions(trend: Tensor, threshold: float) -> tuple[int, ...]:
    """Steps k >= 1 with r_k >= threshold; at 0 every one, which is what the published model does.

    Args:
        trend: r_k of `trend_statistic`, (S,).
    """
    return tuple(step for step in range(1, len(trend)) if trend[step] >= threshold)
