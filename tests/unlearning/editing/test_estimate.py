"""Costs and expectations: measured anchors come back exactly, and what a person should know is said."""

from __future__ import annotations

import json

import pytest

from methods.unlearning.controls.plan import Budget
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.estimate import (
    ERRORS,
    ROWS_OF_A_STEP,
    advice,
    at_minimum,
    estimate_erase,
    estimate_request,
    expected_error,
    work_of,
)
from methods.unlearning.editing.presets import PRESETS
from methods.unlearning.influence.solvers.published_settings import Published, enough_steps
from methods.unlearning.training.recipe import Recipe, read_recipe
from methods.worlds.town import ADAPTERS


@pytest.mark.parametrize(("share", "one", "more"), ERRORS)
def test_measured_errors_come_back(share, one, more):
    assert expected_error(share, 1) == pytest.approx(one)
    assert expected_error(share, 4) == pytest.approx(more)


def test_the_error_rises_with_the_share_and_stays_a_share():
    errors = [expected_error(share, 1) for share in (1e-4, 1e-3, 0.01, 0.04, 0.2, 0.9)]
    assert errors == sorted(errors)
    assert 0 < errors[0] < errors[-1] <= 1


def test_the_work_is_counted_by_hand():
    config = EraseConfig(
        model="m/m",
        max_iterations=10,
        relinearise=2,
        controls=("finetune",),
        control_steps=5,
        batch_size=8,
    )
    work = work_of(config, rows=100, marked=2, epochs=3)
    assert work.products == 30
    assert work.solve == 30 * 4 * 100 + 3 * (3 * 4 + 10 * (100 + 2 * 5))
    assert work.controls == 5 * 3 * 100
    assert work.retrain == 3 * 100 * 3


def test_a_step_of_a_control_sees_at_most_so_many_rows():
    config = EraseConfig(model="m/m", controls=("finetune", "ascent", "npo"), control_steps=1)
    rows = Budget().rows
    assert rows == ROWS_OF_A_STEP
    assert work_of(config, rows=10_000, marked=2).controls == 3 * (rows + 2 + rows)


def test_the_papers_solver_has_its_own_products():
    for name, own in (("published", Published()), ("published_mended", enough_steps(1e-2))):
        work = work_of(EraseConfig(model="m/m", solver=name), rows=10_000, marked=2)
        assert work.products == own.iterations


def test_a_known_direction_solves_nothing():
    detail = estimate_request(
        EraseConfig(model="m/m", direction="r/update.safetensors"), rows=100, marked=2
    ).detail
    assert detail["products"] == 0


def test_a_subset_of_the_rows_makes_the_solve_cheaper():
    whole, part = (
        estimate_request(
            EraseConfig(model="m/m", curvature_rows=count), rows=10_000, marked=10
        ).seconds
        for count in (0, 256)
    )
    assert part < whole / 10


def test_the_paper_s_solver_costs_its_own_mini_batches():
    """20 products of one row as published, 200 of 16 where mended, whatever the settings of the others say."""
    for solver, products, rows in (("published", 20, 1), ("published_mended", 200, 16)):
        config = EraseConfig(solver=solver, max_iterations=7, curvature_rows=50)
        more = (
            work_of(config, 1000, 5).solve - work_of(EraseConfig(max_iterations=1), 1000, 5).solve
        )
        assert work_of(config, 1000, 5).products == products
        assert more == 4.0 * (products * rows - 1000)


def test_what_is_sound_needs_no_advice():
    assert (
        advice(EraseConfig(model="m/m", curvature_rows=256), rows=20_000, marked=20, epochs=5) == []
    )


@pytest.mark.parametrize(
    ("values", "marked", "said"),
    [
        ({}, 50, "changes 5.0% of the rows. Beyond 3% train again"),
        ({"adapter": "memorising", "model": "town"}, 5, "learnt its rows by heart"),
        ({}, 5, "times what training again would"),
        ({"line_search": False}, 5, "without a guard"),
        ({"solver": "published", "line_search": False}, 5, "very little"),
        ({"curvature": "hessian"}, 5, "negative directions"),
        ({"controls": ()}, 5, "nothing to judge it by"),
    ],
)
def test_what_a_person_should_know(values, marked, said):
    told = advice(EraseConfig(**{"model": "m/m", **values}), rows=1000, marked=marked, epochs=5)
    assert any(said in each for each in told)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "the preset “Exact Hessian” comes nearer"),
        ({"curvature": "hessian"}, "take the original rows"),
    ],
)
def test_at_a_minimum_the_exact_hessian_is_advised_as_its_preset_has_it(values, said):
    sizes = {"rows": 1000, "marked": 5, "epochs": 300.0, "minimum": True}
    town = {"adapter": "regularised"}
    told = advice(EraseConfig(**town, **values), **sizes)
    assert any(said in each for each in told)
    preset = PRESETS["hessian"].values
    assert not any("Hessian" in each for each in advice(EraseConfig(**town, **preset), **sizes))


def test_the_coupling_of_factors_takes_memory_under_weight_decay_alone():
    def memory(**values):
        return estimate_erase(EraseConfig(model="m/m", **values)).memory_mb

    assert memory(curvature="ggn_lora", weight_decay=0.1) > memory(weight_decay=0.1)
    assert memory(curvature="ggn_lora") == memory()


def recipe_of(adapter):
    return read_recipe(json.loads((ADAPTERS[adapter] / "lineage.json").read_text())["training"])


@pytest.mark.parametrize(
    ("adapter", "there"), [("regularised", True), ("memorising", False), (None, False)]
)
def test_which_adapters_stand_at_a_minimum(adapter, there):
    recipe = None if adapter is None else recipe_of(adapter)
    assert at_minimum(recipe) is there
    assert not at_minimum(Recipe(trainer="sft", weight_decay=0.1))


def test_an_adapter_that_somebody_trained_on_the_small_base_has_an_estimate():
    """The launch panel and a request ask for it before anybody opens the adapter."""
    own = estimate_erase(EraseConfig(adapter="regularised"))
    assert estimate_erase(EraseConfig(adapter="abc123/adapter.zip")) == own
