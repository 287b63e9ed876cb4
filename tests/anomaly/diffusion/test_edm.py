from __future__ import annotations

import pytest
import torch
from torch import Tensor

from methods.anomaly.diffusion.edm import denoised, loss_weight, preconditioning, sigma_grid


def nothing(scaled: Tensor, noise: Tensor) -> Tensor:
    return torch.zeros_like(scaled)


def test_the_input_has_variance_one_at_every_scale() -> None:
    sigma = torch.logspace(-3, 2, 20, dtype=torch.float64)
    skip, out, scale, noise = preconditioning(sigma)
    torch.testing.assert_close(scale**2 * (sigma**2 + 0.25), torch.ones_like(sigma))
    torch.testing.assert_close(out**2 * loss_weight(sigma), torch.ones_like(sigma))
    torch.testing.assert_close(noise, sigma.log() / 4)
    assert float(skip[0]) == pytest.approx(1, abs=1e-5)
    assert float(out[0]) == pytest.approx(0.001, rel=1e-3)


def test_one_scale_by_hand() -> None:
    skip, out, scale, noise = (float(each) for each in preconditioning(torch.tensor(1.2)))
    assert skip == pytest.approx(0.25 / 1.69)
    assert out == pytest.approx(0.6 / 1.3)
    assert scale == pytest.approx(1 / 1.3)
    assert noise == pytest.approx(0.0455804)


def test_without_noise_nothing_is_changed_and_without_a_network_the_skip_is_left() -> None:
    noisy = torch.randn(5, 3, dtype=torch.float64)
    tiny = torch.full((1, 1), 1e-9, dtype=torch.float64)
    torch.testing.assert_close(denoised(lambda scaled, _noise: scaled, noisy, tiny), noisy)
    one = torch.ones(1, 1, dtype=torch.float64)
    assert torch.equal(denoised(nothing, noisy, one), 0.2 * noisy)


@pytest.mark.parametrize("steps", [2, 18, 50])
def test_the_grid_falls_from_80_to_0002_and_ends_at_0(steps: int) -> None:
    grid = sigma_grid(steps)
    assert len(grid) == steps + 1
    assert (grid[0], grid[-2], grid[-1]) == (80, 0.002, 0)
    assert bool((grid.diff() < 0).all())
    middle = (80 ** (1 / 7) + (steps // 2) / (steps - 1) * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    assert float(grid[steps // 2]) == pytest.approx(middle, rel=1e-9)
