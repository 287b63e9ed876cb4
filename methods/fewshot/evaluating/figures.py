"""Accuracies and their differences, paired over test pictures and support draws, with intervals over both at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from methods.fewshot.episodes.paired import mcnemar
from methods.intervals import wilson_interval

Floats = npt.NDArray[np.float64]
Right = npt.NDArray[np.bool_]
DRAWS = 2000
ENDS = (0.025, 0.975)
CHUNK = 100
"""Resamplings at a time: of all at once, as floats, 10,000 pictures would fill memory."""


@dataclass(frozen=True)
class Interval:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """What a refinement changes against the whole picture: by how much, and for which pictures.

    `fixed` and `broken`: pictures that are right in more, or fewer, draws. `p`: exact McNemar (a sign test) on them.
    """

    difference: Interval
    fixed: int
    broken: int
    p: float


class Resampling:
    """A bootstrap that draws test pictures and support draws again, each with replacement (Owen 2007, "The pigeonhole bootstrap").

    The same resamplings serve every figure, so that differences are paired. With one draw it is the bootstrap over pictures.

    Args:
        draws, pictures: how many there are, 1 or more.
        seed: 0 or more.
    """

    def __init__(self, draws: int, pictures: int, seed: int) -> None:
        generator, self._shape = np.random.default_rng(seed), (draws, pictures)
        self._weights = [
            tuple(
                generator.multinomial(n, np.full(n, 1 / n), min(CHUNK, DRAWS - start)).astype(
                    np.int16
                )
                for n in (draws, pictures)
            )
            for start in range(0, DRAWS, CHUNK)
        ]

    def intervals(self, values: Floats) -> list[Interval]:
        """Of the mean of each of F figures.

        Args:
            values: (F, draws, pictures); a figure that does not depend on the draw has the same values in each.
        """
        draws, pictures = self._shape
        means = []
        for of_draws, of_pictures in self._weights:
            inner = np.tensordot(values, of_pictures.astype(np.float64), axes=(2, 1))  # (F, S, b)
            means.append(np.einsum("fsb,bs->fb", inner, of_draws) / (draws * pictures))
        ends = np.quantile(np.concatenate(means, axis=1), ENDS, axis=1)  # (2, F)
        return [
            Interval(float(each.mean()), float(low), float(high))
            for each, low, high in zip(values, *ends, strict=True)
        ]


def accuracies(right: Right, resampling: Resampling) -> list[Interval]:
    """Accuracy of each of F arms; where every answer is right, or none, a bootstrap says nothing, and the interval is Wilson's.

    Args:
        right: (F, draws, pictures).
    """
    found = resampling.intervals(right.astype(np.float64))
    pictures = right.shape[2]
    return [
        Interval(each.mean, *wilson_interval(round(each.mean) * pictures, pictures))
        if each.mean in (0.0, 1.0)
        else each
        for each in found
    ]


def changes(before: Right, after: Right, resampling: Resampling) -> list[Change]:
    """What each of F arms changes.

    Where no answer changes a bootstrap says nothing: as many pictures might gain, or lose, as Wilson's interval of none allows.

    Args:
        before: (draws, pictures), the same arm on the whole picture.
        after: (F, draws, pictures).
    """
    gains = after.astype(np.float64) - before.astype(np.float64)
    pictures = gains.shape[2]
    _, most = wilson_interval(0, pictures)
    return [
        Change(
            interval if gain.any() else Interval(0.0, -most, most),
            fixed=int((gain.sum(axis=0) > 0).sum()),
            broken=int((gain.sum(axis=0) < 0).sum()),
            p=mcnemar(np.zeros(pictures), gain.sum(axis=0)),
        )
        for gain, interval in zip(gains, resampling.intervals(gains), strict=True)
    ]
