"""What a regularisation is expected to need, from its settings and the size of its features; no torch."""

from __future__ import annotations

from dataclasses import dataclass

from methods.base import Estimate
from methods.fewshot.regularising.config import SCENES, RegulariseConfig
from methods.fewshot.regularising.records import TITLES
from methods.fewshot.regularising.sources import Source

WORLD_WIDTH, CLIP_WIDTH = 128, 512
KINDS = 48
"""Classes of the small world."""


@dataclass(frozen=True)
class Size:
    """How many pictures are to be encoded, of how many features, and their width."""

    pictures: int
    rows: int
    width: int


ASSUMED_ROWS, ASSUMED_WIDTH, ASSUMED_PICTURES = 20_000, 512, 5_000
"""Of what is not opened here."""
START_SECONDS, CLIP_SECONDS = 3.0, 9.0
"""Importing PyTorch, and open_clip with its tokenisers."""
WORLD_PICTURE_SECONDS, PICTURE_SECONDS = 0.006, 0.15
"""Drawing and encoding a scene with the small CLIP, and encoding a picture with one of 86 million parameters, on one thread."""
RATE = 1.5e9
"""Multiply-adds a second of small batched products."""
LOGISTIC_STEPS = 60
"""Until a logistic regression has settled, about."""
MB = 1024.0**2


def estimate_regularise(config: RegulariseConfig) -> Estimate:
    """Seconds and memory, from the settings alone; features of one's own are taken to be of a middling size."""
    size = size_of(config, None)
    seconds = START_SECONDS + sum(parts_of(config, size).values())
    memory = (
        500 + (700 if uses_clip(config, size) else 0) + 3 * 4 * size.rows * size.width / MB + 400
    )
    detail = {"pictures": float(size.pictures), "fits": float(len(TITLES) * config.episodes)}
    return Estimate(seconds, memory, detail)


def size_of(config: RegulariseConfig, source: Source | None) -> Size:
    """Of a source that is open, or what is assumed of one that is not."""
    width = WORLD_WIDTH if config.model == SCENES else CLIP_WIDTH
    if source is not None:
        if source.features is not None:
            return Size(0, *source.features.shape)
        return Size(len(source.labels), len(source.labels), width)
    if config.features == SCENES:
        return Size(KINDS * config.pictures, KINDS * config.pictures, width)
    if config.features.endswith(".npz"):
        return Size(0, ASSUMED_ROWS, ASSUMED_WIDTH)
    return Size(ASSUMED_PICTURES, ASSUMED_PICTURES, width)


def uses_clip(config: RegulariseConfig, size: Size) -> bool:
    return size.pictures > 0 or config.semantics == "clip_text"


def parts_of(config: RegulariseConfig, size: Size) -> dict[str, float]:
    """Seconds of each part of a run, in the order they come."""
    each = WORLD_PICTURE_SECONDS if config.model == SCENES else PICTURE_SECONDS
    clip = CLIP_SECONDS if uses_clip(config, size) else 0.0
    return {
        "encode": 0.1 + clip + each * size.pictures,
        "episodes": 0.1 + config.episodes * _episode_seconds(config, size.width),
        "tell": 0.3,
    }


def _episode_seconds(config: RegulariseConfig, width: int) -> float:
    support = 2 * config.ways * config.shots
    work = 5.0 * width * (config.ways * (config.shots + config.queries)) * (config.related + 10)
    if config.gate:
        work += 3 * config.steps * 3 * 2 * width * max(1, width // 8) * support / 8
    if config.gate or config.classifier == "cosine":
        work += 4 * config.steps * 3 * width * config.ways * (support + 20)
    if config.classifier == "logistic":
        work += 5 * LOGISTIC_STEPS * 2 * width * config.ways * support
    return 2e-4 + work / RATE
