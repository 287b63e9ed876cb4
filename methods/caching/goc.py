"""GOC, the gradient-optimized cache: a reused feature goes on in the direction in which the last two have moved.

Paper: Qiu et al., "Accelerating Diffusion Transformer via Gradient-Optimized Cache", ICCV 2025, arXiv:2503.05156.
"""

from __future__ import annotations

import torch
from torch import Tensor

WEIGHT = 1.2
"""eta of the published FORA variant."""
ROUTER_WEIGHT = 0.8
"""eta of the published L2C variant."""
PUBLISHED_POSITIONS = {
    "fora25": (3, 5, 7, 9),
    "fora50": (3, 5, 7, 9, 11, 13, 15, 19),
    "l2c22": (3, 5, 7, 9, 11, 13, 15, 19),
}
"""Corrected steps of the published code, all for 20 DDIM steps."""


def corrected(latest: Tensor, older: Tensor, weight: float) -> Tensor:
    """One corrected reuse: F_k = q1 + eta (q1 - q2).

    In the published order of operations: a `lerp` is faster and not bit-identical.

    Args:
        latest: q1, the feature used at step k-1, computed or corrected, (B, T, D).
        older: q2, the feature used at step k-2, (B, T, D).
        weight: eta. For a feature that drifts evenly the error of the used values obeys e_k = (eta-1) s - eta e_{k-2}:
            above 1 it grows at each reused step, so long lists of corrected steps need less.
    """
    return latest + weight * (latest - older)


def direction_statistic(features: Tensor) -> Tensor:
    """How steadily averaged block outputs move.

        d_k = P_k - P_{k-1};  c_k = mean over l of cos(d_k, d_{k-1})

    Args:
        features: averaged block outputs of uncached runs, (L, S, ...).
    Returns:
        (S,) float32 from -1 to 1; c_0 and c_1 have no direction to compare with and are 1.
    """
    moves = torch.diff(features.float().flatten(2), dim=1)  # (L, S-1, N): moves[:, k-1] = d_k
    cosines = torch.cosine_similarity(moves[:, 1:], moves[:, :-1], dim=-1)  # (L, S-2)
    return torch.cat([torch.ones(min(2, features.shape[1])), cosines.mean(dim=0).cpu()])


def steady_positions(mask: Tensor, direction: Tensor) -> tuple[int, ...]:
    """Reused steps k >= 3 at which the averaged run does not turn back (c_k >= 0).

    The detector behind the published lists is not in the published code: this rule is our reading. An untrained model
    turns back nearly everywhere, so it says nothing there.

    Args:
        mask: (S, L, 2), True = reused.
        direction: c_k of `direction_statistic`, (S,).
    """
    reused = mask.flatten(1).any(dim=1)
    return tuple(k for k in range(3, len(mask)) if reused[k] and direction[k] >= 0)
