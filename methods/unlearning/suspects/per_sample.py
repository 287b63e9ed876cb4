"""Every sample's own gradient, at about the cost of the batch's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap

from methods.unlearning.influence.losses import Losses, grad

MOST_NUMBERS = 2**27
"""Of a batch's gradients at once: half a gigabyte in float32."""


class PerSample:
    """Gradients sample by sample: vectorised where the model can be, otherwise one after the other.

    A transformer with `attn_implementation="eager"` can be; one whose code looks at the values of its inputs cannot.

    Args:
        losses: its batches are what is vectorised, so they need at most `most_at_once` samples.
        theta: (p,), where the gradients are taken.

    Attributes:
        vectorised: False once a batch could not be vectorised.
    """

    def __init__(self, losses: Losses, theta: Tensor) -> None:
        self._losses, self._theta = losses, theta
        self.vectorised = True

    def __call__(self, samples: Sequence[Any]) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of losses (B,) and gradients (B, p), in order."""
        for batch, size in self._losses.batches(samples):
            found = self._together(batch, size) if self.vectorised else None
            if found is None:
                self.vectorised = False
                found = self._one_by_one(batch, size)
            yield found
            self._losses.on_batch(size)

    def _together(self, batch: Any, size: int) -> tuple[Tensor, Tensor] | None:
        if not _stacked(batch, size):
            return None

        def loss(theta: Tensor, sample: Any) -> Tensor:
            return self._losses.of_batch(theta, _each(sample, lambda part: part[None]), 1)[0]

        try:
            gradients, values = vmap(grad_and_value(loss), in_dims=(None, 0))(self._theta, batch)
        except (
            RuntimeError,
            NotImplementedError,
        ):  # vmap's own; a mistake in the loss comes again one by one
            return None
        return values.detach(), gradients.detach()

    def _one_by_one(self, batch: Any, size: int) -> tuple[Tensor, Tensor]:
        theta = self._theta.detach().requires_grad_()
        values = self._losses.of_batch(theta, batch, size)
        rows = [grad(value, theta, retain_graph=True) for value in values]
        return values.detach(), torch.stack(rows)


def most_at_once(batch_size: int, parameters: int) -> int:
    """How many samples' gradients of p numbers are held at once."""
    return max(1, min(batch_size, MOST_NUMBERS // parameters))


def _stacked(batch: Any, size: int) -> bool:
    """Whether a batch is made of tensors with a row a sample, and nothing else."""
    if isinstance(batch, dict):
        return all(_stacked(part, size) for part in batch.values())
    if isinstance(batch, list | tuple):
        return all(_stacked(part, size) for part in batch)
    return isinstance(batch, Tensor) and batch.ndim > 0 and len(batch) == size


def _each(batch: Any, change: Any) -> Any:
    if isinstance(batch, dict):
        return {key: _each(part, change) for key, part in batch.items()}
    if isinstance(batch, list | tuple):
        return type(batch)(_each(part, change) for part in batch)
    return change(batch)
