"""Training an adapter again: its recipe, cold, on other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor

from methods.base import MethodError
from methods.unlearning.models.loading import Adapted
from methods.unlearning.models.values import restored
from methods.unlearning.rows.language import Encoder, Sample
from methods.unlearning.rows.row import Row
from methods.unlearning.rows.templates import TemplateName
from methods.unlearning.training.fresh import initialise
from methods.unlearning.training.full_batch import fit_converged
from methods.unlearning.training.recipe import Recipe
from methods.unlearning.training.trained import Tell, Trained, nothing


def retrain(
    adapted: Adapted,
    rows: Sequence[Row],
    recipe: Recipe,
    *,
    seed: int | None = None,
    template: TemplateName = "auto",
    tell: Tell = nothing,
) -> Trained:
    """Train the adapter of a model anew on rows, from its LoRA initialisation.

    The model is bit for bit as before afterwards, also where the training is stopped.

    Args:
        rows: all of them are trained on.
        recipe: what is repeated; see `read_recipe`.
        seed: of initialisation and order; None is the recipe's own, another one shows how much chance there is.
        template: "auto" is the adapter's own.
        tell: see `Tell`; may raise.

    Raises:
        MethodError: the adapter is no plain LoRA, so that its start is not known; a row is too long.
    """
    encoder = adapted.encoder(template)
    samples = encode_all(encoder, rows)
    try:
        with restored(adapted.parameters):
            initialise(adapted.parameters, recipe.seed if seed is None else seed)
            return fit(
                adapted.model, adapted.tokenizer, adapted.parameters, samples, recipe, seed, tell
            )
    finally:
        adapted.model.eval()


def fit(
    model: Any,
    tokenizer: Any,
    parameters: Mapping[str, Tensor],
    samples: Sequence[Sample],
    recipe: Recipe,
    seed: int | None = None,
    tell: Tell = nothing,
) -> Trained:
    """Train from where the parameters stand, in place, by the trainer that the recipe names."""
    if recipe.trainer == "converged":
        return fit_converged(model, parameters, samples, recipe, tell)
    from methods.unlearning.training.sft import fit_sft  # noqa: PLC0415  TRL takes many seconds

    order = recipe.seed if seed is None else seed
    with TemporaryDirectory(prefix="vitrine-train-") as workdir:
        return fit_sft(model, tokenizer, parameters, samples, recipe, order, Path(workdir), tell)


def encode_all(encoder: Encoder, rows: Sequence[Row]) -> list[Sample]:
    """Every row in tokens.

    Raises:
        MethodError: one is too long for the model.
    """
    try:
        return [encoder.encode(row) for row in rows]
    except ValueError as error:
        raise MethodError(str(error)) from error
