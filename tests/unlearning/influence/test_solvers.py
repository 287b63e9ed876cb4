"""Solvers against direct solutions, and the published arithmetic against a slow form of its own."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from methods.unlearning.influence.solvers.conjugate_gradients import conjugate_gradients
from methods.unlearning.influence.solvers.lissa import MARGIN, POWER_ITERATIONS, lissa
from methods.unlearning.influence.solvers.published import solve_published
from methods.unlearning.influence.solvers.published_settings import Published


def system(size=12, lowest=0.05):
    """A, b with eigenvalues of A from `lowest` to 4."""
    generator = torch.Generator().manual_seed(2)
    q, _ = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    a = q @ torch.diag(torch.linspace(lowest, 4, size, dtype=torch.float64)) @ q.T
    return a, torch.randn(size, generator=generator, dtype=torch.float64)


def test_conjugate_gradients_end_after_as_many_steps_as_there_are_numbers():
    a, b = system()
    found = conjugate_gradients(lambda v: a @ v, b, max_iterations=12, tolerance=1e-15)
    torch.testing.assert_close(found.x, torch.linalg.solve(a, b), rtol=1e-9, atol=1e-10)
    assert found.largest == pytest.approx(4, rel=1e-9)  # the Lanczos matrix is complete
    assert not found.negative_curvature


def test_two_steps_of_a_system_worked_by_hand():
    """A = diag(1, 3), b = (1, 1): x1 = b / 2, r1 = (1/2, -1/2), x2 = (1, 1/3)."""
    a, b = torch.tensor([1.0, 3.0]), torch.ones(2)
    one = conjugate_gradients(lambda v: a * v, b, max_iterations=1, tolerance=1e-9)
    assert one.x.tolist() == [0.5, 0.5]
    assert one.residuals == (1.0, 0.5)
    two = conjugate_gradients(lambda v: a * v, b, max_iterations=5, tolerance=1e-6)
    torch.testing.assert_close(two.x, torch.tensor([1.0, 1 / 3]))
    assert (two.products, two.converged) == (2, True)


def test_the_error_falls_in_the_norm_of_the_matrix():
    a, b = system()
    exact = torch.linalg.solve(a, b)
    errors = []
    for steps in range(1, 12):
        gap = (
            conjugate_gradients(lambda v: a @ v, b, max_iterations=steps, tolerance=1e-15).x - exact
        )
        errors.append(float(gap @ a @ gap))
    assert all(later < earlier for earlier, later in pairwise(errors))


def test_stops_before_a_direction_of_negative_curvature_with_what_it_has():
    a = torch.diag(torch.tensor([2.0, 1.0, -1.0], dtype=torch.float64))
    b = torch.tensor([1.0, 1.0, 0.3], dtype=torch.float64)
    found = conjugate_gradients(lambda v: a @ v, b, max_iterations=10, tolerance=1e-9)
    assert found.negative_curvature
    assert not found.converged
    assert found.x.isfinite().all()
    assert 0.5 * found.x @ a @ found.x - b @ found.x < 0  # it still is a step down
    at_once = conjugate_gradients(lambda v: -v, b, max_iterations=10, tolerance=1e-9)
    assert at_once.negative_curvature
    assert not at_once.x.any()


@pytest.mark.parametrize("solver", [conjugate_gradients, lissa])
def test_an_overflow_is_said(solver):
    with pytest.raises(ValueError, match="not finite"):
        solver(lambda v: v * math.inf, torch.ones(3), max_iterations=3, tolerance=1e-3)


def test_lissa_ends_where_conjugate_gradients_do_with_more_products():
    a, b = system(lowest=0.3)
    found = lissa(lambda v: a @ v, b, max_iterations=2000, tolerance=1e-10)
    torch.testing.assert_close(found.x, torch.linalg.solve(a, b), rtol=1e-7, atol=1e-8)
    assert found.converged
    assert found.products == POWER_ITERATIONS + len(found.residuals) - 1 > 5 * 12
    assert found.largest == pytest.approx(4, rel=0.1)


def test_lissa_is_the_neumann_series():
    a, b = system()
    found = lissa(lambda v: a @ v, b, max_iterations=3, tolerance=1e-9)
    scale = MARGIN * found.largest
    rest = torch.eye(12, dtype=torch.float64) - a / scale
    series = sum(torch.linalg.matrix_power(rest, k) @ b for k in range(3)) / scale
    torch.testing.assert_close(found.x, series, rtol=1e-12, atol=1e-13)


def test_lissa_gives_up_where_its_series_grows():
    a = torch.diag(torch.tensor([1.0, -0.9], dtype=torch.float64))
    b = torch.tensor([1.0, 1.0], dtype=torch.float64)
    found = lissa(lambda v: a @ v, b, max_iterations=500, tolerance=1e-9)
    assert found.negative_curvature
    assert not found.x.any()


def hessians(count=6, size=4):
    generator = torch.Generator().manual_seed(9)
    roots = torch.randn(count, size, size, generator=generator, dtype=torch.float64)
    return roots @ roots.transpose(1, 2) / size


def product_of(matrices):
    return lambda drawn: lambda v: matrices[drawn].mean(0) @ v


def slow_adam(matrices, b, settings, factor, seed):
    """Adam written out, coordinate by coordinate, on the published code's gradient."""
    generator = torch.Generator().manual_seed(seed)
    x, first, second = ([start] * len(b) for start in (settings.init, 0.0, 0.0))
    waiting = []
    for step in range(1, settings.iterations + 1):
        if len(waiting) < settings.batch:
            waiting = torch.randperm(len(matrices), generator=generator).tolist()
        drawn, waiting = waiting[: settings.batch], waiting[settings.batch :]
        hx = [
            sum(
                float(matrices[i][row, column]) * x[column]
                for i in drawn
                for column in range(len(b))
            )
            / len(drawn)
            for row in range(len(b))
        ]
        for k in range(len(b)):
            slope = factor * hx[k] - float(b[k]) + settings.adjust * x[k]
            first[k] = 0.9 * first[k] + 0.1 * slope
            second[k] = 0.999 * second[k] + 0.001 * slope**2
            mean = first[k] / (1 - 0.9**step)
            size = math.sqrt(second[k] / (1 - 0.999**step))
            x[k] -= settings.lr * mean / (size + 1e-8)
    return torch.tensor(x, dtype=torch.float64)


