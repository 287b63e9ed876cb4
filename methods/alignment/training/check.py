"""What is wrong with the settings of a training, said before it is queued and without torch."""

from __future__ import annotations

from methods.alignment.pairs.config import SCENE_PAIRS, SCENES
from methods.alignment.pairs.opening import open_pairs
from methods.alignment.pairs.pair import Pair
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.objectives import DEFAULT_LOSSES
from methods.alignment.training.sources import locate
from methods.base import MethodError, Open
from methods.model_sources import Kind, check_folder, kind_of

LOOKED_AT = 200
"""Rows that are looked at before a run is queued; it looks at all of them when it starts."""


def check_train(config: TrainConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, or name what is not there."""
    _check_objective(config)
    source = locate(config.model)
    kind = None if source.folder is None else kind_of(check_folder(source.folder))
    if config.pairs in SCENES:  # drawn, so that nothing can be wrong with them
        count, images, bare = config.max_pairs or SCENE_PAIRS, True, None
    else:
        pairs = open_pairs(config, open_file, LOOKED_AT)
        count, images = len(pairs), bool(pairs[0].images)
        bare = next((pair for pair in pairs[:LOOKED_AT] if not brings_scores(pair)), None)
    if kind is not None:
        check_model_reads(kind, images)
    if config.eval_pairs >= count:
        raise MethodError(
            f"{config.eval_pairs} of {count} pairs are to be held out, which leaves none to train on"
        )
    if config.hardness:
        open_file(config.hardness)
    elif config.needs_hardness and bare is not None:
        raise MethodError(f"row {bare.position}: {no_hardness(config)}")
    if config.adapter:
        open_file(config.adapter)


def check_model_reads(kind: Kind, images: bool) -> None:
    """Raise `MethodError` where the pairs have pictures that the model cannot see."""
    if kind == "text" and images:
        raise MethodError(
            "the model reads text only, and the pairs have pictures: choose an image-text model, or pairs without images"
        )


def brings_scores(pair: Pair) -> bool:
    """The row has precomputed scores of both answers."""
    return "chosen_logits" in pair.meta and "rejected_logits" in pair.meta


def no_hardness(config: TrainConfig) -> str:
    """Why an objective that needs hardness cannot start."""
    return (
        f"the objective {config.objective} needs the hardness of every pair, and here is none: run “Hardness” on these pairs and choose its "
        "hardness.parquet, or bring rows with chosen_logits and rejected_logits"
    )


def _check_objective(config: TrainConfig) -> None:
    if config.objective != "dpo" and config.losses != DEFAULT_LOSSES:
        raise MethodError(
            f"losses of TRL are for the objective dpo; {config.objective} brings its own, so leave losses at sigmoid"
        )
    if config.loss_weights and len(config.loss_weights) != len(config.losses):
        raise MethodError(
            f"{len(config.loss_weights)} loss weights for {len(config.losses)} losses: give one each, or none"
        )
    if len(set(config.losses)) < len(config.losses):
        raise MethodError(f"a loss is named twice: {', '.join(config.losses)}")
    if config.sft_weight > 0 and ("sft" in config.losses or config.objective == "sft"):
        raise MethodError("the anchor is an SFT loss, which is there already: set it to 0")
    if "exo_pair" in config.losses and config.label_smoothing == 0:
        raise MethodError("the loss exo_pair needs label smoothing above 0; its paper takes .001")
    if config.objective != "dpo" and config.label_smoothing > 0:
        raise MethodError("label smoothing is for TRL's losses, with the objective dpo")
    if config.filters and config.batch_size < 2:
        raise MethodError(
            f"a batch of {config.batch_size} pair cannot be filtered, and {config.objective} compares the pairs of a batch: take a "
            "batch size of 8 or more, 2 at least; gradient accumulation does not help"
        )
