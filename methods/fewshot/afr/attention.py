"""What a support feature takes from its related base classes."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.fewshot.afr.preprocessing import unit
from methods.fewshot.afr.settings import Attention


def attend(support: Tensor, keys: Tensor, temperature: float, kind: Attention) -> Tensor:
    """a_j = softmax_j(<x, p_j> / t). The support itself is no key: at a small t it would win, and nothing would change.

    Args:
        support: (..., N, D) unit rows.
        keys: (..., N, k, D) unit prototypes of the base classes related to each row's class.
        temperature: t above 0, in cosines; large values weigh all alike, small ones take the nearest.
        kind: uniform weighs all alike.

    Returns:
        (..., N, k), rows of which sum to 1.
    """
    scores = (keys @ support[..., None])[..., 0]
    if kind == "uniform":
        return torch.full_like(scores, 1 / scores.shape[-1])
    return (scores / temperature).softmax(-1)


def mix(support: Tensor, keys: Tensor, attention: Tensor, weight: Tensor) -> Tensor:
    """z = unit((1 - w) x + w unit(sum_j a_j p_j)); x itself, to the bit, where w is 0.

    Args:
        support: (..., N, D) unit rows.
        keys: (..., N, k, D).
        attention: (..., N, k).
        weight: (..., N), 0 to 1.

    Returns:
        (..., N, D) unit rows.
    """
    known = unit((attention[..., None, :] @ keys)[..., 0, :])
    share = weight[..., None]
    return torch.where(share == 0, support, unit((1 - share) * support + share * known))
