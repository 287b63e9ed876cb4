"""What a ranking is expected to need, from its settings alone and without torch."""

from __future__ import annotations

from methods.base import Estimate
from methods.unlearning.rows.config import TOWN
from methods.unlearning.suspects.config import RankConfig
from methods.unlearning.training.estimate import (
    ASSUMED_ROWS,
    BASE_MB,
    GPU_ROW_SECONDS,
    HUB_MB,
    LOAD_SECONDS_PER_GB,
    ROW_MB,
    START_SECONDS,
    TOWN_ROW_SECONDS,
    TOWN_ROWS,
    weights_mb,
)

EKFAC_PASSES, EKFAC_START_SECONDS = 4, 6.0


def estimate_rank(config: RankConfig) -> Estimate:
    """Seconds and memory: a third of a pass for losses, one for each row's gradient, one for the diagonal's rows."""
    small = config.model == TOWN
    rows = TOWN_ROWS if small and config.data in ("", TOWN) else ASSUMED_ROWS
    diagonal = min(config.fisher_rows or rows, rows)
    passes = {
        "none": rows / 3,
        "gradient": rows + diagonal,
        "ekfac": rows * (EKFAC_PASSES + 1 / 3),
    }[config.influence]
    start = START_SECONDS + EKFAC_START_SECONDS * (config.influence == "ekfac")
    if small:
        return Estimate(start + passes * TOWN_ROW_SECONDS, BASE_MB + 2.0 * config.batch_size)
    weights = weights_mb(config.model)
    scale = weights / HUB_MB
    seconds = start + LOAD_SECONDS_PER_GB * weights / 1024 + passes * GPU_ROW_SECONDS * scale
    return Estimate(seconds, BASE_MB + weights + config.batch_size * ROW_MB * scale)
