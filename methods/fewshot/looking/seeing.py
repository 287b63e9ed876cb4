"""One picture: what every classifier says of it as a whole, after a closer look, and under each control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from methods.fewshot.classifiers.fitting import Fitted
from methods.fewshot.classifiers.tip import SCALE
from methods.fewshot.settings import REFINEMENTS
from methods.fewshot.vcr.boxes import Box
from methods.fewshot.vcr.controls import control_features
from methods.fewshot.vcr.features import ViewFeatures
from methods.fewshot.vcr.margins import Margin, cosines
from methods.fewshot.vcr.merging import WHOLE, MergeNorm
from methods.fewshot.vcr.refine import Refined, refine_views

MOST_ANSWERS = 5
MOST_VIEWS = 24
"""Views of a scale that are recorded: the surest ones; the least sure one comes on top."""

Answer = list[list[Any]]
"""[[class, probability], ...], the likeliest first."""


@dataclass(frozen=True, eq=False)
class Eyes:
    """What looks at pictures: classes, their texts, fitted classifiers and how views are chosen and merged.

    Attributes:
        text: (D, C), unit columns.
    """

    classes: tuple[str, ...]
    text: Tensor
    fitted: Mapping[str, Fitted]
    margin: Margin
    merge_norm: MergeNorm


@dataclass(frozen=True, eq=False)
class Looked:
    """What was seen of one picture.

    Attributes:
        answers: classifier -> refinement -> probabilities (C,).
        scales: as the record `look` has them.
        shares: as the record `look` has them.
        votes: class index that each chosen view names, without the whole picture.
    """

    answers: dict[str, dict[str, Tensor]]
    scales: list[dict[str, Any]]
    shares: list[dict[str, Any]]
    votes: list[int]

    def top(self, classifier: str, refinement: str) -> int:
        """Index of the likeliest class."""
        return int(self.answers[classifier][refinement].argmax())

    @property
    def disagreeing(self) -> int:
        """Scales whose chosen view names another class than zero-shot does after the closer look."""
        top = self.top("zero_shot", "vcr")
        return sum(vote != top for vote in self.votes)


def look(seen: ViewFeatures, plain: Tensor, views: int, eyes: Eyes) -> Looked:
    """Refine a picture's feature and ask every classifier.

    Args:
        plain: raw feature (D,) of the whole picture, as CLIP sees it.
        views: draws for each scale.
    """
    whole = seen.whole(plain)
    refined = refine_views(seen.features, whole, eyes.text, eyes.margin, eyes.merge_norm)
    controls = control_features(
        seen.features, whole, eyes.text, eyes.margin, eyes.merge_norm, seed=seen.seed
    )
    features = controls | {"vcr": refined.feature}
    asked = torch.stack([features[name] for name in REFINEMENTS])
    answers = {
        name: dict(zip(REFINEMENTS, fitted.logits(asked).softmax(dim=1), strict=True))
        for name, fitted in eyes.fitted.items()
    }
    chances = {scale: _chances(each, eyes.text) for scale, each in seen.features.items()}
    votes = {scale: int(chances[scale][index].argmax()) for scale, index in refined.chosen.items()}
    scales = [
        _scale(scale, seen.boxes[scale], chances[scale], refined, views, eyes.classes)
        for scale in refined.chosen
    ]
    votes[WHOLE] = int(_chances(whole[None], eyes.text).argmax())
    shares = [
        {
            "scale": "global" if scale == WHOLE else scale,
            "share": share,
            "top": eyes.classes[votes[scale]],
        }
        for scale, share in refined.shares.items()
    ]
    return Looked(answers, scales, shares, [votes[scale] for scale in refined.chosen])


def best(chances: Tensor, classes: Sequence[str]) -> Answer:
    """The likeliest classes of probabilities (C,), at most `MOST_ANSWERS`."""
    values, places = chances.topk(min(MOST_ANSWERS, len(classes)))
    return [
        [classes[place], value]
        for value, place in zip(values.tolist(), places.tolist(), strict=True)
    ]


def _chances(features: Tensor, text: Tensor) -> Tensor:
    """Zero-shot probabilities (V, C) of features of any length."""
    return (SCALE * cosines(features, text)).softmax(dim=1)


def _scale(
    scale: float,
    boxes: Sequence[Box],
    chances: Tensor,
    refined: Refined,
    drawn: int,
    classes: Sequence[str],
) -> dict[str, Any]:
    margins = refined.margins[scale]
    chosen = refined.chosen[scale]
    others = [place for place in margins.argsort(descending=True).tolist() if place != chosen]
    kept = [chosen, *others]
    if len(kept) > MOST_VIEWS + 1:
        kept = [*kept[:MOST_VIEWS], kept[-1]]
    tops = chances.argmax(dim=1).tolist()
    return {
        "scale": scale,
        "drawn": drawn,
        "distinct": len(boxes),
        "views": [
            {
                "box": list(boxes[place]),
                "margin": float(margins[place]),
                "top": classes[tops[place]],
                "probability": float(chances[place, tops[place]]),
            }
            for place in kept
        ],
        "votes": dict(Counter(classes[top] for top in tops).most_common()),
    }
