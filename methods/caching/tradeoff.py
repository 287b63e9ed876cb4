"""What cached sampling trades: time or work against closeness to the uncached images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from methods.base import Axis, Tradeoff

SAME = ("model", "guidance_scale", "paper_exact", "precision", "batch_size", "images_per_class")
KINDS = {
    "router": "L2C",
    "taylorseer": "TaylorSeer",
    "first_block": "first-block cache",
    "cache_dit": "cache-dit",
}
UNCACHED, FEWER_STEPS = "uncached", "fewer steps"


def reference_steps(config: Mapping[str, Any]) -> int:
    """Steps of the uncached run that a run is measured against."""
    return int(config.get("reference_steps") or config["steps"])


def comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that must agree: the same images, and what FID is measured against."""
    real = config.get("reference_stats")
    found = same_images(config)
    return found | {"reference_stats": real} if real else found


def same_images(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same model, images and uncached run. Batches, since speed depends on them."""
    found = {name: config.get(name) for name in SAME}
    found |= {
        "classes": list(config.get("classes", ())),  # in turn: another order gives other noise
        "reference_steps": reference_steps(config),
    }
    return found | {"vae_tiling": True} if config.get("vae_tiling") else found


def kind(config: Mapping[str, Any]) -> str:
    """The policy of a run in a word or two."""
    if config["schedule"] == "none":
        return UNCACHED if reference_steps(config) == config["steps"] else FEWER_STEPS
    if config.get("correction", "none") != "none":
        return str(config["correction"]).upper()
    return KINDS.get(config["schedule"], "FORA")


TRADEOFF = Tradeoff(
    x=(Axis("speedup", True), Axis("flop_share", False)),
    y=(
        Axis("relative_l2", False),
        Axis("psnr", True),
        Axis("ssim", True),
        Axis("judge_frechet_distance", False),
        Axis("inception_fid", False),
    ),
    comparable=comparable,
    kind=kind,
    irrelevant=("judge", "inception_weights", "control"),
)
