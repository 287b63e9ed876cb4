"""The three losses, one value an episode, so that stacked episodes never mix."""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """-sum_c y_c log p_c, the mean over samples.

    Args:
        logits: (..., N, W).
        targets: (..., N, W), rows that sum to 1.

    Returns:
        (...).
    """
    return -(targets * logits.log_softmax(-1)).sum(-1).mean(-1)


def supervised_contrast(features: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362, eq. 2), the mean over samples that have a positive.

    Args:
        features: (..., N, D) unit rows.
        labels: (..., N).
        temperature: in cosines, above 0.

    Returns:
        (...); 0 where no two samples share a class.
    """
    itself = torch.eye(labels.shape[-1], dtype=torch.bool, device=labels.device)
    logits = (features @ features.mT / temperature).masked_fill(itself, -torch.inf)
    likelihood = logits - logits.logsumexp(-1, keepdim=True)
    positive = (labels[..., :, None] == labels[..., None, :]) & ~itself
    count = positive.sum(-1)
    each = -likelihood.masked_fill(~positive, 0).sum(-1) / count.clamp(min=1)
    return each.sum(-1) / (count > 0).sum(-1).clamp(min=1)


def squared_error(features: Tensor, targets: Tensor) -> Tensor:
    """|A(z) - target|^2, the mean over samples; both (..., N, D), result (...)."""
    return (features - targets).square().sum(-1).mean(-1)
