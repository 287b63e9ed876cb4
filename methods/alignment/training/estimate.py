"""What a training is expected to need, from its settings alone and without torch.

The small world on two CPU cores at the rate measured there; any other model on one GPU, crudely.
"""

from __future__ import annotations

from methods.alignment.pairs.config import SCENE_PAIRS, SCENES
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.sources import locate
from methods.base import Estimate, MethodError

START_SECONDS = 14.0
"""Importing transformers, TRL and peft, loading the small world."""
PAIR_SECONDS = 0.022
"""One pair through policy, reference and backward on the small world."""
PREPARE_SECONDS = 0.003
"""Reading, drawing and tokenising one of its pairs."""
HARDNESS_SECONDS = 4.0
"""Importing open_clip; its forwards are small beside it."""
SCENE_SECONDS = 0.02
"""One description, scored and kept."""
BASE_MB = 1500.0
ASSUMED_PAIRS = 10_000
"""Of a file, which is not opened here."""
LOAD_SECONDS_PER_GB = 2.0
GPU_PAIR_SECONDS = 0.25
"""Of a 7B model in bfloat16."""
HUB_MB = 15_000.0
PAIR_MB = 1500.0
"""Activations of one pair of a 7B model whose activations are computed again in the backward pass."""
MB = 2.0**20


def estimate_train(config: TrainConfig) -> Estimate:
    """Seconds and memory of preparing, training and describing."""
    pairs = config.max_pairs or (SCENE_PAIRS if config.pairs in SCENES else ASSUMED_PAIRS)
    training = max(pairs - config.eval_pairs, 1)
    forwards = config.steps(training) * config.batch_size * config.gradient_accumulation
    if config.model == "scenes":
        seconds = START_SECONDS + pairs * PREPARE_SECONDS
        seconds += (forwards + config.eval_pairs / 2) * PAIR_SECONDS
        seconds += 2 * config.evaluate_scenes * SCENE_SECONDS if config.describes else 0
        seconds += HARDNESS_SECONDS if config.needs_hardness and not config.hardness else 0
        return Estimate(seconds, BASE_MB + 6 * config.batch_size)
    weights = _weights_mb(config)
    scale = weights / HUB_MB
    seconds = START_SECONDS + LOAD_SECONDS_PER_GB * weights / 1024
    seconds += forwards * GPU_PAIR_SECONDS * scale
    return Estimate(seconds, BASE_MB + weights + config.batch_size * PAIR_MB * scale)


def _weights_mb(config: TrainConfig) -> float:
    try:
        folder = locate(config.model).folder
    except MethodError:
        folder = None
    if folder is None:
        return HUB_MB
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors")) / MB
    return max(size, 1.0)
