"""What measuring is expected to need, from the settings alone and without torch.

Crude on purpose: the number of rows of a file is not known here, so that without "most pairs" a file is taken to have
`GUESSED_PAIRS`. The small world's CLIP is taken to run on two CPU cores, any other on one GPU at ViT-L/14-336's pace.
"""

from __future__ import annotations

from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.pairs.config import SCENE_PAIRS, SCENES
from methods.base import Estimate

GUESSED_PAIRS = 20_000
START_SECONDS = {"scenes": 6.0, "other": 20.0}
"""Importing open_clip, and loading weights that are on the machine already."""
PAIR_SECONDS = {"scenes": 0.004, "other": 0.02}
READ_SECONDS = 0.002
"""Reading a row, its picture and keeping a small one."""
BASE_MB = 700.0
"""A process with torch and open_clip loaded."""
WEIGHTS_MB = {"scenes": 5.0, "other": 1700.0}
IMAGE_MB = {"scenes": 0.5, "other": 25.0}
"""Of one image of a batch, in the widest moment of the vision tower."""
PAIR_MB = 0.0003
"""Numbers and ids that are held of every pair."""


def estimate_hardness(config: HardnessConfig) -> Estimate:
    """Seconds and memory of measuring all pairs and writing their rows."""
    pairs = config.max_pairs or (SCENE_PAIRS if config.pairs in SCENES else GUESSED_PAIRS)
    if config.score == "precomputed":
        return Estimate(2.0 + pairs * READ_SECONDS, BASE_MB + pairs * PAIR_MB)
    size = "scenes" if config.clip == "scenes" else "other"
    seconds = START_SECONDS[size] + pairs * (PAIR_SECONDS[size] + READ_SECONDS)
    batch = min(config.batch_size, pairs) * IMAGE_MB[size]
    return Estimate(seconds, BASE_MB + WEIGHTS_MB[size] + batch + pairs * PAIR_MB)
