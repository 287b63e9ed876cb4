"""Manifold mixup on frozen features (Verma et al. 2019, arXiv:1806.05236): the regulariser that AFR is compared with.

It knows nothing of other classes: the support is mixed with itself, and so are its labels.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from methods.fewshot.afr.fitted import Fitted, Support, Values, finite, fit_head
from methods.fewshot.afr.preprocessing import Preprocessing
from methods.fewshot.afr.settings import AFRSettings


def mixed_pairs(
    features: Tensor, targets: Tensor, alpha: float, rounds: int, seed: int
) -> tuple[Tensor, Tensor]:
    """l x_i + (1 - l) x_j with labels l y_i + (1 - l) y_j, l ~ Beta(alpha, alpha), behind the rows themselves.

    Every round pairs each row with one of a shuffle; all episodes of a stack get the same pairs and shares.

    Args:
        features: (E, N, D).
        targets: (E, N, W), rows that sum to 1.
        alpha: above 0.
        rounds: 0 or more.
        seed: 0 or more.

    Returns:
        (E, N (1 + rounds), D) and (E, N (1 + rounds), W).
    """
    draw = np.random.default_rng(seed)
    rows = features.shape[1]
    grown = [(features, targets)]
    for _ in range(rounds):
        partner = torch.from_numpy(draw.permutation(rows)).to(features.device)
        share = torch.from_numpy(draw.beta(alpha, alpha, rows)).to(features)[:, None]
        mixed, shared = (
            share * each + (1 - share) * each[:, partner] for each in (features, targets)
        )
        grown.append((mixed, shared))
    return torch.cat([each for each, _ in grown], 1), torch.cat([each for _, each in grown], 1)


class MixupClassifier:
    """The base classifiers of AFR, fitted on a support that is mixed with itself.

    Pairs are drawn once an episode, not anew each step (our reading: a logistic regression has no steps).

    Args:
        base_prototypes: (B, D), for the same preprocessing as AFR's.
        alpha: of the Beta distribution of shares, above 0.
        rounds: mixtures of each support feature, 1 or more.
        settings: fields of `AFRSettings`; those of relations and gate do not matter.

    Raises:
        ValueError: a setting is out of bounds.
    """

    def __init__(
        self, base_prototypes: Values, *, alpha: float = 2.0, rounds: int = 10, **settings: Any
    ) -> None:
        if not alpha > 0 or rounds < 1:
            raise ValueError(
                f"alpha must be above 0 and rounds 1 or more, got {alpha} and {rounds}"
            )
        self.settings = AFRSettings(**{**settings, "gate": False})
        self.alpha, self.rounds = alpha, rounds
        self._base = finite(base_prototypes, "base_prototypes")
        self.preprocessing = Preprocessing.of(self._base, self.settings.power, self.settings.centre)
        self._fitted: Fitted | None = None

    @torch.no_grad()
    def fit(self, support: Values, labels: Values) -> Self:
        """Support (N, D) or (E, N, D) and labels as in `AttentiveFeatureRegularizer.fit`."""
        given = Support.of(support, labels, self._base)
        features = self.preprocessing.apply(given.features)
        targets = F.one_hot(given.labels, given.ways).to(features)
        rows, shares = mixed_pairs(features, targets, self.alpha, self.rounds, self.settings.seed)
        gate, head = fit_head(rows, shares, rows, shares, self.settings)
        self._fitted = Fitted(self.preprocessing, gate, head, given.single)
        return self

    @torch.no_grad()
    def predict(self, queries: Values) -> Tensor:
        """(M,) or (E, M) labels of raw queries.

        Raises:
            ValueError: `fit` was not called, shapes do not fit, or a value is not finite.
        """
        if self._fitted is None:
            raise ValueError("fit the classifier before asking it about queries")
        return self._fitted.scores(queries).argmax(-1)
