"""Features brought to one scale, and expected values back to their own units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from methods.anomaly.settings import Scaling

QUARTILES_OF_NORMAL = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class FeatureScale:
    """What was done to each feature.

    Attributes:
        kept: (d,) bool; the others are the same for all nodes and left out.
        centre, spread: (d,) float64; scaled = (value - centre) / spread.
        clip: largest scaled value; 0 does not clip.
    """

    kept: NDArray[np.bool_]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    clip: float

    @classmethod
    def of(cls, x: NDArray[np.float32], scaling: Scaling, clip: float) -> FeatureScale:
        """Measure (n, d) features. Where all of them are constant, the first stays (as zeros)."""
        width = x.shape[1]
        if scaling == "none":
            return cls(np.ones(width, bool), np.zeros(width), np.ones(width), 0.0)
        kept = x.min(0) < x.max(0)
        kept[0] |= not kept.any()
        measure = _deviation if scaling == "zscore" else _quartiles
        both = np.array([measure(x[:, j]) if kept[j] else (x[0, j], 1.0) for j in range(width)])
        return cls(kept, both[:, 0], both[:, 1], clip)

    def apply(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, d) features -> (n, kept) scaled ones."""
        scaled = np.empty((len(x), int(self.kept.sum())), np.float32)
        for to, column in enumerate(np.flatnonzero(self.kept)):
            values = (x[:, column] - self.centre[column]) / self.spread[column]
            scaled[:, to] = np.clip(values, -self.clip, self.clip) if self.clip else values
        return scaled

    def restore(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kept) scaled values -> (n, d) in own units; what was left out gets its constant."""
        result = np.empty((len(scaled), len(self.kept)), np.float32)
        result[:] = self.centre
        result[:, self.kept] += scaled * self.spread[self.kept].astype(np.float32)
        return result

    def spread_out(self, parts: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kept) parts of an error -> (n, d); what was left out has 0."""
        if self.kept.all():
            return parts
        result = np.zeros((len(parts), len(self.kept)), np.float32)
        result[:, self.kept] = parts
        return result


def _deviation(values: NDArray[np.float32]) -> tuple[float, float]:
    wide = values.astype(np.float64)
    return float(wide.mean()), float(wide.std()) or 1.0


def _quartiles(values: NDArray[np.float32]) -> tuple[float, float]:
    low, middle, high = np.quantile(values.astype(np.float64), (0.25, 0.5, 0.75))
    return float(middle), (
        float(high - low) / QUARTILES_OF_NORMAL or float(values.astype(np.float64).std()) or 1.0
    )
