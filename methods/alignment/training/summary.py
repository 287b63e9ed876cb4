"""What a finished training says of itself in a few plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from methods.alignment.training.config import TrainConfig

if TYPE_CHECKING:
    from methods.alignment.hallucination.rates import Change

NAMES = {
    "dpo": "DPO",
    "data_aware": "DPO with data-aware beta",
    "model_aware": "DPO with model-aware beta",
    "damo": "DAMO",
    "beta_dpo": "beta-DPO",
    "sft": "SFT on the chosen answers",
}


@dataclass(frozen=True)
class Trained:
    """What a training has left.

    Attributes:
        said: rules of the doctor that have spoken, as "rule:severity".
    """

    metrics: Mapping[str, float]
    steps: int
    pairs: int
    held_out: int
    said: list[str]


def summary(
    config: TrainConfig,
    found: Mapping[str, float],
    changed: Mapping[str, Change] | None,
    trained: Trained,
) -> str:
    """Objective, accuracy, and on the small world whether it makes up less, or only says less."""
    name = NAMES[config.objective]
    if config.objective == "dpo" and config.losses != ("sigmoid",):
        name = f"DPO with the losses {', '.join(config.losses)}"
    where = f"{trained.held_out} held-out pairs" if trained.held_out else "the last training pairs"
    parts = [
        f"{name}: {trained.steps} steps over {trained.pairs} pairs; the chosen answer leads on "
        f"{found['reward_accuracy']:.0%} of {where}."
    ]
    if changed is not None and "chair_i" in found and "chair_i_before" in found:
        parts.append(_hallucinations(found, changed, config.evaluate_scenes))
    warned = [each.partition(":")[0] for each in trained.said if each.endswith(":warning")]
    if warned:
        parts.append(f"The curves were remarked on: {', '.join(warned).replace('_', ' ')}.")
    return " ".join(parts)


def _hallucinations(found: Mapping[str, float], changed: Mapping[str, Change], scenes: int) -> str:
    chair = changed["chair_i"]
    moved = f"from {found['chair_i_before']:.1%} to {found['chair_i']:.1%}"
    of = f"of the objects named on {scenes} held-out scenes of the small world"
    if not chair.certain:
        first = f"Made-up objects went {moved} {of}, which is within chance."
    else:
        first = f"Made-up objects {'fell' if (chair.value or 0) < 0 else 'rose'} {moved} {of}."
    background = changed.get("background_right")
    if background is not None and background.certain and (background.value or 0) < 0:
        first += (
            f" It forgets other things: the background is right in {found['background_right']:.0%} of the answers, "
            f"{found['background_right_before']:.0%} before."
        )
    recall = changed["recall"]
    if recall.certain and (recall.value or 0) < 0:
        return (
            f"{first} It also finds fewer of the real ones: recall {found['recall_before']:.1%} to {found['recall']:.1%}, mentions "
            f"{found['mentions_before']:.2f} to {found['mentions']:.2f}."
        )
    return (
        f"{first} Recall {found['recall_before']:.1%} to {found['recall']:.1%}, mentions "
        f"{found['mentions_before']:.2f} to {found['mentions']:.2f}."
    )
