"""What a small world's own judge says of images. None of its figures can be compared with an Inception network's."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from methods.caching.facts import WORLDS
from methods.intervals import wilson_interval
from methods.worlds.scores import class_accuracy, inception_score

ENOUGH_FOR_DISTANCE = 64
"""Fewest images for a Fréchet distance: twice the judge's 32 features, below which the covariance says little."""


@dataclass(frozen=True)
class Verdict:
    """What a judge says.

    Attributes:
        metrics: figures by name, without a prefix.
        classes: the class that each image was taken for.
        floor: Fréchet distance of held-out real images, which nothing drawn is expected to beat.
    """

    metrics: dict[str, float]
    classes: list[int]
    floor: float


def judge_images(world: str, images: Tensor, labels: Tensor) -> Verdict:
    """Judge images (N, C, H, W) in [-1, 1] that should show the world's classes `labels` (N,)."""
    judge = WORLDS[world].load_judge()
    logits = judge.logits(images)
    right = round(class_accuracy(logits, labels) * len(labels))
    low, high = wilson_interval(right, len(labels))
    metrics = {
        "class_accuracy": right / len(labels),
        "class_accuracy_low": low,
        "class_accuracy_high": high,
        "inception_score": inception_score(logits.softmax(dim=1)),
    }
    if len(images) >= ENOUGH_FOR_DISTANCE:
        metrics["frechet_distance"] = judge.distance_to_real(images)
    classes: list[int] = torch.argmax(logits, dim=1).tolist()
    return Verdict(metrics, classes, judge.real_floor())
