"""What a look is expected to need, from its settings alone; no torch.

Crude on purpose: how many pictures an upload holds is not known here, so that it is taken to be `ASSUMED`. The small world's CLIP is
taken to run on a CPU core, any other on a GPU at the pace of ViT-B/32.
"""

from __future__ import annotations

from dataclasses import dataclass

from methods.base import Estimate
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.subject import is_scenes
from methods.fewshot.settings import view_settings

SCENE_CLASSES = 48


@dataclass(frozen=True)
class Size:
    """Pictures asked about, and pictures learnt from."""

    asked: int
    support: int


ASSUMED = Size(8, 16)
START_SECONDS = {"scenes": 9.0, "other": 20.0}
"""Importing open_clip, and loading weights that are on the machine already."""
PASS_SECONDS = {"scenes": 0.0022, "other": 0.004}
"""Of one crop: cut and encoded."""
CHECK_SECONDS = 0.005
"""Of decoding a picture."""
FIT_SECONDS = {"zero_shot": 0.0, "tip": 0.6, "tip_f": 1.0, "gda": 0.3, "linear": 1.0}
"""Of fitting a classifier and choosing its alpha and beta."""
PICTURE_SECONDS = 0.03
"""Of choosing and merging a picture's views, and keeping a small copy."""
BASE_MB = 800.0
WEIGHTS_MB = {"scenes": 5.0, "other": 900.0}
CROP_MB = {"scenes": 0.6, "other": 12.0}
"""Of one crop of a batch, in the widest moment of the vision tower."""
OPEN_MB = 250.0
"""Pictures that are open at a time."""


def estimate_look(config: LookConfig) -> Estimate:
    """Seconds, memory and passes of the image encoder, as if none of its features was kept from an earlier run."""
    size = size_of(config)
    kind = "scenes" if config.model == "scenes" else "other"
    passes = whole_passes(size) + support_passes(config, size) + view_passes(config, size)
    memory = BASE_MB + WEIGHTS_MB[kind] + config.batch_size * CROP_MB[kind]
    memory += 0.0 if is_scenes(config) else OPEN_MB
    known = "" if is_scenes(config) else "assumed_"
    detail = {f"{known}passes": float(passes), f"{known}pictures": float(size.asked)}
    return Estimate(sum(stages_of(config, size).values()), memory, detail)


def stages_of(config: LookConfig, size: Size) -> dict[str, float]:
    """Seconds of each part of a run, in the order they come."""
    kind = "scenes" if config.model == "scenes" else "other"
    one, learnt = PASS_SECONDS[kind], size.support > 0
    return {
        "check": 0.01 + CHECK_SECONDS * (size.asked + size.support),
        "load": START_SECONDS[kind],
        "plain": 0.01 + one * size.support,
        "support": 0.01 + one * support_passes(config, size),
        "fit": 0.01 + learnt * sum(FIT_SECONDS[name] for name in config.classifiers),
        "whole": 0.01 + one * size.asked,
        "look": 0.01 + one * view_passes(config, size) + PICTURE_SECONDS * size.asked,
    }


def size_of(config: LookConfig) -> Size:
    """How many pictures there are, where the settings say it."""
    if not is_scenes(config):
        return ASSUMED
    return Size(config.scene_number, config.scene_shots * SCENE_CLASSES)


def whole_passes(size: Size) -> int:
    return size.asked + size.support


def support_passes(config: LookConfig, size: Size) -> int:
    return size.support * config.augmentations


def view_passes(config: LookConfig, size: Size) -> int:
    """Crops that the encoder sees at most; the whole picture by itself is none."""
    views = view_settings(config)
    return size.asked * (views.encoded - (views.whole == "centre"))
