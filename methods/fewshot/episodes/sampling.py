"""n-way k-shot episodes: which rows of a table of features are support and which are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Episodes:
    """E drawn episodes of W ways, K shots and Q queries a class. All arms that are compared get the same ones.

    Attributes:
        classes: (E, W), label of each way.
        support: (E, W * K) rows, ordered by way.
        queries: (E, W * Q) rows, ordered by way; none of them is in the support.
    """

    classes: Indices
    support: Indices
    queries: Indices

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ways(self) -> int:
        return int(self.classes.shape[1])

    @property
    def shots(self) -> int:
        return int(self.support.shape[1]) // self.ways

    @property
    def support_labels(self) -> Indices:
        """(W * K,), 0 to W - 1: the way of each support row, in every episode."""
        return np.repeat(np.arange(self.ways), self.shots)

    @property
    def query_labels(self) -> Indices:
        """(W * Q,), likewise."""
        return np.repeat(np.arange(self.ways), self.queries.shape[1] // self.ways)

    def part(self, begin: int, end: int) -> Episodes:
        """Some of them, in their order."""
        rows = slice(begin, end)
        return Episodes(self.classes[rows], self.support[rows], self.queries[rows])


def sample_episodes(
    labels: ArrayLike,
    classes: Sequence[int],
    *,
    ways: int,
    shots: int,
    queries: int,
    episodes: int,
    seed: int,
) -> Episodes:
    """Draw episodes from the rows of some classes; the first n are the same however many are asked for.

    Args:
        labels: (N,) whole numbers, class of each row.
        classes: labels to draw from; others are never used.
        ways: classes of an episode, 2 or more.
        shots: support rows a class, 1 or more.
        queries: rows a class that are asked about, 1 or more.
        episodes: how many, 1 or more.
        seed: 0 or more.

    Raises:
        ValueError: a number is out of bounds, a class is named twice, there are fewer classes than ways, or a class has too few rows.
    """
    least = {"ways": (ways, 2), "shots": (shots, 1), "queries": (queries, 1)}
    for name, (value, low) in (least | {"episodes": (episodes, 1), "seed": (seed, 0)}).items():
        if value < low:
            raise ValueError(f"{name} must be {low} or more, got {value}")
    if len(set(classes)) < len(classes):
        raise ValueError("a class is named twice among the classes to draw from")
    if len(classes) < ways:
        raise ValueError(f"{ways} ways need as many classes, got {len(classes)}")
    column = np.asarray(labels)
    rows = {label: np.flatnonzero(column == label) for label in classes}
    for label, own in rows.items():
        if len(own) < shots + queries:
            raise ValueError(
                f"class {label} has {len(own)} rows, and {shots} shots with {queries} queries need {shots + queries}"
            )
    chosen = np.empty((episodes, ways), np.int64)
    drawn = np.empty((episodes, ways, shots + queries), np.int64)
    for episode in range(episodes):
        draw = np.random.default_rng([seed, episode])
        chosen[episode] = draw.choice(np.asarray(classes), ways, replace=False)
        for way, label in enumerate(chosen[episode]):
            drawn[episode, way] = draw.choice(rows[int(label)], shots + queries, replace=False)
    support, asked = drawn[..., :shots], drawn[..., shots:]
    return Episodes(chosen, support.reshape(episodes, -1), asked.reshape(episodes, -1))
