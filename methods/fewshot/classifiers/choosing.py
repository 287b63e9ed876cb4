"""Alpha and beta from the support itself, or from a validation set: what is tested is never looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import closeness, zero_shot_logits

ALPHA, BETA = 1.17, 1.0
"""Tip-Adapter's own start on ImageNet: taken where nothing can be chosen."""
START = 0.1
NOTHING = "nothing: no class has a second picture, so the published start is taken"


@dataclass(frozen=True)
class Grid:
    """Values to try, as Tip-Adapter spaces them: 0.1 + i (most - 0.1) / n for i = 0..n - 1.

    Its authors set the ends by hand for each data set, at 7 to 50 for beta and 3 to 50 for alpha; those here are theirs
    for textures, the middle of the range.
    """

    most_beta: float = 13.0
    most_alpha: float = 13.0
    beta_steps: int = 200
    alpha_steps: int = 20

    @property
    def betas(self) -> tuple[float, ...]:
        return _spaced(self.most_beta, self.beta_steps)

    @property
    def alphas(self) -> tuple[float, ...]:
        return _spaced(self.most_alpha, self.alpha_steps)


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was taken, and the whole map of what was tried.

    Attributes:
        alpha, beta: weight of the cache and its sharpness; beta is None where a classifier has none.
        accuracy: share of the pictures named right that they were tuned on, 0..1; None where there were none.
        tuned_on: which data, in words.
        alphas, betas: what was tried; betas is empty where a classifier has none.
        map: accuracies (B, A), rows by betas (one row where there are none); None where nothing was tried.
        ties: how many pairs reach `accuracy`; the first is taken: the smallest beta, then the smallest alpha.
    """

    alpha: float
    beta: float | None
    accuracy: float | None
    tuned_on: str
    alphas: tuple[float, ...] = ()
    betas: tuple[float, ...] = ()
    map: Tensor | None = None
    ties: int = 0

    @property
    def at_the_end(self) -> tuple[str, ...]:
        """Which of "alpha" and "beta" is the largest of several that were tried, so that more might be better still."""
        tried = {"alpha": (self.alpha, self.alphas), "beta": (self.beta, self.betas)}
        return tuple(
            name
            for name, (value, values) in tried.items()
            if len(values) > 1 and value == values[-1]
        )


def leave_one_out(
    support: Support,
    text_features: Tensor,
    alphas: Sequence[float],
    betas: Sequence[float],
    *,
    balanced: bool = False,
) -> Chosen:
    """Choose Tip-Adapter's alpha and beta by naming every picture of the support without its own key.

    A class loses a key when one of its own pictures is asked about, which would speak for a weak cache; so what its other
    keys say is multiplied by n / (n - 1). Pictures that are the only one of their class are not judged.

    Args:
        alphas, betas: rising values to try.
        balanced: as `Support.values` has it.
    """
    judged = support.judged
    if not judged.any():
        alpha = ALPHA if len(alphas) > 1 else alphas[0]
        beta = BETA if len(betas) > 1 else betas[0]
        return Chosen(alpha, beta, None, NOTHING)
    affinity = support.asked @ support.keys
    counts = support.counts[support.labels]
    values = support.values(balanced)
    weight = 1 + support.values() / (counts - 1).clamp(min=1)[:, None]  # n / (n - 1) for its class
    return search(
        zero_shot_logits(support.asked, text_features)[judged],
        lambda beta: (closeness(affinity, beta).fill_diagonal_(0) @ values * weight)[judged],
        support.labels[judged],
        alphas,
        betas,
        f"the support, leave-one-out ({int(judged.sum())} of {len(judged)} pictures)",
    )


def on_validation(
    support: Support,
    text_features: Tensor,
    validation: tuple[Tensor, Tensor],
    alphas: Sequence[float],
    betas: Sequence[float],
    *,
    keys: Tensor | None = None,
    balanced: bool = False,
) -> Chosen:
    """Choose Tip-Adapter's alpha and beta on other labelled pictures.

    Args:
        validation: unit features (M, D) and labels (M,).
        keys: (D, N), those of the support where None.
    """
    features, labels = validation
    affinity = features @ (support.keys if keys is None else keys)
    values = support.values(balanced)
    return search(
        zero_shot_logits(features, text_features),
        lambda beta: closeness(affinity, beta) @ values,
        labels,
        alphas,
        betas,
        f"the validation set ({len(labels)} pictures)",
    )


def search(
    zero: Tensor,
    added: Callable[[float], Tensor],
    labels: Tensor,
    alphas: Sequence[float],
    betas: Sequence[float],
    tuned_on: str,
) -> Chosen:
    """Try every pair of zero + alpha * added(beta).

    Args:
        zero: logits (M, C) without what is added.
        added: from beta to (M, C); called once a beta.
        labels: (M,).
    """
    weights = torch.tensor(alphas, dtype=zero.dtype, device=zero.device)
    found = [
        [_right(zero, more, weight, labels) for weight in weights] for more in map(added, betas)
    ]
    right = torch.tensor(found)  # (B, A)
    best = int(right.max())
    row, column = divmod(int((right == best).flatten().int().argmax()), len(alphas))
    return Chosen(
        alphas[column],
        betas[row],
        best / len(labels),
        tuned_on,
        tuple(alphas),
        tuple(betas),
        right / len(labels),
        int((right == best).sum()),
    )


def _right(zero: Tensor, more: Tensor, weight: Tensor, labels: Tensor) -> int:
    return int(((zero + weight * more).argmax(dim=1) == labels).sum())


def _spaced(most: float, steps: int) -> tuple[float, ...]:
    return tuple(START + i * (most - START) / steps for i in range(steps))
