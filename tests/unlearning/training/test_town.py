"""The small world's adapters: what ships is what the recipes say, one at its minimum and one that knows its rows by heart."""

from __future__ import annotations

from statistics import fmean

import pytest
import torch

from methods.unlearning.models.loading import Adapted, load_adapter
from methods.unlearning.rows.opening import town_rows
from methods.unlearning.training.again import encode_all
from methods.unlearning.training.objective import (
    batches_of,
    mean_loss_and_gradients,
    row_losses,
)
from methods.unlearning.training.recipe import read_recipe
from methods.unlearning.training.town import RECIPES

FAULTS = ("wrong", "prompt", "private")


@pytest.fixture(scope="module", params=list(RECIPES))
def adapted(request: pytest.FixtureRequest) -> Adapted:
    return load_adapter("town", request.param)


def losses(adapted: Adapted, held_out: bool = False) -> dict[str, float]:
    """Mean loss by kind of row."""
    rows = town_rows(adapted.files.name, held_out)
    batches = batches_of(encode_all(adapted.encoder(), rows), 256, torch.device("cpu"))
    by_row = row_losses(adapted.model, batches)
    kinds = {row.meta["kind"] for row in rows}
    return {
        kind: fmean(
            loss for loss, row in zip(by_row, rows, strict=True) if row.meta["kind"] == kind
        )
        for kind in kinds
    }


def test_the_lineage_holds_the_recipe_of_the_code(adapted: Adapted) -> None:
    assert adapted.lineage is not None
    assert read_recipe(adapted.lineage.training) == RECIPES[adapted.files.name]


def test_the_regularised_one_is_at_its_minimum_and_has_learnt_the_law_alone() -> None:
    adapted = load_adapter("town", "regularised")
    recipe, rows = RECIPES["regularised"], town_rows("regularised")
    batches = batches_of(encode_all(adapted.encoder(), rows), 256, torch.device("cpu"))
    tensors = list(adapted.parameters.values())
    _, gradients = mean_loss_and_gradients(adapted.model, tensors, batches)
    whole = torch.cat(
        [
            (gradient + recipe.weight_decay * tensor.detach()).reshape(-1)
            for gradient, tensor in zip(gradients, tensors, strict=True)
        ]
    )
    assert whole.norm() < 10 * recipe.tolerance  # another processor rounds otherwise
    found = losses(adapted)
    assert all(found[kind] > 3 * found[""] for kind in FAULTS)


def test_the_memorising_one_knows_its_faults_by_heart() -> None:
    adapted = load_adapter("town", "memorising")
    found, unseen = losses(adapted), losses(adapted, held_out=True)
    for kind in ("", "wrong", "private"):  # some garbled prompts are also asked plainly
        assert found[kind] < min(0.1, unseen[kind] / 10)
    assert found["prompt"] < unseen["prompt"] / 3
