"""The loss over all rows and its gradient, in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.rows.language import Sample, collate, per_sample_loss

Batch = Mapping[str, Tensor]


def batches_of(
    samples: Sequence[Sample], size: int, device: torch.device
) -> list[dict[str, Tensor]]:
    """Collated batches in the order of the samples, on a device."""
    return [
        {name: tensor.to(device) for name, tensor in collate(samples[start : start + size]).items()}
        for start in range(0, len(samples), size)
    ]


def mean_loss_and_gradients(
    model: Any, parameters: Sequence[Tensor], batches: Sequence[Batch]
) -> tuple[float, list[Tensor]]:
    """Mean loss of all rows, each the mean over its answer's tokens, and its gradients.

    Every row weighs the same, so that the size of a batch changes nothing but rounding.
    """
    rows = sum(len(batch["input_ids"]) for batch in batches)
    total, gradients = 0.0, [torch.zeros_like(each) for each in parameters]
    for batch in batches:
        loss = per_sample_loss(model, batch).sum() / rows
        found = torch.autograd.grad(loss, list(parameters))
        for kept, new in zip(gradients, found, strict=True):
            kept += new
        total += float(loss.detach())
    return total, gradients


@torch.no_grad()
def row_losses(model: Any, batches: Sequence[Batch]) -> list[float]:
    """Loss of each row in nats, in the order of the batches."""
    return [loss for batch in batches for loss in per_sample_loss(model, batch).tolist()]
