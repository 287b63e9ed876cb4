"""Classifiers on (gated) features, one an episode: nearest centroid, cosine and logistic, all linear in the query.

They take targets (E, N, W) instead of labels: how much of each row counts for each class. One-hot rows are labels; rows
of mixup are two classes' shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from methods.fewshot.afr.preprocessing import unit

TOLERANCE = 1e-5
"""Distance of the logistic weights from the minimum at which their fit ends."""
MOST_STEPS = 20_000


@dataclass(frozen=True)
class Head:
    """Scores q W' + b of queries (E, M, D); weights (E, W, D), bias (E, W)."""

    weights: Tensor
    bias: Tensor

    def scores(self, queries: Tensor) -> Tensor:
        """(E, M, W); the class of the highest is the answer."""
        return queries @ self.weights.mT + self.bias[:, None]


def centroids(features: Tensor, targets: Tensor) -> Tensor:
    """(E, W, D) means of (E, N, D) features, weighted by targets (E, N, W)."""
    return targets.mT @ features / targets.sum(-2)[..., None]


def centroid_head(features: Tensor, targets: Tensor) -> Head:
    """Nearest class mean: -|q - c|^2 up to |q|^2, which is the same for every class (SimpleShot, arXiv:1911.04623)."""
    means = centroids(features, targets)
    return Head(2 * means, -means.square().sum(-1))


def cosine_head(weights: Tensor, scale: float) -> Head:
    """scale * cos(q, w_c) of unit queries, for weights (E, W, D) of any length."""
    return Head(scale * unit(weights), weights.new_zeros(weights.shape[:-1]))


def logistic_head(features: Tensor, targets: Tensor, inverse_penalty: float) -> Head:
    """Softmax regression without intercept: min over W of |W|^2 / 2 + C sum_n CE(W x_n, y_n), to its unique minimum.

    Nesterov's method with the constant momentum for strongly convex functions; every episode takes steps of its own size, and all
    go on until the last one has settled.

    Args:
        features: (E, N, D).
        targets: (E, N, W), rows that sum to 1.
        inverse_penalty: C, above 0.

    Raises:
        ValueError: the steps allowed did not reach the minimum, as with a C of 1e6.
    """
    dtype = features.dtype
    features, targets = (
        features.double(),
        targets.double(),
    )  # float32 would stall before a large C settles
    # The Hessian of the softmax is at most 1/2, that of the sum C/2 times the largest eigenvalue of X'X; of the penalty 1.
    steepest = 1 + inverse_penalty / 2 * torch.linalg.matrix_norm(features, 2).square()
    step = (1 / steepest)[:, None, None]
    momentum = ((steepest.sqrt() - 1) / (steepest.sqrt() + 1))[:, None, None]
    weights = ahead = features.new_zeros(len(features), targets.shape[-1], features.shape[-1])
    for _ in range(MOST_STEPS):
        residual = (features @ ahead.mT).softmax(-1) - targets
        gradient = ahead + inverse_penalty * residual.mT @ features
        # The penalty makes the function strongly convex by 1: the minimum is no further away than the gradient is long.
        if float(torch.linalg.matrix_norm(gradient).max()) <= TOLERANCE:
            return Head(ahead.to(dtype), ahead.new_zeros(ahead.shape[:-1], dtype=dtype))
        moved = ahead - step * gradient
        ahead, weights = moved + momentum * (moved - weights), moved
    raise ValueError(
        f"the logistic regression did not settle in {MOST_STEPS} steps; inverse_penalty {inverse_penalty:g} is too large"
    )
