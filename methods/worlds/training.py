"""Training of a small diffusion transformer that can be stopped and resumed at will."""

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor, nn

from methods.worlds import Prediction
from methods.worlds.dit import embedders
from methods.worlds.sampling import NUM_TRAIN_TIMESTEPS, alphas_cumprod

REPORT_EVERY = 250

log = logging.getLogger(__name__)


class Labelled(NamedTuple):
    """Images (N, C, H, W) float32 in [-1, 1] and their labels (N,) int64."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW, warm-up, cosine decay to zero, moving average of the weights."""

    steps: int
    batch: int
    seed: int = 0
    peak_lr: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.01
    label_drop: float = 0.1  # share of labels that become the null class
    ema_decay: float = 0.999
    prediction: Prediction = "epsilon"


class TransformerTraining:
    """State of a transformer's training: weights, their moving average, optimiser, step."""

    def __init__(self, build: Callable[[], DiTTransformer2DModel], recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.step, self.seconds = recipe, 0, 0.0
        self.model = build().train()
        for embedder in embedders(self.model):
            # Each block has its own embedder, which would drop labels on its own: a sample without
            # any label would then have probability 0.1^8. Labels are dropped in the batch instead.
            embedder.class_embedder.dropout_prob = 0
        self.null_class = int(self.model.config.num_embeds_ada_norm)
        self.average = copy.deepcopy(self.model).eval()
        parameters = self.model.parameters()
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=recipe.weight_decay)
        self.alphas = alphas_cumprod()

    def advance(self, data: Labelled) -> float:
        """Take one optimiser step and return its loss."""
        recipe = self.recipe
        # The step seeds itself, so that a resumed run equals an uninterrupted one.
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        rows = torch.randint(len(data.labels), (recipe.batch,))
        dropped = torch.rand(recipe.batch) < recipe.label_drop
        labels = torch.where(dropped, self.null_class, data.labels[rows])
        # One draw per equal slice of the schedule: the same distribution, less variance.
        slices = (torch.arange(recipe.batch) + torch.rand(recipe.batch)) / recipe.batch
        timesteps = (slices * NUM_TRAIN_TIMESTEPS).long()
        images = data.images[rows]
        loss = self._loss(self.model, Labelled(images, labels), timesteps, torch.randn_like(images))
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.peak_lr * self._lr_factor()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(recipe.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)
        return loss.item()

    @torch.no_grad()
    def compare(self, data: Labelled) -> float:
        """Return the averaged weights' loss under noise that is the same at every call."""
        generator = torch.Generator().manual_seed(self.recipe.seed)
        timesteps = torch.randint(NUM_TRAIN_TIMESTEPS, data.labels.shape, generator=generator)
        noise = torch.randn(data.images.shape, generator=generator)
        return self._loss(self.average, data, timesteps, noise).item()

    def save(self, file: Path) -> None:
        """Write the checkpoint in one go, so that a stop in the middle leaves the old one."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Carry on from a checkpoint of `save`."""
        state: dict[str, Any] = torch.load(file, weights_only=True)
        self.step, self.seconds = state["step"], state["seconds"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def describe(self) -> dict[str, Any]:
        """Return what a card says of the training: its recipe and the CPU seconds it took."""
        return {**asdict(self.recipe), "cpu_seconds": round(self.seconds)}

    def _loss(self, model: nn.Module, data: Labelled, timesteps: Tensor, noise: Tensor) -> Tensor:
        alpha = self.alphas[timesteps].float().view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * data.images + (1 - alpha).sqrt() * noise
        predicted = model(noisy, timestep=timesteps, class_labels=data.labels).sample
        if self.recipe.prediction == "epsilon":
            return nn.functional.mse_loss(predicted, noise)
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * data.images
        return nn.functional.mse_loss(predicted, velocity)

    def _lr_factor(self) -> float:
        warm_up = min(1.0, (self.step + 1) / self.recipe.warm_up)
        return warm_up * 0.5 * (1 + math.cos(math.pi * self.step / self.recipe.steps))


def train_transformer(
    training: TransformerTraining,
    train: Labelled,
    held_out: Labelled,
    minutes: float,
    checkpoint: Path,
) -> None:
    """Train to the recipe's last step, or until `minutes` have passed.

    Args:
        training: new; carries on from `checkpoint` where that exists.
        held_out: compared, at each report, with as many training images.
        checkpoint: written at each report and at the end.
    """
    recipe = training.recipe
    if checkpoint.exists():
        training.resume(checkpoint)
        log.info("resumed at step %d", training.step)
    some = Labelled(train.images[: len(held_out.labels)], train.labels[: len(held_out.labels)])
    end = time.monotonic() + 60 * minutes
    before = time.process_time()
    recent = 0.0
    while training.step < recipe.steps and time.monotonic() < end:
        loss = training.advance(train)
        recent = 0.98 * recent + 0.02 * loss if recent else loss
        now = time.process_time()
        training.seconds, before = training.seconds + now - before, now
        if training.step % REPORT_EVERY == 0 or training.step == recipe.steps:
            log.info(
                "step %d: loss %.4f; averaged weights: train %.4f, held out %.4f; %.0f cpu s",
                training.step,
                recent,
                training.compare(some),
                training.compare(held_out),
                training.seconds,
            )
            training.save(checkpoint)
    training.save(checkpoint)
