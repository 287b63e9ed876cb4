"""A world of base and novel classes whose likeness in features follows their likeness in meaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BASE, NOVEL, ROWS, WIDTH, MEANING = 24, 8, 12, 32, 6


@dataclass(frozen=True)
class World:
    features: Tensor  # (all rows, WIDTH), not negative
    labels: NDArray[np.int64]
    prototypes: Tensor  # (BASE, WIDTH)
    semantics: Tensor  # (BASE + NOVEL, MEANING)

    @property
    def base(self) -> Tensor:
        return self.semantics[:BASE]

    def rows(self, label: int) -> Tensor:
        return self.features[torch.from_numpy(self.labels == label)]


def make_world() -> World:
    draw = np.random.default_rng(0)
    meaning = draw.normal(size=(BASE + NOVEL, MEANING))
    centres = meaning @ draw.normal(size=(MEANING, WIDTH))
    labels = np.repeat(np.arange(BASE + NOVEL), ROWS)
    noise = 3 * draw.normal(size=(len(labels), WIDTH))
    features = torch.from_numpy(np.exp(0.3 * (centres[labels] + noise)))
    prototypes = features[: BASE * ROWS].reshape(BASE, ROWS, WIDTH).mean(1)
    return World(features, labels, prototypes, torch.from_numpy(meaning))
