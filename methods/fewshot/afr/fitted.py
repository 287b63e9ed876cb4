"""What comes in is checked, and what is left of a fit answers queries; shared by the regularisers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from methods.fewshot.afr.gate import Gate
from methods.fewshot.afr.heads import Head, centroid_head, cosine_head, logistic_head
from methods.fewshot.afr.preprocessing import Preprocessing
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.afr.training import train

Values = Tensor | ArrayLike
DUPLICATE = 1e-6
"""Unit features whose cosine is this near to 1 are one feature."""


def finite(values: Values, name: str, like: Tensor | None = None) -> Tensor:
    """As a floating tensor, of the dtype and on the device of `like`.

    Raises:
        ValueError: a value is not finite; names the row.
    """
    tensor = torch.as_tensor(values)
    if like is not None:
        tensor = tensor.to(like)
    elif tensor.dtype != torch.float64:
        tensor = tensor.float()
    broken = ~tensor.isfinite().all(-1)
    if bool(broken.any()):
        raise ValueError(f"{name} must be finite; row {broken.nonzero()[0].tolist()} is not")
    return tensor


@dataclass(frozen=True)
class Support:
    """The support of stacked episodes.

    Attributes:
        features: (E, N, D) raw.
        labels: (E, N), 0 to ways - 1.
        ways: W.
        single: it was given without the leading axis.
    """

    features: Tensor
    labels: Tensor
    ways: int
    single: bool

    @classmethod
    def of(cls, features: Values, labels: Values, like: Tensor, ways: int | None = None) -> Support:
        """Check what `fit` is given.

        Args:
            features: (N, D) or (E, N, D).
            labels: (N,) or (E, N); (N,) holds for every episode.
            like: base prototypes (B, D).
            ways: W; None takes the largest label.

        Raises:
            ValueError: shapes do not fit, a value is not finite, a label is out of range, or a class has no row.
        """
        rows = finite(features, "support", like)
        single = rows.ndim == 2
        stacked = rows[None] if single else rows
        if stacked.ndim != 3 or stacked.shape[-1] != like.shape[-1] or stacked.shape[1] == 0:
            raise ValueError(
                f"support must be (N, {like.shape[-1]}) or (E, N, {like.shape[-1]}) with a row at least, got {tuple(rows.shape)}"
            )
        given = torch.as_tensor(labels, device=like.device)
        if given.is_floating_point() or given.shape[-1:] != stacked.shape[1:2] or given.ndim > 2:
            raise ValueError(
                f"labels must be {stacked.shape[1]} whole numbers, one a support row; got {given.dtype}, shape {tuple(given.shape)}"
            )
        column = given.long().expand(stacked.shape[:2])
        count = int(column.max()) + 1 if ways is None else ways
        if int(column.min()) < 0 or int(column.max()) >= count:
            raise ValueError(
                f"labels must be 0 to {count - 1}, got {int(column.min())} to {int(column.max())}"
            )
        if count < 2:
            raise ValueError("an episode needs two classes or more")
        shots = F.one_hot(column, count).sum(1)
        if bool((shots == 0).any()):
            raise ValueError(f"class {int((shots == 0).nonzero()[0, 1])} has no support row")
        return cls(stacked, column, count, single)

    def targets(self, features: Tensor) -> Tensor:
        """(E, N, W): 1 at each row's class, shared among rows that are the same.

        So a feature that is given twice counts once.

        Args:
            features: (E, N, D) unit rows.
        """
        alike = (features @ features.mT > 1 - DUPLICATE).sum(-1).clamp(min=1)
        return F.one_hot(self.labels, self.ways).to(features) / alike[..., None]


@dataclass(frozen=True)
class Fitted:
    """Preprocessing, gate and classifier of stacked episodes."""

    preprocessing: Preprocessing
    gate: Gate | None
    head: Head
    single: bool

    def seen(self, queries: Values) -> Tensor:
        """(E, M, D) preprocessed queries, of (M, D) or (E, M, D) raw ones.

        Raises:
            ValueError: shapes do not fit, or a value is not finite.
        """
        rows = finite(queries, "queries", self.head.weights)
        stacked = rows[None] if self.single else rows
        episodes, _, width = self.head.weights.shape
        if stacked.ndim != 3 or (len(stacked), stacked.shape[-1]) != (episodes, width):
            wanted = f"(M, {width})" if self.single else f"({episodes}, M, {width})"
            raise ValueError(f"queries must be {wanted}, got {tuple(rows.shape)}")
        return self.preprocessing.apply(stacked)

    def scores(self, queries: Values) -> Tensor:
        """(M, W) or (E, M, W), the higher the likelier; not probabilities."""
        rows = self.seen(queries)
        return self.unstacked(self.head.scores(self.gate.apply(rows) if self.gate else rows))

    def unstacked(self, values: Tensor) -> Tensor:
        """Without the leading axis where the support had none."""
        return values[0] if self.single else values


def fit_head(
    trained_on: Tensor, targets: Tensor, final: Tensor, final_targets: Tensor, settings: AFRSettings
) -> tuple[Gate | None, Head]:
    """Train what is to be trained on some rows, and fit the classifier on the final ones, through the gate."""
    gate, weights = None, None
    if settings.gate or settings.classifier == "cosine":
        gate, weights = train(trained_on, targets, settings)
    if settings.classifier == "cosine" and weights is not None:
        return gate, cosine_head(weights, settings.scale)
    rows = gate.apply(final) if gate else final
    if settings.classifier == "logistic":
        return gate, logistic_head(rows, final_targets, settings.inverse_penalty)
    return gate, centroid_head(rows, final_targets)
