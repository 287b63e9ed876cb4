"""Minimising to a small gradient: closed forms, hard valleys, and what is said where it does not get there."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning.training.converge import converge


def test_ridge_regression_ends_at_its_closed_form():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 12, generator=generator, dtype=torch.float64)
    y = torch.randn(40, generator=generator, dtype=torch.float64)
    weights = torch.zeros(3, 4, dtype=torch.float64)

    def loss_and_grad():
        residual = x @ weights.reshape(-1) - y
        return float(residual @ residual) / 80, [(x.T @ residual / 40).view(3, 4)]

    found = converge([weights], loss_and_grad, weight_decay=0.1, tolerance=1e-10)
    exact = torch.linalg.solve(x.T @ x / 40 + 0.1 * torch.eye(12, dtype=x.dtype), x.T @ y / 40)
    assert found.reached
    assert found.steps < 60
    assert found.gradient_norm <= 1e-10
    assert torch.allclose(weights.reshape(-1), exact, atol=1e-9)


def rosenbrock(point):
    def loss_and_grad():
        a, b = point.tolist()
        gradient = [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]
        return (1 - a) ** 2 + 100 * (b - a * a) ** 2, [torch.tensor(gradient, dtype=point.dtype)]

    return loss_and_grad


def test_a_curved_valley_is_followed_to_its_end():
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64)
    told = []
    found = converge(
        [point], rosenbrock(point), tolerance=1e-9, on_step=lambda *said: told.append(said)
    )
    assert found.reached
    assert point.tolist() == pytest.approx([1.0, 1.0], abs=1e-8)
    assert [step for step, _, _ in told] == list(range(1, found.steps + 1))
    losses = [loss for _, loss, _ in told]
    assert losses == sorted(losses, reverse=True)


def test_in_float32_the_gradient_gets_smaller_than_values_can_tell():
    scale = torch.logspace(-2, 2, 30)
    weights = torch.ones(30)

    def loss_and_grad():  # values are rounded off against the 100
        return 100 + float((scale * weights.square()).sum() / 2), [scale * weights]

    found = converge([weights], loss_and_grad, tolerance=1e-5)
    assert found.reached
    assert float((scale * weights).norm()) <= 1e-5


def test_it_says_where_it_had_to_stop():
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64)
    found = converge([point], rosenbrock(point), tolerance=1e-9, max_steps=3)
    assert (found.steps, found.reached) == (3, False)
    flat = torch.zeros(2)
    found = converge([flat], lambda: (0.0, [torch.ones(2)]), tolerance=1e-9)  # a gradient that lies
    assert not found.reached


def test_it_can_be_stopped_and_leaves_the_last_step():
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64)

    def stop(step, loss, norm):
        if step == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        converge([point], rosenbrock(point), tolerance=1e-9, on_step=stop)
    again = torch.tensor([-1.2, 1.0], dtype=torch.float64)
    converge([again], rosenbrock(again), tolerance=1e-9, max_steps=5)
    assert point.equal(again)


def test_it_is_the_same_every_time():
    ends = []
    for _ in range(2):
        point = torch.tensor([-1.2, 1.0], dtype=torch.float64)
        converge([point], rosenbrock(point), tolerance=1e-6)
        ends.append(point)
    assert ends[0].equal(ends[1])
