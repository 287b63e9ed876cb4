"""A Gaussian a class with one covariance for all, beside the class texts (Wang et al., ICLR 2024)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from methods.fewshot.classifiers.choosing import Chosen, search
from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import zero_shot_logits

ALPHAS = tuple(10 ** (k / 2) for k in range(-8, 9))
"""Weights that are tried: 1e-4 to 10,000, two a decade."""
ALPHA = 1.0
FOLDS = 5
NOTHING = "nothing: no class has a second picture, so 1 is taken"


@dataclass(frozen=True, eq=False)
class Gaussians:
    """weights (D, C) and bias (C,) of f -> f w + b; both are 0 for a class without shots."""

    weights: Tensor
    bias: Tensor
    present: Tensor

    def scores(self, features: Tensor) -> Tensor:
        """(N, C): log-densities but for a constant, less their mean over the classes with shots.

        The mean, which changes no ranking among them, makes 0 the neutral score: it is what a class without shots gets.
        """
        found = features @ self.weights + self.bias
        return (found - found[:, self.present].mean(dim=1, keepdim=True)) * self.present


def fit_gaussians(support: Support) -> Gaussians:
    """Closed form: w_c = P mu_c, b_c = -mu_c' P mu_c / 2, equal priors.

    All views of all pictures count as samples. P is their pooled within-class precision.

    Raises:
        ValueError: there are no shots.
    """
    if len(support.labels) == 0:
        raise ValueError("GDA needs at least one picture of one class, got none")
    samples = support.unit_views.flatten(0, 1).double()  # (A N, D)
    labels = support.labels.repeat(len(support.views))
    totals = torch.zeros(
        support.classes, samples.shape[1], dtype=samples.dtype, device=samples.device
    )
    totals.index_add_(0, labels, samples)
    counts = torch.bincount(labels, minlength=support.classes)
    means = totals / counts.clamp(min=1)[:, None]  # (C, D)
    weights = precision(samples - means[labels]) @ means.T
    bias = -(means.T * weights).sum(dim=0) / 2
    dtype = support.views.dtype
    return Gaussians(weights.to(dtype), bias.to(dtype), support.counts > 0)


def precision(centred: Tensor) -> Tensor:
    """Precision (D, D) of samples (n, D) less their class means, shrunk so that it exists for n < D as well.

    D ((n - 1) S + tr(S) I)^-1 with S the sample covariance: the empirical Bayes ridge estimator of Kubokawa and
    Srivastava (2008), which the paper takes. Where no class varies at all (one view of one picture each) it is I.
    """
    count, width = centred.shape
    eye = torch.eye(width, dtype=centred.dtype, device=centred.device)
    scatter = centred.T @ centred  # of mean 0 already
    ridge = scatter.trace() / max(count - 1, 1)
    if ridge <= torch.finfo(centred.dtype).eps:
        return eye
    return width * torch.cholesky_inverse(torch.linalg.cholesky(scatter + ridge * eye))


def gda_logits(
    features: Tensor, text_features: Tensor, gaussians: Gaussians, alpha: float
) -> Tensor:
    """100 f W + alpha (f w + b).

    Args:
        features: (N, D), unit rows.
        text_features: (D, C), unit columns.
        alpha: weight of the Gaussians, 0 or more; 0 is zero-shot.

    Returns:
        (N, C).

    Raises:
        ValueError: alpha is below 0.
    """
    if not alpha >= 0:
        raise ValueError(f"alpha must be 0 or more, got {alpha}")
    return zero_shot_logits(features, text_features) + alpha * gaussians.scores(features)


def choose_weight(
    support: Support,
    text_features: Tensor,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
) -> Chosen:
    """The weight of `ALPHAS` that names most pictures right, the smallest of several.

    Args:
        validation: unit features (M, D) and labels (M,); None takes the support in five folds, each named by Gaussians that
            were fitted without it.
    """
    if validation is not None:
        features, labels = validation
        scores = fit_gaussians(support).scores(features)
        tuned_on = f"the validation set ({len(labels)} pictures)"
    else:
        judged = support.judged
        if not judged.any():
            return Chosen(ALPHA, None, None, NOTHING)
        scores = _held_out_scores(support, seed)[judged]
        features, labels = support.asked[judged], support.labels[judged]
        tuned_on = f"the support in {FOLDS} folds ({len(labels)} of {len(judged)} pictures)"
    zero = zero_shot_logits(features, text_features)
    found = search(zero, lambda _: scores, labels, ALPHAS, (0.0,), tuned_on)
    return Chosen(found.alpha, None, found.accuracy, tuned_on, ALPHAS, (), found.map, found.ties)


def _held_out_scores(support: Support, seed: int) -> Tensor:
    """(N, C) of every picture by Gaussians that have not seen it."""
    fold = folds(support.labels, seed)
    scores = torch.zeros(len(fold), support.classes, dtype=support.views.dtype, device=fold.device)
    for out in (fold == number for number in fold.unique()):
        if not out.all():  # a single picture in all: nobody is left
            scores[out] = fit_gaussians(support.without(out)).scores(support.asked[out])
    return scores


def folds(labels: Tensor, seed: int) -> Tensor:
    """(N,), 0..`FOLDS` - 1: the pictures of a class are dealt out in turn, in an order drawn by the seed."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    fold = torch.empty(len(labels), dtype=torch.long)
    dealt: dict[int, int] = {}
    for place in order.tolist():
        label = int(labels[place])
        fold[place] = dealt.get(label, 0) % FOLDS
        dealt[label] = dealt.get(label, 0) + 1
    return fold.to(labels.device)
