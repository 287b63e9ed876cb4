"""Fitting of a small model that can be stopped and resumed at will: AdamW, cosine, moving average."""

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitRecipe:
    """How to train: AdamW, warm-up, cosine decay to zero, moving average of the weights."""

    steps: int
    batch: int
    peak_lr: float
    seed: int = 0
    warm_up: int = 200
    weight_decay: float = 0.05
    ema_decay: float = 0.998
    report_every: int = 250


class Fit(Generic[Model]):
    """State of a training: weights, their moving average, optimiser, step and CPU seconds."""

    def __init__(
        self, model: Model, recipe: FitRecipe, optimiser: torch.optim.Optimizer | None = None
    ) -> None:
        """Begin a training.

        Args:
            optimiser: of the model's parameters; none is AdamW that spares norms and biases the weight decay.
        """
        self.recipe, self.step, self.seconds = recipe, 0, 0.0
        self.model: Model = model.train()
        self.average: Model = copy.deepcopy(model).eval()
        self.optimiser = optimiser or _adamw(model, recipe.weight_decay)

    def advance(self, loss_of: Callable[[Model, torch.Generator, int], Tensor]) -> float:
        """Take one optimiser step on `loss_of(model, generator, step)` and return that loss.

        The generator depends on seed and step only, so that a resumed run equals an uninterrupted one.
        """
        recipe = self.recipe
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + self.step)
        loss = loss_of(self.model, generator, self.step)
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

    def run(
        self,
        loss_of: Callable[[Model, torch.Generator, int], Tensor],
        report: Callable[[Model], str],
        minutes: float,
        checkpoint: Path,
    ) -> bool:
        """Train to the last step, or until `minutes` have passed; return whether it is finished.

        Args:
            report: says at each report what the averaged weights do.
            checkpoint: carried on from where it exists; written at each report and at the end.
        """
        if checkpoint.exists():
            self.resume(checkpoint)
            log.info("resumed at step %d", self.step)
        end = time.monotonic() + 60 * minutes
        before = time.process_time()
        recent = 0.0
        while self.step < self.recipe.steps and time.monotonic() < end:
            loss = self.advance(loss_of)
            recent = 0.98 * recent + 0.02 * loss if recent else loss
            now = time.process_time()
            self.seconds, before = self.seconds + now - before, now
            if self.step % self.recipe.report_every == 0 or self.step == self.recipe.steps:
                said = report(self.average)
                log.info(
                    "step %d: loss %.4f; %s; %.0f cpu s", self.step, recent, said, self.seconds
                )
                self.save(checkpoint)
                before = time.process_time()
        self.save(checkpoint)
        return self.step >= self.recipe.steps

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

    def _lr_factor(self) -> float:
        recipe = self.recipe
        warm_up = min(1.0, (self.step + 1) / recipe.warm_up)
        return warm_up * 0.5 * (1 + math.cos(math.pi * self.step / recipe.steps))


def _adamw(model: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]  # norms, biases, temperature
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=weight_decay)
