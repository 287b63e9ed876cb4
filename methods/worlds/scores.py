"""Scores of a set of generated images, from the features and logits of whatever judge saw them."""

from typing import NamedTuple

import torch
from torch import Tensor


class Gaussian(NamedTuple):
    """Mean (D,) and covariance (D, D) of a set of features, both float64."""

    mean: Tensor
    covariance: Tensor


def fit_gaussian(features: Tensor) -> Gaussian:
    """Return mean and unbiased covariance of features (N, D), N >= 2, computed in float64."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, D) with N >= 2, got {tuple(features.shape)}")
    features = features.double()
    mean = features.mean(dim=0)
    centred = features - mean
    return Gaussian(mean, centred.T @ centred / (len(features) - 1))


def gaussian_distance(a: Gaussian, b: Gaussian) -> float:
    """Fréchet distance |m_a - m_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2) of two Gaussians.

    The symmetric form needs eigenvalues of symmetric matrices only, so that it is exact and real
    where the square root of the product A B picks up imaginary round-off.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"feature sizes differ: {a.mean.shape[0]} and {b.mean.shape[0]}")
    root = _symmetric_root(a.covariance)
    # Covariances have no negative eigenvalues: what is below zero here is round-off.
    overlap = torch.linalg.eigvalsh(root @ b.covariance @ root).clamp(min=0).sqrt().sum()
    between_means = (a.mean - b.mean).square().sum()
    distance = between_means + a.covariance.trace() + b.covariance.trace() - 2 * overlap
    return max(float(distance), 0.0)


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """Fréchet distance between Gaussians fitted to features (N, D) and (M, D); 0 is identical.

    Biased upwards for few samples: compare only figures with equal N, and put the distance of real
    images, taken in the same way, next to them.

    Raises:
        ValueError: a set has fewer than 2 rows, or the feature sizes differ.
    """
    return gaussian_distance(fit_gaussian(features_a), fit_gaussian(features_b))


def distance_to_gaussian(features: Tensor, reference: Gaussian) -> float:
    """Fréchet distance of a Gaussian fitted to features (N, D), N >= 2, to a known one.

    Equal to `gaussian_distance`, but where N <= D without the roots of D x D matrices: with X the centred features over
    sqrt(N - 1), so that A = X^T X, the eigenvalues of A B that are not zero are those of the small X B X^T (N, N).

    Raises:
        ValueError: fewer than 2 rows, or the feature sizes differ.
    """
    if features.ndim == 2 and len(features) > features.shape[1]:
        return gaussian_distance(fit_gaussian(features), reference)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, D) with N >= 2, got {tuple(features.shape)}")
    if features.shape[1:] != reference.mean.shape:
        raise ValueError(f"feature sizes differ: {features.shape[1]} and {len(reference.mean)}")
    features = features.double()
    mean = features.mean(dim=0)
    centred = (features - mean) / (len(features) - 1) ** 0.5
    overlap = torch.linalg.eigvalsh(centred @ reference.covariance @ centred.T).clamp(min=0)
    distance = (mean - reference.mean).square().sum() + centred.square().sum()
    distance += reference.covariance.trace() - 2 * overlap.sqrt().sum()
    return max(float(distance), 0.0)


def inception_score(probabilities: Tensor) -> float:
    """exp of the mean divergence KL(p(y|x) || p(y)) of class probabilities (N, C); from 1 to C.

    The marginal p(y) is the mean over all N rows: no splits.
    """
    if probabilities.ndim != 2 or len(probabilities) == 0:
        raise ValueError(f"probabilities must be (N, C), got {tuple(probabilities.shape)}")
    probabilities = probabilities.double()
    marginal = probabilities.mean(dim=0)
    # Mean divergence = entropy of the marginal - mean entropy of the rows; entr(0) is 0.
    information = (
        torch.special.entr(marginal).sum() - torch.special.entr(probabilities).sum(1).mean()
    )
    return float(information.exp())


def class_accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of rows of logits (N, C) whose largest entry is the label (N,) int64; 0 to 1."""
    if logits.ndim != 2 or logits.shape[:1] != labels.shape or len(labels) == 0:
        shapes = f"{tuple(logits.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"logits and labels must be (N, C) and (N,), got {shapes}")
    return float((logits.argmax(dim=1) == labels).double().mean())


def _symmetric_root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
