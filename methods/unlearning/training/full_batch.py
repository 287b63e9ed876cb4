"""The "converged" trainer: the full batch down to a small gradient, for data that one pass goes through in a moment."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from methods.unlearning.models.values import copied
from methods.unlearning.rows.language import Sample
from methods.unlearning.training.converge import converge
from methods.unlearning.training.objective import batches_of, mean_loss_and_gradients
from methods.unlearning.training.recipe import Recipe
from methods.unlearning.training.trained import Tell, Trained, nothing


def fit_converged(
    model: Any,
    parameters: Mapping[str, Tensor],
    samples: Sequence[Sample],
    recipe: Recipe,
    tell: Tell = nothing,
) -> Trained:
    """Minimise the mean loss of the samples plus weight_decay/2 |theta|^2, from where the parameters stand, in place.

    Raises:
        FloatingPointError: the loss is no number.
    """
    began = time.perf_counter()
    model.eval()
    tensors = list(parameters.values())
    batches = batches_of(samples, recipe.batch_size, tensors[0].device)
    furthest, first = 0.0, math.nan

    def step(count: int, loss: float, norm: float) -> None:
        nonlocal furthest, first
        first = norm if math.isnan(first) else first
        furthest = max(furthest, _share(first, norm, recipe.tolerance), count / recipe.max_steps)
        tell(min(furthest, 1.0), count, {"loss": loss, "gradient_norm": norm})

    found = converge(
        tensors,
        lambda: mean_loss_and_gradients(model, tensors, batches),
        weight_decay=recipe.weight_decay,
        tolerance=recipe.tolerance,
        max_steps=recipe.max_steps,
        on_step=step,
    )
    if not math.isfinite(found.loss):
        raise FloatingPointError(f"the loss of step {found.steps} is {found.loss}")
    note = (
        ""
        if found.reached
        else (
            f"it has not converged: after {found.steps} steps the gradient's norm is {found.gradient_norm:.1e}, and "
            f"{recipe.tolerance:.1e} was asked for"
        )
    )
    return Trained(copied(parameters), found.loss, found.steps, time.perf_counter() - began, note)


def _share(first: float, norm: float, tolerance: float) -> float:
    """How far the gradient has come down from the first to the tolerance, by orders of magnitude."""
    if norm <= tolerance:
        return 1.0
    if first <= norm:
        return 0.0
    return math.log(first / norm) / math.log(first / tolerance)