@pytest.mark.parametrize(("mended", "factor"), [(False, 0.5), (True, 1.0)])
def test_the_published_arithmetic_is_that_of_a_slow_loop(mended, factor):
    matrices, b = hessians(), torch.tensor([1.0, -0.2, 0.03, 0.5], dtype=torch.float64)
    settings = Published(lr=0.05, init=0.01, adjust=0.1, iterations=25, batch=4)  # drops 2 of 6
    found = solve_published(
        product_of(matrices),
        6,
        b,
        settings,
        mended=mended,
        generator=torch.Generator().manual_seed(4),
    )
    expected = slow_adam(matrices, b, settings, factor, seed=4)
    torch.testing.assert_close(found.x, expected, rtol=1e-8, atol=1e-10)
    assert (found.products, found.residuals) == (25, ())


@pytest.mark.parametrize(("mended", "factor"), [(False, 0.5), (True, 1.0)])
def test_with_many_steps_the_published_solver_ends_at_its_closed_form(mended, factor):
    """(H/2 + adjust I)^-1 b as published: about twice the solution."""
    matrices, b = hessians(), torch.tensor([1.0, -0.2, 0.3, 0.5], dtype=torch.float64)
    settings = Published(lr=1e-2, init=0.0, adjust=0.2, iterations=3000, batch=6)
    found = solve_published(
        product_of(matrices),
        6,
        b,
        settings,
        mended=mended,
        generator=torch.Generator().manual_seed(0),
    )
    closed = torch.linalg.solve(
        factor * matrices.mean(0) + 0.2 * torch.eye(4, dtype=torch.float64), b
    )
    torch.testing.assert_close(found.x, closed, rtol=1e-3, atol=1e-3)


def test_as_shipped_it_takes_twenty_steps_by_the_sign():
    matrices, b = hessians(), torch.tensor([1.0, -0.2, 0.3, 0.5], dtype=torch.float64)
    found = solve_published(
        product_of(matrices),
        6,
        b,
        Published(),
        mended=False,
        generator=torch.Generator().manual_seed(0),
    )
    torch.testing.assert_close(found.x, 1e-6 + 20 * 1e-5 * b.sign(), rtol=1e-2, atol=0)


def test_settings_of_the_published_solver_are_checked():
    with pytest.raises(ValueError, match="must be positive"):
        Published(iterations=0)
