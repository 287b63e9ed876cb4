"""Tip-Adapter-F: the cache's keys, trained."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import tip_logits
from methods.fewshot.classifiers.training import Progress, silent, train

EPOCHS = 20
RATE, EPS = 1e-3, 1e-4


@dataclass
class TipAdapterF:
    """Tip-Adapter whose keys are a linear layer without bias, begun at the cache and trained by cross-entropy.

    AdamW (rate 0.001, eps 0.0001), cosine decay, batches of 256, as published. The epoch is not picked afterwards: published
    figures pick the best one on the test set.

    Attributes:
        alpha, beta: weight and sharpness of the cache, in training and after it.
        epochs: 0 is Tip-Adapter to the bit.
        seed: of the order of the pictures.
        balanced: as `Support.values` has it.
        keys_: (D, N) after `fit`.
    """

    alpha: float
    beta: float
    epochs: int = EPOCHS
    seed: int = 0
    balanced: bool = False
    progress: Progress = silent
    keys_: Tensor = field(init=False)

    def fit(self, support: Support, text_features: Tensor) -> TipAdapterF:
        """Train the keys; text_features (D, C) and the labels stay as they are."""
        self._text, self._values = text_features, support.values(self.balanced)
        keys = support.keys.clone().requires_grad_()
        train(
            support,
            lambda features, labels: cross_entropy(self._named(features, keys), labels),
            torch.optim.AdamW([keys], lr=RATE, eps=EPS),
            epochs=self.epochs,
            seed=self.seed,
            progress=self.progress,
        )
        self.keys_ = keys.detach()
        return self

    def logits(self, features: Tensor) -> Tensor:
        """(M, C) of unit features (M, D)."""
        return self._named(features, self.keys_)

    def _named(self, features: Tensor, keys: Tensor) -> Tensor:
        return tip_logits(features, self._text, keys, self._values, self.alpha, self.beta)
