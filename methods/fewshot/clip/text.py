"""Class names and templates to CLIP's text classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from methods.clip_encoder import ClipEncoder, Features
from methods.feature_cache import FeatureCache, text_key
from methods.fewshot.clip.names import TEMPLATES, check_classes, check_templates, prompt

ALIKE = 0.999
"""Cosine of two class texts from which CLIP can hardly tell them apart."""


def text_classifier(
    encoder: ClipEncoder,
    names: Sequence[str],
    templates: Sequence[str] = TEMPLATES["photo"],
    cache: FeatureCache | None = None,
) -> Tensor:
    """W (D, C), unit columns: of each class the mean of its unit text features, over all templates (Radford et al. 2021).

    Args:
        names: one a class, as `check_classes` lets them pass; "_" reads as a space.
        templates: one or more, each with "{}" or "{a}".
        cache: of this encoder; texts that it holds are not read again, and others are added.

    Raises:
        ValueError: names or templates are not as they must be, or a text does not fit into the model's window.
    """
    check_classes(names)
    check_templates(templates)
    texts = [prompt(template, name) for name in names for template in templates]
    ids, too_long = encoder.tokens(texts)
    if any(too_long):
        text = texts[too_long.index(True)]
        raise ValueError(
            f"the text {text!r:.120} is longer than the model reads: shorten the class name"
        )

    def compute(places: list[int]) -> Features:
        return encoder.token_features(ids[places])

    if cache is None:
        features = torch.from_numpy(compute(list(range(len(texts)))))
    else:
        found = cache.features([text_key(text) for text in texts], compute)
        features = torch.from_numpy(np.stack([found[text_key(text)] for text in texts]))
    each = features.view(len(names), len(templates), -1)
    return normalize(each.mean(dim=1), dim=1).T.contiguous()


def synonyms(
    text_features: Tensor, names: Sequence[str], alike: float = ALIKE
) -> list[tuple[str, str, float]]:
    """Pairs of classes whose texts CLIP hardly tells apart, the nearest first: (name, name, cosine).

    Where one of such a pair wins the other comes next, so that every margin is near 0 and refinement chooses blindly.

    Args:
        text_features: (D, C), unit columns.
        alike: cosine from which a pair is told.
    """
    cosines = (text_features.T @ text_features).triu(diagonal=1)
    pairs = (cosines >= alike).nonzero().tolist()
    found = [(names[one], names[other], float(cosines[one, other])) for one, other in pairs]
    return sorted(found, key=lambda pair: -pair[2])
