"""Training of the denoisers, and the common feature that is tracked meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from methods.anomaly.diffusion.denoiser import Denoiser
from methods.anomaly.diffusion.edm import denoised, loss_weight
from methods.anomaly.fitting import Fit
from methods.anomaly.optimising import Optimiser
from methods.anomaly.seeding import Use, generator
from methods.anomaly.settings import DiffGADSettings

MEAN_LOG_SIGMA, DEVIATION_LOG_SIGMA = -1.2, 1.2
"""Of the training's noise scales, which are lognormal."""
TEMPERATURE = 5.0
PATIENCE = 100
"""Steps without a lower loss after which training ends."""


@dataclass(frozen=True)
class Denoisers:
    """What one repeat samples with: D_u, D_c and the common feature c (h,) that D_c was told."""

    free: Denoiser
    told: Denoiser
    common: Tensor


def train_denoisers(
    latents: Tensor, settings: DiffGADSettings, seed: int, repeat: int, fit: Fit
) -> Denoisers:
    """Train the unconditional denoiser, then the one that is told the common feature.

    Args:
        latents: z, (n, h), of the autoencoder; nodes are independent samples.
        fit: hears of each step, and keeps stages "{repeat}.denoiser" and "{repeat}.conditional".
    """
    free, common = _train(latents, settings, None, (seed, repeat, 0), fit)
    told, _ = _train(latents, settings, common, (seed, repeat, 1), fit)
    return Denoisers(free, told, common)


def common_feature(before: Tensor, rebuilt: Tensor) -> Tensor:
    """The weighted mean of rebuilt latents, those that point as the common feature did weighing more.

        w_i = softmax_i( cos(c, r_i) / 5 ),   c <- sum_i w_i r_i

    A cosine lies in [-1, 1], so that no weight is above e^0.4 = 1.49 times another: close to the plain mean.

    Args:
        before: c, (h,).
        rebuilt: r, (rows, h).
    """
    likeness = functional.cosine_similarity(rebuilt, before[None], dim=1)
    return (likeness / TEMPERATURE).softmax(0) @ rebuilt


def noisy_loss(
    network: Denoiser, latents: Tensor, sigma: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """The weighted squared error of denoising, and what was denoised (rows, h).

    Args:
        latents: z, (rows, h).
        sigma: noise scale of each row, (rows, 1).
        noise: unit normal, (rows, h).
    """
    rebuilt = denoised(network, latents + sigma * noise, sigma)
    return (loss_weight(sigma) * (rebuilt - latents) ** 2).mean(), rebuilt


def _train(
    latents: Tensor,
    settings: DiffGADSettings,
    common: Tensor | None,
    place: tuple[int, int, int],
    fit: Fit,
) -> tuple[Denoiser, Tensor]:
    """One denoiser with the weights it had after its step of the lowest loss, and the common feature of that step."""
    seed, repeat, which = place
    device, total = latents.device, settings.denoiser_steps
    name, title = (("denoiser", "denoiser"), ("conditional", "conditional denoiser"))[which]
    chance = generator(device, seed, Use.DENOISER_WEIGHTS, repeat, which)
    network = Denoiser(latents.shape[1], chance, settings.condition, common)
    optimiser = Optimiser(network, settings.learning_rate_diffusion)
    stage = f"{repeat}.{name}"
    rows = min(len(latents), settings.block)
    work = step_work(rows, latents.shape[1])

    best = optimiser.weights.clone()
    best_loss, best_step = float("inf"), 0
    current = latents.mean(0) if common is None else common
    best_common, rebuilt = current, latents[:0]
    kept = fit.saved.get(stage)
    if kept is not None:
        optimiser.load(kept)
        best = kept["best"].to(device)
        best_loss, best_step = float(kept["best_loss"]), int(kept["best_step"])
        current, best_common, rebuilt = (
            kept[key].to(device) for key in ("current", "best_common", "rebuilt")
        )

    def state() -> dict[str, Tensor]:
        return {
            **optimiser.state(),
            "best": best,
            "best_loss": torch.tensor(best_loss, dtype=torch.float64),
            "best_step": torch.tensor(best_step),
            "current": current,
            "best_common": best_common,
            "rebuilt": rebuilt,
        }

    fit.tick(work * optimiser.steps, title)
    while optimiser.steps < total and optimiser.steps - best_step <= PATIENCE:
        step = optimiser.steps
        if common is None and step > 0:
            current = common_feature(current, rebuilt)
        chance = generator(device, seed, Use.DENOISER_STEP, repeat, which, step)
        batch = latents
        if rows < len(latents):
            batch = latents[torch.randint(len(latents), (rows,), generator=chance, device=device)]
        scale = torch.randn(rows, 1, generator=chance, device=device)
        sigma = (MEAN_LOG_SIGMA + DEVIATION_LOG_SIGMA * scale).exp()
        noise = torch.randn(batch.shape, generator=chance, device=device)
        loss, rebuilt = noisy_loss(network, batch, sigma, noise)
        rebuilt = rebuilt.detach()
        value = optimiser.step(loss)
        if value < best_loss:
            best_loss, best_step, best_common = value, step, current
            best = optimiser.weights.clone()
        fit.log(repeat * total + step, f"{name}_loss", value)
        if fit.saved.due:
            fit.saved.put(stage, state())
        fit.tick(work, f"{title}, step {step + 1} of at most {total}")
    fit.tick(work * (total - optimiser.steps), title)
    fit.saved.put(stage, state())
    optimiser.weights.copy_(best)
    return network.requires_grad_(False), best_common


def step_work(rows: int, hidden: int) -> float:
    """Multiply-adds of one training step, forward and backward."""
    return 3 * call_work(rows, hidden)


def call_work(rows: int, hidden: int) -> float:
    """Multiply-adds of the denoiser for (rows, h) latents: about 36 h^2 a row."""
    return rows * 36 * hidden**2
