"""What a training is expected to need, from its settings alone and without torch.

The small world on two CPU cores at the rate measured there; any other model on one GPU, crudely.
"""

from __future__ import annotations

from methods.base import Estimate, MethodError
from methods.unlearning.models.files import locate
from methods.unlearning.rows.config import TOWN
from methods.unlearning.training.config import TrainConfig

START_SECONDS = 8.0
"""Importing transformers and peft, loading the small world."""
TRL_SECONDS = 8.0
TOWN_ROWS, ASSUMED_ROWS = 222, 5_000
"""Of the small world; of a file, which is not opened here."""
TOWN_ROW_SECONDS = 0.0003
"""One row forward and backward on the small world, in a large batch."""
TOWN_STEP_SECONDS = 0.04
"""What a step of the trainer costs beside its rows."""
CONVERGED_STEPS = 700
"""Steps of the converged trainer where nothing stops it earlier."""
CONVERGED_EVALUATIONS = 1.4
"""Gradients a step."""
GPU_ROW_SECONDS = 0.12
"""Of a 7B model in bfloat16."""
BASE_MB = 1400.0
HUB_MB = 15_000.0
ROW_MB = 900.0
"""Activations of one row of a 7B model."""
LOAD_SECONDS_PER_GB = 2.5
"""Reading and hashing."""
MB = 2.0**20


def estimate_train(config: TrainConfig) -> Estimate:
    """Seconds and memory of reading, training and telling every row's loss."""
    small = config.model == TOWN
    rows = TOWN_ROWS if config.data == TOWN else ASSUMED_ROWS
    rows = min(rows, config.max_rows or rows)
    if config.trainer == "sft":
        steps = max(config.epochs * rows / (config.batch_size * config.accumulation), 1)
        passes = config.epochs
    else:
        steps = min(config.max_steps, CONVERGED_STEPS)
        passes = CONVERGED_EVALUATIONS * steps
    start = START_SECONDS + (TRL_SECONDS if config.trainer == "sft" else 0)
    if small:
        seconds = start + rows * (passes + 1) * TOWN_ROW_SECONDS
        seconds += steps * TOWN_STEP_SECONDS if config.trainer == "sft" else 0
        return Estimate(seconds, BASE_MB + 0.5 * config.batch_size)
    weights = weights_mb(config.model)
    scale = weights / HUB_MB
    seconds = start + LOAD_SECONDS_PER_GB * weights / 1024
    seconds += rows * (passes + 0.3) * GPU_ROW_SECONDS * scale
    return Estimate(seconds, BASE_MB + weights + config.batch_size * ROW_MB * scale)


def weights_mb(model: str) -> float:
    try:
        folder = locate(model).folder
    except MethodError:
        folder = None
    if folder is None:
        return HUB_MB
    return max(sum(file.stat().st_size for file in folder.glob("*.safetensors")) / MB, 1.0)
