"""What is wrong with the settings of a training, said before it is queued and without torch."""

from __future__ import annotations

from methods.base import MethodError, Open
from methods.unlearning.models.files import check_base, locate
from methods.unlearning.rows.opening import open_rows
from methods.unlearning.training.config import TrainConfig

MOST_CONVERGED = 20_000
"""Rows beyond which a full batch at every step is refused."""


def check_train(config: TrainConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, or name what is not there."""
    if config.trainer == "converged" and config.lora_dropout > 0:
        raise MethodError(
            f"lora_dropout {config.lora_dropout}: the converged trainer needs a loss without chance; set it to 0"
        )
    source = locate(config.model)
    if source.folder is not None:
        check_base(source.folder)
    rows = len(open_rows(config, open_file).rows)
    taken = min(rows, config.max_rows or rows)
    if taken < 2:
        raise MethodError(f"{taken} row is too few to train on; 2 at least")
    if config.trainer == "converged" and taken > MOST_CONVERGED:
        raise MethodError(
            f"{taken} rows are too many for the converged trainer, which goes through all of them at every step "
            f"({MOST_CONVERGED} are allowed): take sft"
        )
