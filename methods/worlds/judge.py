"""A small classifier that judges what a small world's model draws.

Its figures hold for its own world only. A Fréchet distance in its 32 features is no FID, and an
inception score of C classes reaches C at most.
"""

import logging
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from methods.worlds.scores import Gaussian, class_accuracy, fit_gaussian, gaussian_distance
from methods.worlds.training import Labelled

FEATURES = 32
BATCH = 64
PEAK_LR = 2e-3

log = logging.getLogger(__name__)


class Judge(nn.Module):
    """Convolutional classifier with a features layer of 32, and the statistics of real images.

    The reference of `distance_to_real` is the *training* images; `real_floor` is the distance of
    the held-out images from the same reference: nothing that is drawn from the data is expected to
    be closer. The judge was trained on the reference, so that the floor includes what it overfits.

    Args:
        channels, image_size: it takes images (N, channels, image_size, image_size) in [-1, 1].
        num_classes: how many it tells apart.
    """

    train_mean: Tensor
    train_covariance: Tensor
    held_out_mean: Tensor
    held_out_covariance: Tensor

    def __init__(self, channels: int, image_size: int, num_classes: int) -> None:
        super().__init__()
        self.image_shape = (channels, image_size, image_size)
        self.body = nn.Sequential(
            nn.Conv2d(channels, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.GELU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.GELU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.GELU(),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(64 * (image_size // 2) ** 2, FEATURES),
            nn.GELU(),
        )
        self.head = nn.Linear(FEATURES, num_classes)
        for split in ("train", "held_out"):
            self.register_buffer(f"{split}_mean", torch.zeros(FEATURES, dtype=torch.float64))
            covariance = torch.zeros(FEATURES, FEATURES, dtype=torch.float64)
            self.register_buffer(f"{split}_covariance", covariance)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, C, H, W) in [-1, 1]; differentiable."""
        self._check(images)
        logits: Tensor = self.head(self.body(images))
        return logits

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """Return features (N, 32) float32 of images (N, C, H, W) in [-1, 1].

        Raises:
            ValueError: the images have another shape.
        """
        self._check(images)
        parts = torch.split(images, 1000)  # bounds the memory of the widest layer
        return torch.cat([self.body(part.to(self.head.weight)) for part in parts])

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) float32 of images (N, C, H, W) in [-1, 1].

        Raises:
            ValueError: the images have another shape.
        """
        logits: Tensor = self.head(self.features(images))
        return logits

    def distance_to_real(self, images: Tensor) -> float:
        """Return the Fréchet distance of images (N, C, H, W) in [-1, 1] from the training images."""
        return gaussian_distance(fit_gaussian(self.features(images)), self.real())

    def real_floor(self) -> float:
        """Return the Fréchet distance of the held-out images from the training images."""
        held_out = Gaussian(self.held_out_mean, self.held_out_covariance)
        return gaussian_distance(held_out, self.real())

    def real(self) -> Gaussian:
        """Return the Gaussian of the training images' features."""
        return Gaussian(self.train_mean, self.train_covariance)

    def remember_real(self, train_images: Tensor, held_out_images: Tensor) -> None:
        """Store the feature statistics of real images, each (N, C, H, W) in [-1, 1]."""
        self.train_mean, self.train_covariance = fit_gaussian(self.features(train_images))
        self.held_out_mean, self.held_out_covariance = fit_gaussian(self.features(held_out_images))

    def _check(self, images: Tensor) -> None:
        if images.shape[1:] != self.image_shape:
            expected = ", ".join(str(size) for size in self.image_shape)
            raise ValueError(f"images must be (N, {expected}), got {tuple(images.shape)}")


def load_weights(judge: Judge, file: Path, device: torch.device | str) -> Judge:
    """Return the judge with the weights of `file`, in eval mode.

    Raises:
        FileNotFoundError: `file` is missing.
    """
    judge.load_state_dict(load_file(file))
    return judge.to(device).eval()


def train_judge(judge: Judge, train: Labelled, held_out: Labelled, epochs: int) -> Judge:
    """Train the classifier on the training images and store what real images give."""
    batches = math.ceil(len(train.labels) / BATCH)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=PEAK_LR, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_LR, epochs * batches)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(train.labels)), BATCH):
            images = train.images[rows]
            # A little noise, so that a drawn image is not judged by its last grey level.
            logits = judge(images + 0.1 * torch.randn_like(images))
            loss = nn.functional.cross_entropy(logits, train.labels[rows], label_smoothing=0.05)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    judge.eval()
    judge.remember_real(train.images, held_out.images)
    accuracy = class_accuracy(judge.logits(held_out.images), held_out.labels)
    log.info("judge: held-out accuracy %.4f, floor %.3f", accuracy, judge.real_floor())
    return judge
