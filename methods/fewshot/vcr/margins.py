"""How sure CLIP is of the name of a view: the gap between its two best classes, or the entropy over all of them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from methods.fewshot.classifiers.tip import SCALE

Margin = Literal["cosine", "prob"]
MARGINS: tuple[Margin, ...] = ("cosine", "prob")


def cosines(views: Tensor, text_features: Tensor) -> Tensor:
    """Cosines (V, C) of views (V, D) of any length with unit class texts (D, C)."""
    return functional.normalize(views, dim=-1) @ text_features


def margins(scores: Tensor, margin: Margin) -> Tensor:
    """Best less second best class of every view.

    `cosine` is what VCR's published code selects by, `prob` what its paper writes: softmax(100 cosine). With two classes prob is
    tanh(50 cosine margin), so that both choose the same view; with more they may differ.

    Args:
        scores: cosines (V, C), C at least 2.

    Returns:
        (V,); cosine in [0, 2], prob in [0, 1] and float64: in float32 half of all sure views would be exactly 1.
    """
    if margin == "prob":
        scores = (SCALE * scores.double()).softmax(dim=-1)
    best = scores.topk(2, dim=-1).values
    return best[:, 0] - best[:, 1]


def surest(scores: Tensor, margin: Margin) -> int:
    """Index of the view of largest margin; among views that tie in probability that of largest cosine margin, then the first."""
    wide = margins(scores, margin)
    return int(torch.where(wide == wide.max(), margins(scores, "cosine"), -torch.inf).argmax())


def least_sure(scores: Tensor, margin: Margin) -> int:
    """Index of the view of smallest margin; ties as in `surest`, by the smallest cosine margin."""
    wide = margins(scores, margin)
    return int(torch.where(wide == wide.min(), margins(scores, "cosine"), torch.inf).argmin())


def entropies(scores: Tensor) -> Tensor:
    """Entropy (V,) in nats of softmax(100 cosine) over the classes, in float64; scores (V, C)."""
    logits = SCALE * scores.double()
    return -(logits.softmax(dim=-1) * logits.log_softmax(dim=-1)).sum(dim=-1)
