"""What an evaluation is expected to need, from its settings alone; no torch.

Crude on purpose: how many pictures an upload holds is not known here, so that it is taken to have `ASSUMED_CLASSES` and as many
pictures as are asked for. The small world's CLIP is taken to run on a CPU core, any other on a GPU at the pace of ViT-B/32.
"""

from __future__ import annotations

from dataclasses import dataclass

from methods.base import Estimate
from methods.fewshot.evaluating.config import SCENES, EvaluateConfig
from methods.fewshot.looking.estimate import (
    BASE_MB,
    CHECK_SECONDS,
    CROP_MB,
    OPEN_MB,
    PASS_SECONDS,
    SCENE_CLASSES,
    START_SECONDS,
    WEIGHTS_MB,
)
from methods.fewshot.settings import view_settings

ASSUMED_CLASSES = 20
DRAW_SECONDS = 0.0035
"""Of generating a scene, or listing a file."""
MERGE_SECONDS = 0.004
"""Of choosing and merging a picture's views by every rule."""
FIT_SECONDS = {"zero_shot": 0.001, "tip": 0.005, "tip_f": 0.012, "gda": 0.002, "linear": 0.008}
"""Of fitting a classifier, for each of its shots."""
SEARCHED, GRID = ("tip", "tip_f"), 200
"""Whose alpha and beta are searched; values of beta, each of which names every shot by every other one."""
SEARCH_RATE = {"scenes": 2e10, "other": 5e12}
"""Multiply-adds a second of that."""
SAVE_SECONDS = 0.003
RESAMPLE_SECONDS = 0.0002
"""Of the intervals, for each test picture and classifier."""
FEATURE_KB = 4.0


@dataclass(frozen=True)
class Size:
    """Classes, pictures learnt from (in any draw), shots of one draw, and pictures tuned on and tested."""

    classes: int
    train: int
    shots: int
    val: int
    test: int


def estimate_evaluate(config: EvaluateConfig) -> Estimate:
    """Seconds, memory and passes of the image encoder, as if none of its features was kept from an earlier run."""
    size = size_of(config)
    kind = kind_of(config)
    memory = BASE_MB + WEIGHTS_MB[kind] + config.batch_size * CROP_MB[kind]
    memory += 0.0 if config.pictures == SCENES else OPEN_MB
    kept = size.train * (1 + config.augmentations) + 6 * (size.val + size.test)
    memory += FEATURE_KB * kept / 1024
    detail = {
        "passes": float(passes_of(config, size)),
        "test_pictures": float(size.test),
        "support_pictures": float(size.train),
    }
    return Estimate(sum(stages_of(config, size).values()), memory, detail)


def kind_of(config: EvaluateConfig) -> str:
    return "scenes" if config.model == "scenes" else "other"


def size_of(config: EvaluateConfig) -> Size:
    """How many pictures there are at most, where the settings say it."""
    classes = SCENE_CLASSES if config.pictures == SCENES else ASSUMED_CLASSES
    shots = classes * config.shots
    val = config.val_pictures if config.validation == "val" else 0
    return Size(classes, shots * config.draws, shots, val, config.test_pictures)


def passes_of(config: EvaluateConfig, size: Size) -> int:
    """Pictures and crops that the encoder sees at most."""
    seen = view_settings(config).encoded
    return size.train * (1 + config.augmentations) + (size.val + size.test) * seen


def stages_of(config: EvaluateConfig, size: Size) -> dict[str, float]:
    """Seconds of each part of a run, in the order they come; none is 0."""
    kind = kind_of(config)
    one, seen = PASS_SECONDS[kind], view_settings(config).encoded
    draws = config.draws if size.shots else 1
    every = 6 if size.val else 1
    fits = sum(FIT_SECONDS[name] for name in config.classifiers) * size.shots * draws * every
    searches = sum(name in config.classifiers for name in SEARCHED) * draws * every
    judged = size.val or size.shots
    fits += searches * GRID * judged * size.shots * size.classes / SEARCH_RATE[kind]
    pictures = size.train + size.val + size.test
    return {
        "open": 0.01 + DRAW_SECONDS * pictures,
        "check": 0.01 + CHECK_SECONDS * pictures,
        "load": START_SECONDS[kind],
        "plain": 0.01 + one * size.train,
        "support": 0.01 + one * size.train * config.augmentations,
        "val": 0.01 + (one * seen + MERGE_SECONDS) * size.val,
        "test": 0.01 + (one * seen + MERGE_SECONDS) * size.test,
        "fit": 0.2 + fits,
        "tell": 0.5 + (SAVE_SECONDS + len(config.classifiers) * RESAMPLE_SECONDS) * size.test,
    }
