"""What an evaluation is expected to need, from its settings alone and without torch.

Crude on purpose: the small world on two CPU cores at the rate measured there, any other model on one GPU.
"""

from __future__ import annotations

from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.naming import QUESTIONS
from methods.alignment.training.sources import locate
from methods.base import Estimate, MethodError

START_SECONDS = 15.0
"""Importing transformers and peft, loading the small world."""
WORLD_SECONDS = 0.015
"""Of one answer of the small world, in batches of 16."""
LOAD_SECONDS_PER_GB = 2.0
TOKEN_SECONDS = 0.03
"""Of one step of a batch on a GPU."""
USUAL_TOKENS = 160
"""Of a detailed description; a longest answer below that is what counts."""
SHORT_TOKENS = 4
SCORE_SECONDS = 0.003
"""Of one item: counting, its row, its picture."""
BASE_MB = 1200.0
HUB_MB = 15_000.0
"""Of a 7B model in bfloat16, which a hub id most likely is."""
MB = 2.0**20


def estimate_evaluate(config: EvaluateConfig) -> Estimate:
    """Seconds and memory of asking and scoring."""
    variants = 2 if config.compares else 1
    answers = variants * config.max_items
    scoring = 1.0 + answers * SCORE_SECONDS
    if not config.asks_model:
        return Estimate(scoring, BASE_MB)
    if config.model == "scenes":
        return Estimate(START_SECONDS + answers * WORLD_SECONDS * config.beams + scoring, BASE_MB)
    weights = _weights_mb(config)
    tokens = SHORT_TOKENS if config.benchmark in QUESTIONS else USUAL_TOKENS
    steps = min(tokens, config.max_new_tokens) * -(-answers // config.batch_size)
    seconds = START_SECONDS + weights / 1024 * LOAD_SECONDS_PER_GB + steps * TOKEN_SECONDS
    return Estimate(seconds + scoring, BASE_MB + 1.2 * weights)


def _weights_mb(config: EvaluateConfig) -> float:
    try:
        folder = locate(config.model).folder
    except MethodError:  # said when the settings are checked
        return HUB_MB
    if folder is None:
        return HUB_MB
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) / MB
