"""How much every sample holds up its own loss: the samples that a model knows by themselves only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.utils.data import default_collate

from methods.unlearning.influence.flat import Flat
from methods.unlearning.influence.losses import Collate, Losses, PerSampleLoss, second_order
from methods.unlearning.influence.progress import GRADIENT, Progress, Report
from methods.unlearning.influence.stepping import drawn
from methods.unlearning.suspects.diagonal import damped_diagonal, figures
from methods.unlearning.suspects.ekfac import PASSES, ekfac_scores
from methods.unlearning.suspects.per_sample import PerSample, most_at_once

Form = Literal["gradient", "ekfac"]


def self_influence(
    model: nn.Module,
    data: Sequence[Any],
    per_sample_loss: PerSampleLoss,
    *,
    form: Form = "gradient",
    damping: float = 0.1,
    fisher_rows: int = 1024,
    batch_size: int = 16,
    collate: Collate | None = None,
    seed: int = 0,
    progress: Report | None = None,
) -> Tensor:
    """g_i' (C + lambda I)^-1 g_i of every sample, g_i the gradient of its loss by the trainable parameters.

    High for samples that pull the model where no other does: wrong labels, rare or private ones. The model is left as it was.

    Args:
        model, per_sample_loss, collate: as for `erase`.
        form: "gradient" takes the diagonal of the empirical Fisher for C, see `suspects.diagonal`; "ekfac" takes its EK-FAC by
            the package kronfluence, linear layers only, see `suspects.ekfac`.
        damping: lambda as a share of the mean of the diagonal; of the gradient form only.
        fisher_rows: the diagonal is taken of so many samples, drawn by `seed`; 0 takes all, at twice the cost.
        progress: called as (done, total, message) after every batch; what it raises ends the work.

    Returns:
        (N,) float64 on the CPU.

    Raises:
        ValueError: no data, an unknown form, a negative damping; kronfluence is missing; losses aren't as for `erase`.
    """
    if form not in get_args(Form):
        raise ValueError(f"form must be one of {', '.join(get_args(Form))}; got {form!r}")
    if not len(data):
        raise ValueError("there is no data: self-influence is of the samples trained on")
    if not (math.isfinite(damping) and damping >= 0):
        raise ValueError(f"damping must be a finite number from 0; got {damping}")
    with second_order(model):
        size = most_at_once(batch_size, Flat(model).size)
        losses = Losses(model, per_sample_loss, collate, size)
        chosen = drawn(range(len(data)), fisher_rows, seed)
        passes = PASSES * len(data) if form == "ekfac" else len(data) + len(chosen)
        work = Progress(progress, float(passes * GRADIENT))
        losses.on_batch = work.tick
        work.part(passes, GRADIENT, "self-influence")
        if form == "ekfac":
            found = ekfac_scores(
                model, losses, per_sample_loss, data, collate or default_collate, batch_size
            )
        else:
            gradients = PerSample(losses, losses.flat.values())
            diagonal = damped_diagonal(gradients, [data[i] for i in chosen], damping)
            found = torch.cat([part.self_influence for part in figures(gradients, data, diagonal)])
        work.end()
    return found
