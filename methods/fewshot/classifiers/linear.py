"""A linear probe that starts at the class texts and is held to them, class by class, by what the support itself says (CLAP)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import zero_shot_logits
from methods.fewshot.classifiers.training import Progress, silent, train

EPOCHS = 300
RATE, MOMENTUM = 0.1, 0.9


def linear_probe(
    support: Support,
    text_features: Tensor,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    held: Tensor | None = None,
    progress: Progress = silent,
) -> Tensor:
    """Train class weights with one fixed recipe: nothing is tuned, so nothing needs a validation set.

    Minimises cross-entropy of 100 f unit(w) + sum_c l_c |w_c - W_c|^2 by SGD (rate 0.1, momentum 0.9, cosine decay, batches of
    256). A class without shots keeps its text: all it would learn is to be pushed away.

    Args:
        text_features: (D, C), unit columns: W, where w begins.
        epochs: 0 is zero-shot.
        held: l (C,), 0 or more; None takes `constraint`.

    Returns:
        w (D, C), unit columns: logits are `zero_shot_logits(features, w)`.

    Raises:
        ValueError: a value of `held` is below 0.
    """
    strength = constraint(support, text_features) if held is None else held
    if (strength < 0).any():
        raise ValueError(f"held must be 0 or more, got {float(strength.min())}")
    weights = text_features.clone().requires_grad_()
    learnt = (support.counts > 0).to(weights.dtype)

    def loss_of(features: Tensor, labels: Tensor) -> Tensor:
        moved = text_features + (weights - text_features) * learnt
        error = cross_entropy(zero_shot_logits(features, normalize(moved, dim=0)), labels)
        return error + (strength * (moved - text_features).square().sum(dim=0)).sum()

    optimiser = torch.optim.SGD([weights], lr=RATE, momentum=MOMENTUM)
    train(support, loss_of, optimiser, epochs=epochs, seed=seed, progress=progress)
    found = weights.detach()
    return text_features if epochs == 0 else normalize(found, dim=0)


def constraint(support: Support, text_features: Tensor) -> Tensor:
    """How firmly each class is held, l (C,) in 0..1: the better its text names its own shots, the firmer.

    Mean of CLIP's probability of the class over those views of its shots that CLIP names right; 0 where it names none. Our
    reading of CLAP: its first multiplier, which is kept.
    """
    features = support.unit_views.flatten(0, 1)
    labels = support.labels.repeat(len(support.views))
    chances = zero_shot_logits(features, text_features).softmax(dim=1)
    right = chances.argmax(dim=1) == labels
    totals = torch.zeros(support.classes, dtype=chances.dtype, device=chances.device)
    totals.index_add_(0, labels[right], chances[right, labels[right]])
    return totals / torch.bincount(labels[right], minlength=support.classes).clamp(min=1)
