"""Where the optimum of the edited data is known, an edit is held against it."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning import Request, erase
from tests.unlearning.influence.problems import (
    DECAY,
    Linear,
    fit_logistic,
    logistic,
    logistic_data,
    ridge,
    squared,
)

EXACT = {"weight_decay": DECAY, "damping": 0.0, "tolerance": 1e-12, "line_search": False}


def whole(data=None):
    """The three tasks and all at once: (request, the edited problem, the samples that it keeps)."""
    problem = data or ridge()
    inputs = {5: torch.ones(5, dtype=torch.float64), 9: -problem.inputs[9]}
    targets = {3: problem.targets[3] + 4, 20: -problem.targets[20]}
    rows = problem.data()
    new = {position: (value, rows[position][1]) for position, value in inputs.items()}
    new_targets = {position: (rows[position][0], value) for position, value in targets.items()}
    everyone = list(range(60))
    kept = [position for position in everyone if position not in (0, 7)]
    return {
        "removal": (Request((0, 7)), problem, kept),
        "query": (Request(replace=new), problem.changed(inputs), everyone),
        "response": (Request(replace=new_targets), problem.changed(targets=targets), everyone),
        "mixed": (Request((0, 7), new | new_targets), problem.changed(inputs, targets), kept),
    }


@pytest.mark.parametrize("curvature", ["ggn", "hessian", "differences"])
@pytest.mark.parametrize("task", ["removal", "query", "response", "mixed"])
def test_newton_on_ridge_regression_is_the_retrain(task, curvature):
    request, edited, kept = whole()[task]
    problem = ridge()
    found = erase(
        problem.model(),
        problem.data(),
        squared,
        request,
        rhs="newton",
        curvature=curvature,
        **EXACT,
    )
    gap = problem.optimum() + found.update["weights"] - edited.optimum(kept)
    assert gap.norm() < 1e-8
    assert (edited.optimum(kept) - problem.optimum()).norm() > 1e-2


@pytest.mark.parametrize("task", ["removal", "query", "response", "mixed"])
def test_the_line_search_takes_the_whole_step_where_the_model_is_exact(task):
    request, edited, kept = whole()[task]
    problem = ridge()
    settings = EXACT | {"line_search": True, "retain_tolerance": 10.0}
    found = erase(problem.model(), problem.data(), squared, request, **settings)
    assert found.diagnostics.step_length == 1
    torch.testing.assert_close(
        problem.optimum() + found.update["weights"], edited.optimum(kept), rtol=0, atol=1e-8
    )  # at the optimum, both right-hand sides are the same


def test_away_from_the_optimum_influence_leaves_alone_what_newton_finishes():
    problem = ridge()
    early = Linear(0.5 * problem.optimum())
    request, edited, kept = whole(problem)["response"]
    sides = {
        rhs: erase(early, problem.data(), squared, request, rhs=rhs, **EXACT).update["weights"]
        for rhs in ("influence", "newton")
    }
    torch.testing.assert_close(early.weights + sides["newton"], edited.optimum(kept))
    unfinished = problem.optimum() - early.weights
    torch.testing.assert_close(sides["newton"] - sides["influence"], unfinished)
    again = erase(
        early, problem.data(), squared, request, rhs="influence", relinearise=2, **EXACT
    )  # the model is linear: from the point reached there is nothing left to ask for
    torch.testing.assert_close(again.update["weights"], sides["influence"], rtol=0, atol=1e-8)


def test_a_mean_over_a_part_of_the_curvature_is_close_and_the_whole_part_is_the_same():
    problem, (request, _, _) = ridge(), whole()["removal"]
    full, all_rows, half = (
        erase(problem.model(), problem.data(), squared, request, curvature_rows=rows, **EXACT)
        for rows in (0, 58, 40)
    )
    assert torch.equal(full.update["weights"], all_rows.update["weights"])
    gap = (full.update["weights"] - half.update["weights"]).norm()
    assert 0 < gap < 0.5 * full.update["weights"].norm()


def logistic_edit(remove, **settings):
    data = logistic_data()
    model = Linear(fit_logistic(data, 300))
    found = erase(
        model,
        data,
        logistic,
        Request(remove),
        weight_decay=0.01,
        damping=0.0,
        tolerance=1e-10,
        line_search=False,
        **settings,
    )
    kept = [each for position, each in enumerate(data) if position not in remove]
    target = fit_logistic(kept, 300) - model.weights.detach()
    return float((found.update["weights"] - target).norm() / target.norm())


def test_logistic_regression_within_the_measured_errors():
    assert logistic_edit((17,)) < 0.05
    three = (17, 50, 120)
    one, twice = logistic_edit(three), logistic_edit(three, relinearise=2)
    assert one < 0.05
    assert twice < 1e-5


def test_the_error_grows_with_the_share_of_the_request():
    errors = [logistic_edit(tuple(range(count))) for count in (2, 20, 60)]
    assert errors == sorted(errors)


def test_replacing_is_removing_the_old_and_adding_the_new():
    """b(a -> b) = b(remove a) - b(remove b) where b is a sample as well."""
    problem = ridge()
    data = problem.data()
    model = problem.model()
    settings = EXACT | {"curvature_rows": 0}

    def b_norm_and_update(request, rows):
        return erase(model, rows, squared, request, **settings).update["weights"]

    twin = problem.changed(targets={3: problem.targets[3] + 4}).data()
    forth = b_norm_and_update(Request(replace={3: twin[3]}), data)
    back = b_norm_and_update(Request(replace={3: data[3]}), twin)
    torch.testing.assert_close(forth, -back, rtol=1e-9, atol=1e-12)


def test_corrections_of_answers_add_up():
    """For ridge, answers leave the curvature alone, so two requests and their union share it."""
    problem = ridge()
    data = problem.data()
    new = {p: (data[p][0], data[p][1] + 3) for p in (4, 8, 30)}

    def of(positions):
        request = Request(replace={p: new[p] for p in positions})
        return erase(problem.model(), data, squared, request, **EXACT).update["weights"]

    torch.testing.assert_close(of([4]) + of([8, 30]), of([4, 8, 30]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", ["cg", "lissa"])
def test_strong_damping_turns_the_step_into_the_right_hand_side(solver):
    problem, (request, _, _) = ridge(), whole()["mixed"]
    damping, found = 1e6, []
    for strength in (damping, 0.3):
        settings = EXACT | {"damping": strength, "tolerance": 1e-10, "max_iterations": 4000}
        result = erase(problem.model(), problem.data(), squared, request, solver=solver, **settings)
        update, b = result.update["weights"], result.diagnostics.b_norm
        assert update.norm() <= b / strength
        found.append(update)
    model = problem.model()
    old = torch.autograd.grad(
        sum(
            squared(model, [t.unsqueeze(0) for t in problem.data()[p]]).sum()
            for p in request.marked
        )
        - sum(
            squared(model, [t.unsqueeze(0) for t in request.replace[p]]).sum()
            for p in request.replace
        ),
        model.weights,
    )[0]
    torch.testing.assert_close(found[0] * damping, old / 60, rtol=1e-5, atol=1e-8)


def test_the_mended_solver_gets_near_the_solution_that_the_published_one_never_reaches():
    problem, (request, edited, _) = ridge(), whole()["response"]
    exact = edited.optimum() - problem.optimum()
    gaps = {}
    for solver in ("published", "published_mended"):
        settings = EXACT | {"damping": 1e-3}
        update = erase(
            problem.model(), problem.data(), squared, request, solver=solver, **settings
        ).update["weights"]
        gaps[solver] = float((update - exact).norm() / exact.norm())
    assert gaps["published"] > 0.99
    assert gaps["published_mended"] < 0.6


@pytest.mark.parametrize("task", ["removal", "query", "mixed"])
def test_the_original_data_s_curvature_is_the_influence_function_and_later_steps_end_at_the_retrain(
    task,
):
    request, edited, kept = whole()[task]
    problem = ridge()
    settings = EXACT | {"curvature": "hessian", "curvature_data": "original"}
    found = erase(problem.model(), problem.data(), squared, request, **settings)
    x, n = problem.inputs, len(problem.inputs)
    hessian = x.T @ x / n + DECAY * torch.eye(5, dtype=torch.float64)
    new = edited.inputs[kept]
    slope = new.T @ (new @ problem.optimum() - edited.targets[kept]) / n
    slope += DECAY * problem.optimum()
    expected = torch.linalg.solve(hessian, -slope)
    torch.testing.assert_close(found.update["weights"], expected, rtol=0, atol=1e-10)
    gap = problem.optimum() + found.update["weights"] - edited.optimum(kept)
    assert gap.norm() > 1e-4  # the curvature that the request changes is second order
    again = erase(problem.model(), problem.data(), squared, request, relinearise=1, **settings)
    gap = problem.optimum() + again.update["weights"] - edited.optimum(kept)
    assert gap.norm() < 1e-8
    assert again.diagnostics.curvature_data == "original"
