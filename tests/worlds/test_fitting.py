"""Fitting: resumed equals uninterrupted, the average is an average, the rate follows its curve."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from methods.worlds.fitting import Fit, FitRecipe

RECIPE = FitRecipe(steps=6, batch=4, peak_lr=0.1, warm_up=2, report_every=3)


def loss_of(model: nn.Module, generator: torch.Generator, step: int) -> Tensor:
    return (model(torch.randn(RECIPE.batch, 3, generator=generator)) - step).square().mean()


def fresh() -> Fit:
    torch.manual_seed(0)
    return Fit(nn.Linear(3, 1), RECIPE)


def run(fit: Fit, file: Path, minutes: float = 1.0) -> bool:
    return fit.run(loss_of, lambda _: "nothing", minutes, file)


def test_a_resumed_fit_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, halved = fresh(), fresh()
    assert run(whole, tmp_path / "whole.pt")
    for _ in range(4):
        halved.advance(loss_of)
    halved.save(tmp_path / "half.pt")
    torch.manual_seed(9)
    other = Fit(nn.Linear(3, 1), RECIPE)
    assert run(other, tmp_path / "half.pt")
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name])
        assert torch.equal(whole.average.state_dict()[name], other.average.state_dict()[name])


def test_a_fit_that_runs_out_of_time_says_so_and_leaves_a_checkpoint(tmp_path: Path) -> None:
    assert not run(fresh(), tmp_path / "fit.pt", minutes=0.0)
    assert (tmp_path / "fit.pt").exists()


def test_the_rate_warms_up_and_falls_to_zero_by_half_a_cosine() -> None:
    fit, rates = fresh(), []
    for _ in range(RECIPE.steps):
        fit.advance(loss_of)
        rates.append(fit.optimiser.param_groups[0]["lr"])
    # 0.1 times min(1, (k + 1) / 2) times (1 + cos(pi k / 6)) / 2
    assert rates == pytest.approx([0.05, 0.0933013, 0.075, 0.05, 0.025, 0.0066987], rel=1e-5)


def test_the_average_follows_the_weights_by_hand() -> None:
    fit = fresh()
    start = fit.model.weight.detach().clone()
    fit.advance(loss_of)  # the first decay is (1 + 1) / (10 + 1)
    expected = start + (1 - 2 / 11) * (fit.model.weight.detach() - start)
    assert torch.allclose(fit.average.weight, expected, atol=1e-7)


def test_vectors_are_not_decayed() -> None:
    matrices, vectors = fresh().optimiser.param_groups
    assert [p.ndim for p in matrices["params"]] == [2]
    assert [p.ndim for p in vectors["params"]] == [1]
    assert (matrices["weight_decay"], vectors["weight_decay"]) == (RECIPE.weight_decay, 0.0)
