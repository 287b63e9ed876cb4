"""The filter of DAMO and beta-DPO: which pairs of a batch are kept.

K of B pairs are drawn without replacement with weights exp(-(g - R)^2 / (2 width^2)), where g are the batch's gaps and R is
their running mean: the farther a gap lies from what is usual, the likelier it is left out.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Width = Literal["unit", "running_std", "mad"]
TINY = 1e-6
"""No filter is narrower: equal gaps have no spread."""


def kept_count(pairs: int, drop: float) -> int:
    """K = floor(pairs (1 - drop)), but 1 at least: of 2, 3, 4, 5, 8 and 16 pairs 1, 2, 3, 4, 6 and 12 at drop .2."""
    return max(1, int(pairs * (1 - drop) + 1e-9))  # .7 * 10 must not become 6.999...


def draw_keep(
    gaps: Tensor,
    running_mean: float,
    *,
    drop: float,
    width: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw which pairs to keep, (B,) bool: without replacement, with weights exp(-(gap - R)^2 / (2 width^2)).

    The K largest of log-weight plus Gumbel noise have exactly this law (Kool et al., arXiv:1903.06059, section 2), and no
    weight underflows, which exp in float32 does beyond |gap - R| = 14.4. The noise is drawn on the generator's device
    (the CPU without one) in float64, so that a mask does not depend on where the gaps are.

    Args:
        gaps: (B,).
        width: standard deviation of the filter, in the unit of the gaps.
    """
    device = torch.device("cpu") if generator is None else generator.device
    weights = -((gaps.detach().to(device, torch.float64) - running_mean) ** 2) / (2 * width**2)
    exponential = torch.empty_like(weights).exponential_(generator=generator)
    chosen = (weights - exponential.log()).topk(kept_count(len(gaps), drop)).indices
    keep = torch.zeros(len(gaps), dtype=torch.bool, device=device)
    keep[chosen] = True
    return keep.to(gaps.device)


def filter_width(kind: Width, gaps: Tensor, running_std: float) -> float:
    """Standard deviation of the filter.

    Args:
        kind: "unit" is 1, the published code's; "running_std" that of the running statistics, as in beta-DPO; "mad" 1.4826 times the median
            distance of this batch's gaps from their median, which estimates a normal deviation whatever the outliers.
        gaps: (B,), in the unit that the filter sees.
        running_std: of `DamaState`, in the same unit.
    """
    if kind == "unit":
        return 1.0
    if kind == "running_std":
        return max(running_std, TINY)
    distance = (gaps - gaps.median()).abs().median()
    return max(1.4826 * float(distance), TINY)
