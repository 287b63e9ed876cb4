"""What stands beside an edit has the objective of the edit."""

from __future__ import annotations

import pytest

from methods.unlearning.editing.beside import beside, recipe_of_edited
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.training.recipe import Recipe


def test_they_stand_in_one_order_whatever_the_order_of_choosing():
    config = EraseConfig(controls=("npo", "finetune"), retrain=2)
    assert beside(config) == ["finetune", "npo", "retrain", "retrain_2"]
    assert beside(EraseConfig(controls=())) == []


def test_a_retrain_on_fewer_rows_minimises_the_objective_of_the_edit():
    """(1/8) sum + (w'/2) th^2 = (10/8) [(1/10) sum + (w/2) th^2] just where w' = (10/8) w; least squares of th against y."""
    recipe = recipe_of_edited(Recipe(trainer="converged", weight_decay=0.4), 10, 8)
    left = [float(k) for k in range(8)]
    ours = sum(left) / 8 / (1 + recipe.weight_decay)
    edited = sum(left) / 10 / (8 / 10 + 0.4)
    assert ours == pytest.approx(edited)


def test_a_recipe_of_steps_is_repeated_as_it_is():
    recipe = Recipe(trainer="sft", weight_decay=0.1)
    assert recipe_of_edited(recipe, 10, 8) is recipe
