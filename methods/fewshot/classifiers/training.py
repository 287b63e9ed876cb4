"""The loop by which the trained classifiers learn: a view of every picture an epoch, cosine decay, a fixed end."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from methods.fewshot.classifiers.support import Support

BATCH = 256
Progress = Callable[[int, int], None]
"""Called after every epoch with how many are done, and of how many."""


def silent(done: int, total: int) -> None:
    """A `Progress` that tells nobody."""


def train(
    support: Support,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    optimiser: torch.optim.Optimizer,
    *,
    epochs: int,
    seed: int = 0,
    progress: Progress = silent,
) -> None:
    """Train for a number of epochs that is fixed beforehand, so that nothing that is tested can say when to stop.

    Args:
        loss_of: from unit features (B, D) and labels (B,) to a scalar.
        epochs: epoch e takes view e mod A of every picture.
        seed: of the order of the pictures.
    """
    count = len(support.labels)
    steps = epochs * -(-count // BATCH)
    if steps == 0:
        return
    generator = torch.Generator().manual_seed(seed)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for epoch in range(epochs):
        view = support.unit_views[epoch % len(support.views)]
        order = torch.randperm(count, generator=generator).to(view.device)
        for batch in order.split(BATCH):
            optimiser.zero_grad()
            loss = loss_of(view[batch], support.labels[batch])
            loss.backward()
            optimiser.step()
            schedule.step()
        progress(epoch + 1, epochs)
