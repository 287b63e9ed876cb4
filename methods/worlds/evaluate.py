"""What a small world's card says: figures of drawn images beside those of real ones."""

import json
import logging
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

from methods.worlds import Prediction
from methods.worlds.dit import load_dit, store_dit
from methods.worlds.judge import Judge
from methods.worlds.sampling import sample
from methods.worlds.scores import class_accuracy, inception_score
from methods.worlds.training import Labelled

BATCH = 250

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bench:
    """A world's judge and real images, and the setting in which its model is measured."""

    world: str
    judge: Judge
    train: Labelled
    held_out: Labelled
    guidance_scale: float
    other_guidance_scales: tuple[float, ...]
    num_images: int
    seeds: tuple[int, ...] = (0, 1, 2)
    num_inference_steps: int = 20
    prediction: Prediction = "epsilon"


def draw(
    transformer: DiTTransformer2DModel,
    num_images: int,
    num_inference_steps: int,
    guidance_scale: float,
    seed: int = 0,
    prediction: Prediction = "epsilon",
) -> tuple[Tensor, Tensor]:
    """Return images (N, C, H, W), clamped to [-1, 1], and labels (N,): the classes in turn."""
    config = transformer.config
    generator = torch.Generator().manual_seed(seed)
    shape = (num_images, config.in_channels, config.sample_size, config.sample_size)
    noise = torch.randn(shape, generator=generator)
    num_classes = int(config.num_embeds_ada_norm)
    labels = torch.arange(num_images) % num_classes
    images = [
        sample(transformer, y, x, num_inference_steps, guidance_scale, num_classes, prediction)
        for y, x in zip(torch.split(labels, BATCH), torch.split(noise, BATCH), strict=True)
    ]
    return torch.cat(images).clamp(-1, 1), labels


def score(bench: Bench, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Return what the judge says of images (N, C, H, W) and how near they come to training images.

    `frechet_distance` is taken from the training images with all N images; `frechet_distance_of_M`
    with the first M of them, as many as there are held-out images, so that it can be laid beside
    the floor.
    """
    judge, same_number = bench.judge, len(bench.held_out.labels)
    logits = judge.logits(images)
    nearest = nearest_distance(images, bench.train.images)
    figures = {
        "class_accuracy": class_accuracy(logits, labels),
        "frechet_distance": judge.distance_to_real(images),
        f"frechet_distance_of_{same_number}": judge.distance_to_real(images[:same_number]),
        "inception_score": inception_score(logits.softmax(dim=1)),
        "nearest_train_minimum": float(nearest.min()),
        "nearest_train_tenth": float(nearest.quantile(0.1)),
        "nearest_train_median": float(nearest.median()),
    }
    return {name: round(value, 4) for name, value in figures.items()}


def nearest_distance(images: Tensor, others: Tensor) -> Tensor:
    """Return the L2 distance (N,) of each image (N, ...) from the nearest of others (M, ...)."""
    return torch.cdist(images.flatten(1), others.flatten(1)).min(dim=1).values


def measure(bench: Bench, transformer: DiTTransformer2DModel) -> dict[str, Any]:
    """Return the figures of the card: real images, several seeds, other guidance scales."""
    by_seed = {}
    for seed in bench.seeds:
        by_seed[str(seed)] = _drawn_figures(bench, transformer, bench.guidance_scale, seed)
        log.info("seed %d: %s", seed, by_seed[str(seed)])
    by_guidance = {}
    for scale in bench.other_guidance_scales:
        by_guidance[str(scale)] = _drawn_figures(bench, transformer, scale, bench.seeds[0])
        log.info("guidance %s: %s", scale, by_guidance[str(scale)])
    names = by_seed[str(bench.seeds[0])]
    return {
        "setting": {
            "sampler": "DDIM, eta 0, official DiT spacing",
            "num_inference_steps": bench.num_inference_steps,
            "guidance_scale": bench.guidance_scale,
            "images": bench.num_images,
            "frechet_reference": f"{len(bench.train.labels)} training {bench.world}",
        },
        "real_held_out": score(bench, *bench.held_out),
        "generated_by_seed": by_seed,
        "generated_mean": {
            name: round(sum(figures[name] for figures in by_seed.values()) / len(by_seed), 4)
            for name in names
        },
        "generated_at_other_guidance_scales": by_guidance,
    }


def write_card(
    bench: Bench,
    trained: DiTTransformer2DModel,
    empty: DiTTransformer2DModel,
    training: dict[str, Any],
    folder: Path,
) -> None:
    """Store a transformer in float16 and the measured figures, with both precisions, beside it.

    Args:
        trained: float32, eval mode.
        empty: one of the same sizes, which receives the weights, with the configuration to store.
        training: what the card says of the training.
        folder: receives `dit/` (diffusers' own layout) and `card.json`.
    """
    store_dit(trained, empty, folder / "dit")
    stored = load_dit(folder / "dit", "cpu", torch.float32)  # float16 weights, float32 arithmetic
    full, labels = _drawn(bench, trained, bench.guidance_scale, bench.seeds[0])
    halved, _ = _drawn(bench, stored, bench.guidance_scale, bench.seeds[0])
    difference = (full - halved).abs()
    card = {
        "world": bench.world,
        **measure(bench, stored),
        "storage": {
            "float32": score(bench, full, labels),
            "float16": score(bench, halved, labels),
            "largest_pixel_difference": round(float(difference.max()), 4),
            "mean_pixel_difference": round(float(difference.mean()), 6),
        },
        "training": training,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "diffusers", "scikit-learn")},
        },
        "device": "cpu, one thread",
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")


def _drawn_figures(
    bench: Bench, transformer: DiTTransformer2DModel, guidance_scale: float, seed: int
) -> dict[str, float]:
    return score(bench, *_drawn(bench, transformer, guidance_scale, seed))


def _drawn(
    bench: Bench, transformer: DiTTransformer2DModel, guidance_scale: float, seed: int
) -> tuple[Tensor, Tensor]:
    steps = bench.num_inference_steps
    return draw(transformer, bench.num_images, steps, guidance_scale, seed, bench.prediction)
