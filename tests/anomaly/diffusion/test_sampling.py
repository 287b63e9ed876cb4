from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from methods.anomaly.diffusion import sampling
from methods.anomaly.diffusion.denoiser import Denoiser
from methods.anomaly.diffusion.edm import denoised, sigma_grid
from methods.anomaly.diffusion.sampling import guided, kept_share, noised, resample, sample
from methods.anomaly.diffusion.training import Denoisers
from methods.anomaly.settings import DiffGADSettings

HIDDEN = 8


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def denoisers() -> Denoisers:
    common = torch.randn(HIDDEN, generator=chance(5))
    free = Denoiser(HIDDEN, chance(0)).requires_grad_(False)
    told = Denoiser(HIDDEN, chance(1), 0.1, common).requires_grad_(False)
    return Denoisers(free, told, common)


def resampled(denoisers: Denoisers, latents: Tensor, **settings: object) -> Tensor:
    chosen = DiffGADSettings(sampler_steps=6, **settings)  # type: ignore[arg-type]
    return resample(latents, denoisers, chosen, 100, (0, 0, 0), lambda _rows: None)


def test_the_levels_keep_what_the_published_schedule_keeps() -> None:
    assert kept_share(0) == pytest.approx(0.9999)
    assert kept_share(499) == pytest.approx(0.0064, rel=0.02)
    ones = torch.ones(1, 2, dtype=torch.float64)
    assert noised(ones, 0, 2 * ones)[0, 0] == pytest.approx(0.9999**0.5 + 2 * 0.0001**0.5)


def test_without_guidance_the_told_denoiser_counts_for_nothing(denoisers: Denoisers) -> None:
    latents = torch.randn(40, HIDDEN, generator=chance(3))
    strange = Denoisers(denoisers.free, Denoiser(HIDDEN, chance(9)), denoisers.common)
    alone = resampled(denoisers, latents, guidance=0.0)
    assert torch.equal(resampled(strange, latents, guidance=0.0), alone)
    assert not torch.equal(resampled(denoisers, latents, guidance=1.0), alone)


def test_equal_denoisers_make_guidance_no_difference_bit_for_bit(denoisers: Denoisers) -> None:
    latents = torch.randn(40, HIDDEN, generator=chance(3))
    equal = Denoisers(denoisers.free, copy.deepcopy(denoisers.free), denoisers.common)
    assert torch.equal(
        resampled(equal, latents, guidance=2.0), resampled(equal, latents, guidance=0.0)
    )


def test_without_weight_the_common_feature_counts_for_nothing() -> None:
    noisy, noise = torch.randn(4, HIDDEN), torch.zeros(1, 1)
    one = Denoiser(HIDDEN, chance(1), 0.0, torch.zeros(HIDDEN))
    other = Denoiser(HIDDEN, chance(1), 0.0, torch.full((HIDDEN,), 7.0))
    telling = Denoiser(HIDDEN, chance(1), 0.5, torch.full((HIDDEN,), 7.0))
    assert torch.equal(one(noisy, noise), other(noisy, noise))
    assert not torch.equal(telling(noisy, noise), other(noisy, noise))


def test_guidance_combines_the_two_as_published(denoisers: Denoisers) -> None:
    latents, sigma = torch.randn(4, HIDDEN), torch.full((1, 1), 0.7)
    free, told = (denoised(each, latents, sigma) for each in (denoisers.free, denoisers.told))
    torch.testing.assert_close(
        guided(denoisers, 1.5)(latents, sigma), 2.5 * free - 1.5 * told, rtol=1e-5, atol=1e-6
    )


def test_the_sampler_is_heuns_method_step_by_step() -> None:
    """Against a slow loop on numbers, with the exact denoiser of a normal distribution of deviation 0.5."""
    steps, draws = 5, torch.randn(5, generator=chance(0), dtype=torch.float64).tolist()

    def exact(value: Tensor, sigma: Tensor) -> Tensor:
        return value * 0.25 / (0.25 + sigma**2)

    grid, x = sigma_grid(steps).tolist(), 80 * 0.3
    for k in range(steps):
        high = grid[k] * (1 + 1 / steps)
        x_hat = x + (high**2 - grid[k] ** 2) ** 0.5 * draws[k]
        d = (x_hat - x_hat * 0.25 / (0.25 + high**2)) / high
        x = x_hat + (grid[k + 1] - high) * d
        if k < steps - 1:
            d2 = (x - x * 0.25 / (0.25 + grid[k + 1] ** 2)) / grid[k + 1]
            x = x_hat + (grid[k + 1] - high) * (d + d2) / 2
    left = iter(draws)
    start = torch.full((1, 1), 0.3, dtype=torch.float64)
    got = sample(start, exact, steps, lambda: torch.full_like(start, next(left)))
    assert float(got) == pytest.approx(x, rel=1e-9)


def test_sampling_follows_its_noise_through_a_permutation(denoisers: Denoisers) -> None:
    start = torch.randn(20, HIDDEN, generator=chance(1))
    noises = torch.randn(6, 20, HIDDEN, generator=chance(2))
    order = torch.randperm(20, generator=chance(3))
    results = []
    for rows in (torch.arange(20), order):
        drawn = iter(noises)
        results.append(
            sample(
                start[rows],
                guided(denoisers, 1.0),
                6,
                lambda rows=rows, drawn=drawn: next(drawn)[rows],
            )
        )
    torch.testing.assert_close(results[0][order], results[1], rtol=1e-4, atol=1e-4)


def test_a_node_is_sampled_alike_whatever_other_chunks_hold(
    denoisers: Denoisers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "ROWS", 8)
    latents = torch.randn(30, HIDDEN, generator=chance(3))
    longer = torch.cat([latents[:24], torch.randn(50, HIDDEN)])
    assert torch.equal(resampled(denoisers, latents)[:24], resampled(denoisers, longer)[:24])
    assert not torch.equal(resampled(denoisers, latents)[:8], resampled(denoisers, latents)[8:16])


def test_latents_out_of_range_are_said() -> None:
    bad = Denoiser(HIDDEN, chance(0)).requires_grad_(False)
    bad.enter.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="level 100"):
        resampled(Denoisers(bad, bad, torch.zeros(HIDDEN)), torch.zeros(4, HIDDEN))
