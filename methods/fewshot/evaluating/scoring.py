"""From answers to figures: the first and only place where labels of tested pictures are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from methods.fewshot.evaluating.figures import (
    Change,
    Interval,
    Resampling,
    Right,
    accuracies,
    changes,
)
from methods.fewshot.evaluating.naming import Integers, Named
from methods.fewshot.settings import REFINEMENTS, ClassifierName

GLOBAL, VCR = REFINEMENTS.index("global"), REFINEMENTS.index("vcr")


@dataclass(frozen=True, eq=False)
class Scored:
    """One classifier under every refinement.

    Attributes:
        named: its answers.
        right: (S, R, M).
        accuracy: of each refinement.
        change: of each refinement but "global", against it.
        beyond: what VCR gains over each control but "global".
        learnt: what the shots gain over zero-shot, both on the whole picture; None for zero-shot itself, or without it.
    """

    named: Named
    right: Right
    accuracy: dict[str, Interval]
    change: dict[str, Change]
    beyond: dict[str, Change]
    learnt: Change | None

    @property
    def classifier(self) -> ClassifierName:
        return self.named.classifier


def score(named: Sequence[Named], labels: Integers, draws: int, seed: int) -> list[Scored]:
    """Figures of every classifier.

    Args:
        labels: (M,) of the tested pictures.
        draws: of shots; answers that do not depend on them count in each.
        seed: of the resampling.
    """
    resampling = Resampling(draws, len(labels), seed)
    whole = {each.classifier: _in_all(each.answers == labels, draws)[:, GLOBAL] for each in named}
    return [_scored(each, labels, draws, resampling, whole.get("zero_shot")) for each in named]


def _scored(
    named: Named, labels: Integers, draws: int, resampling: Resampling, zero: Right | None
) -> Scored:
    right = named.answers == labels
    arms = _in_all(right, draws).transpose(1, 0, 2)  # (R, draws, M)
    others = [place for place in range(len(REFINEMENTS)) if place != GLOBAL]
    controls = [place for place in others if place != VCR]
    learns = named.classifier != "zero_shot" and zero is not None
    return Scored(
        named,
        right,
        dict(zip(REFINEMENTS, accuracies(arms, resampling), strict=True)),
        dict(zip(_names(others), changes(arms[GLOBAL], arms[others], resampling), strict=True)),
        {
            REFINEMENTS[place]: changes(arms[place], arms[[VCR]], resampling)[0]
            for place in controls
        },
        changes(zero, arms[[GLOBAL]], resampling)[0] if learns and zero is not None else None,
    )


def _names(places: Sequence[int]) -> list[str]:
    return [REFINEMENTS[place] for place in places]


def _in_all(right: Right, draws: int) -> Right:
    """(draws, R, M): what does not depend on the draw stands in each."""
    found: Right = np.broadcast_to(right, (draws, *right.shape[1:]))
    return found
