from __future__ import annotations

import math

import pytest
import torch

from methods.anomaly.diffusion import training
from methods.anomaly.diffusion.denoiser import Denoiser
from methods.anomaly.diffusion.edm import denoised
from methods.anomaly.diffusion.training import (
    Denoisers,
    common_feature,
    noisy_loss,
    train_denoisers,
)
from methods.anomaly.fitting import Fit
from methods.anomaly.saving import Saved
from methods.anomaly.settings import DiffGADSettings

HIDDEN = 8


def latents(rows: int = 300) -> torch.Tensor:
    """Two clouds of deviation about 0.5."""
    chance = torch.Generator().manual_seed(0)
    values = 0.2 * torch.randn(rows, HIDDEN, generator=chance)
    values[: rows // 2] += 0.45
    values[rows // 2 :] -= 0.45
    return values


@pytest.fixture(scope="module")
def trained() -> tuple[Denoisers, dict[str, list[float]]]:
    curves: dict[str, list[float]] = {}

    def log(step: int, name: str, value: float) -> None:
        curves.setdefault(name, []).append(value)

    fit = Fit(1.0, None, Saved(None, None, torch.zeros(0), 0.0), log)
    settings = DiffGADSettings(denoiser_steps=250)
    return train_denoisers(latents(), settings, 0, 0, fit), curves


def test_the_loss_falls(trained: tuple[Denoisers, dict[str, list[float]]]) -> None:
    for name in ("denoiser_loss", "conditional_loss"):
        curve = trained[1][name]
        assert sum(curve[-20:]) < 0.8 * sum(curve[:20]), name


def test_little_noise_is_taken_off_unseen_latents(
    trained: tuple[Denoisers, dict[str, list[float]]],
) -> None:
    unseen = latents(600)[100:200]
    noisy = unseen + 0.05 * torch.randn(unseen.shape, generator=torch.Generator().manual_seed(1))
    got = denoised(trained[0].free, noisy, torch.full((1, 1), 0.05))
    assert float((got - unseen).pow(2).mean().sqrt()) < 0.06


def test_the_common_feature_lies_among_what_it_is_the_mean_of() -> None:
    rebuilt = torch.randn(50, HIDDEN, dtype=torch.float64)
    before = torch.randn(HIDDEN, dtype=torch.float64)
    got = common_feature(before, rebuilt)
    assert bool(((rebuilt.amin(0) <= got) & (got <= rebuilt.amax(0))).all())
    likeness = torch.nn.functional.cosine_similarity(rebuilt, before[None])
    weights = [math.exp(float(each) / 5) for each in likeness]
    slow = sum(w * row for w, row in zip(weights, rebuilt, strict=True)) / sum(weights)
    torch.testing.assert_close(got, slow)
    shares = torch.tensor(weights) / sum(weights) * 50
    assert math.exp(-0.4) <= float(shares.min()) <= float(shares.max()) <= math.exp(0.4)


def test_the_common_feature_of_trained_latents_is_close_to_their_mean(
    trained: tuple[Denoisers, dict[str, list[float]]],
) -> None:
    assert float((trained[0].common - latents().mean(0)).abs().max()) < 0.15
    assert trained[0].told.common is trained[0].common


def test_the_loss_by_hand() -> None:
    """A network that says 0 leaves c_skip y, c_skip = 0.2 at sigma 1, and a weight of 5."""
    network = Denoiser(2, torch.Generator().manual_seed(0)).requires_grad_(False)
    network.body[-1].weight.zero_()
    network.body[-1].bias.zero_()
    clean, noise = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5, 0.0]])
    loss, rebuilt = noisy_loss(network, clean, torch.ones(1, 1), noise)
    assert rebuilt.tolist() == [pytest.approx([0.3, -0.2])]
    assert float(loss) == pytest.approx(5 * (0.7**2 + 0.8**2) / 2)


def test_the_embedding_has_sines_first_and_falling_frequencies() -> None:
    network = Denoiser(4, torch.Generator().manual_seed(0))
    assert network.frequencies.tolist() == pytest.approx([1.0, 0.1, 0.01, 0.001])
    seen: list[torch.Tensor] = []
    network.noise.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    network(torch.zeros(1, 4), torch.full((1, 1), 0.3))
    assert seen[0][0, 0] == pytest.approx(math.sin(0.3))
    assert seen[0][0, 5] == pytest.approx(math.cos(0.03))


def test_blocks_of_nodes_train_too() -> None:
    settings = DiffGADSettings(denoiser_steps=40, block=32)
    got = train_denoisers(latents(), settings, 0, 0, Fit.unheard())
    assert bool(torch.isfinite(got.common).all())
    assert got.common.shape == (HIDDEN,)


def test_training_ends_when_the_loss_has_not_fallen_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "PATIENCE", 5)
    curve: list[float] = []

    def log(step: int, name: str, value: float) -> None:
        if name == "denoiser_loss":
            curve.append(value)

    fit = Fit(1.0, None, Saved(None, None, torch.zeros(0), 0.0), log)
    settings = DiffGADSettings(denoiser_steps=400, learning_rate_diffusion=1e-6)
    train_denoisers(latents(40), settings, 0, 0, fit)
    assert len(curve) < 400
    assert len(curve) - 1 - curve.index(min(curve)) == 5
