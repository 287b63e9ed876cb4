"""Training of a small diffusion transformer: which loss, and on which optimiser; the rest is `Fit`'s."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor, nn

from methods.worlds import Prediction
from methods.worlds.dit import embedders
from methods.worlds.fitting import Fit, FitRecipe
from methods.worlds.sampling import NUM_TRAIN_TIMESTEPS, alphas_cumprod


class Labelled(NamedTuple):
    """Images (N, C, H, W) float32 in [-1, 1] and their labels (N,) int64."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Recipe(FitRecipe):
    """How to train a diffusion transformer."""

    peak_lr: float = 1e-3
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    label_drop: float = 0.1  # share of labels that become the null class
    prediction: Prediction = "epsilon"


class TransformerTraining(Fit[DiTTransformer2DModel]):
    """State of a transformer's training: weights, their moving average, optimiser, step."""

    recipe: Recipe

    def __init__(self, build: Callable[[], DiTTransformer2DModel], recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        model = build()
        for embedder in embedders(model):
            # Each block has its own embedder, which would drop labels on its own: a sample without
            # any label would then have probability 0.1^8. Labels are dropped in the batch instead.
            embedder.class_embedder.dropout_prob = 0
        self.null_class = int(model.config.num_embeds_ada_norm)
        self.alphas = alphas_cumprod()
        optimiser = torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay)
        super().__init__(model, recipe, optimiser)

    def learn(self, train: Labelled, held_out: Labelled, minutes: float, checkpoint: Path) -> bool:
        """Train to the recipe's last step, or until `minutes` have passed; return whether it is finished.

        Args:
            held_out: compared, at each report, with as many training images.
            checkpoint: carried on from where it exists; written at each report and at the end.
        """
        some = Labelled(*(part[: len(held_out.labels)] for part in train))

        def report(_: nn.Module) -> str:
            apart = self.compare(some), self.compare(held_out)
            return "averaged weights: train {:.4f}, held out {:.4f}".format(*apart)

        return self.run(self.loss_on(train), report, minutes, checkpoint)

    def loss_on(
        self, data: Labelled
    ) -> Callable[[DiTTransformer2DModel, torch.Generator, int], Tensor]:
        """The loss of a step on images drawn from `data`, for `advance`."""

        def loss_of(model: DiTTransformer2DModel, _: torch.Generator, step: int) -> Tensor:
            recipe = self.recipe
            # Dropout draws from the global generator, so that is what the step seeds.
            torch.manual_seed(recipe.seed * 1_000_003 + step)
            rows = torch.randint(len(data.labels), (recipe.batch,))
            dropped = torch.rand(recipe.batch) < recipe.label_drop
            labels = torch.where(dropped, self.null_class, data.labels[rows])
            # One draw per equal slice of the schedule: the same distribution, less variance.
            slices = (torch.arange(recipe.batch) + torch.rand(recipe.batch)) / recipe.batch
            timesteps = (slices * NUM_TRAIN_TIMESTEPS).long()
            images = data.images[rows]
            noise = torch.randn_like(images)
            return self._loss(model, Labelled(images, labels), timesteps, noise)

        return loss_of

    @torch.no_grad()
    def compare(self, data: Labelled) -> float:
        """Return the averaged weights' loss under noise that is the same at every call."""
        generator = torch.Generator().manual_seed(self.recipe.seed)
        timesteps = torch.randint(NUM_TRAIN_TIMESTEPS, data.labels.shape, generator=generator)
        noise = torch.randn(data.images.shape, generator=generator)
        return self._loss(self.average, data, timesteps, noise).item()

    def _loss(self, model: nn.Module, data: Labelled, timesteps: Tensor, noise: Tensor) -> Tensor:
        alpha = self.alphas[timesteps].float().view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * data.images + (1 - alpha).sqrt() * noise
        predicted = model(noisy, timestep=timesteps, class_labels=data.labels).sample
        if self.recipe.prediction == "epsilon":
            return nn.functional.mse_loss(predicted, noise)
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * data.images
        return nn.functional.mse_loss(predicted, velocity)
