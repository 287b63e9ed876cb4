"""The sum of one view a scale and the whole picture, and how much of it each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

MergeNorm = Literal["unit", "official_raw"]
MERGE_NORMS: tuple[MergeNorm, ...] = ("unit", "official_raw")
WHOLE = 1.0
"""Scale, and so the weight, of the whole picture."""


def merge(
    picks: Mapping[float, Tensor],
    global_feature: Tensor,
    merge_norm: MergeNorm,
    factor: float = 1.0,
) -> Tensor:
    """unit(sum over scales s < 1 of s v_s + g), g of length 1.

    With no local scale it is unit(g) to the bit, as plain CLIP has it.

    Args:
        picks: scale -> feature (D,) of the view that stands for it.
        global_feature: (D,) of any length.
        merge_norm: `unit` brings each v_s to length 1 first; `official_raw` leaves it as the tower gave it, as VCR's published code
            does, so that long features drown the whole picture.
        factor: on every weight alike; changes nothing but the last bits.

    Returns:
        (D,) of length 1.
    """
    parts = _parts(picks, global_feature, merge_norm)
    if len(parts) == 1:
        return parts[WHOLE]
    weighed = [factor * scale * part for scale, part in parts.items()]
    return functional.normalize(torch.stack(weighed).sum(dim=0), dim=-1)


def merge_shares(
    picks: Mapping[float, Tensor], global_feature: Tensor, merge_norm: MergeNorm
) -> dict[float, float]:
    """What part of the sum each scale is by weight and length, adding up to 1; the whole picture is scale 1."""
    parts = _parts(picks, global_feature, merge_norm)
    lengths = {scale: scale * float(part.norm()) for scale, part in parts.items()}
    total = sum(lengths.values())
    return {scale: length / total for scale, length in lengths.items()}


def _parts(
    picks: Mapping[float, Tensor], global_feature: Tensor, merge_norm: MergeNorm
) -> dict[float, Tensor]:
    """The summands without their weights, by ascending scale, the whole picture last."""
    local = {scale: picks[scale] for scale in sorted(picks) if scale < WHOLE}
    if merge_norm == "unit":
        local = {scale: functional.normalize(pick, dim=-1) for scale, pick in local.items()}
    return local | {WHOLE: functional.normalize(global_feature, dim=-1)}
