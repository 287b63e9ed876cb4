"""CLIP without training, and Tip-Adapter: a cache of the support beside the class texts."""

from __future__ import annotations

import torch
from torch import Tensor

SCALE = 100.0
"""CLIP's factor of a cosine."""


def zero_shot_logits(features: Tensor, text_features: Tensor) -> Tensor:
    """CLIP's own logits 100 f W.

    Args:
        features: (N, D), unit rows.
        text_features: (D, C), unit columns.

    Returns:
        (N, C).
    """
    return SCALE * features @ text_features


def closeness(affinity: Tensor, beta: float) -> Tensor:
    """How much each key has to say, exp(-beta (1 - affinity)), for cosines of any shape; beta is 0 or more."""
    return torch.exp(-beta * (1 - affinity))


def tip_logits(
    features: Tensor,
    text_features: Tensor,
    keys: Tensor,
    values: Tensor,
    alpha: float,
    beta: float,
) -> Tensor:
    """Tip-Adapter: 100 f W + alpha exp(-beta (1 - f K)) V (Zhang et al. 2022, eq. 4 and 6).

    The paper calls the cache's weight alpha and its sharpness beta; published code has them the other way round in places.

    Args:
        features: (N, D), unit rows.
        text_features: (D, C), unit columns.
        keys: (D, K), unit columns, one a picture of the support; K may be 0.
        values: (K, C), one-hot rows.
        alpha: weight of the cache, 0 or more; 0 is zero-shot to the bit.
        beta: sharpness, 0 or more.

    Returns:
        (N, C), CLIP's factor 100 included.

    Raises:
        ValueError: alpha or beta is below 0, or shapes do not fit.
    """
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not value >= 0:
            raise ValueError(f"{name} must be 0 or more, got {value}")
    width, classes = text_features.shape
    if keys.shape[0] != width or values.shape != (keys.shape[1], classes):
        raise ValueError(
            f"keys must be ({width}, K) and values (K, {classes}), got {tuple(keys.shape)} and {tuple(values.shape)}"
        )
    cached = closeness(features @ keys, beta) @ values
    return zero_shot_logits(features, text_features) + alpha * cached
