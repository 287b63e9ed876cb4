"""One score, or several, against labels: AUC, average precision, precision and recall at a budget, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from methods.anomaly.evaluation.cells import Cells, Figures, cells, figures
from methods.intervals import Z95
from methods.roc import auc

Array = npt.NDArray[Any]

RESAMPLES = 1000
FEWEST_RESAMPLES = 200
WORK, PAIRED_WORK = 5_000_000, 20_000_000
"""Cells, and nodes, that a bootstrap may draw in all; where they are many it makes fewer resamples, down to `FEWEST_RESAMPLES`."""
AT_ONCE = 2_000_000
"""Cells whose counts are held in memory together."""
FEW = 20
"""With fewer positives the intervals are too wide for most conclusions, which is said."""
ENDS = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """A score against what is known.

    Attributes:
        positives, judged: nodes known to be anomalous, and nodes known either way.
        budget: how many judged nodes are looked at.
        auc: interval by Newcombe's method 5, which does not collapse where the groups are wholly apart (`methods.roc`).
        ap, precision, recall: percentile intervals of a bootstrap that draws positives and negatives apart; precision is None
            with a budget of 0. AP of a random order is about positives / judged.
        resamples: of the bootstrap.
        notes: what limits the figures.
    """

    positives: int
    judged: int
    budget: float
    auc: Interval
    ap: Interval
    precision: Interval | None
    recall: Interval
    resamples: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """The figures of a score without their intervals; precision is None with a budget of 0."""

    auc: float
    ap: float
    precision: float | None
    recall: float


@dataclass(frozen=True)
class Difference:
    """First score minus another, on the same nodes: above 0 the first is better."""

    auc: Interval
    ap: Interval
    recall: Interval


def judge(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    budget: float,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Judgement:
    """One score against labels.

    Args:
        scores: (n,) finite, higher is more anomalous.
        labels: (n,) 1 anomalous, 0 not, -1 not known (left out).
        budget: how many of the judged nodes are looked at, for precision and recall; recall at k with k the number of positives is
            the benchmarks' usual choice.

    Raises:
        ValueError: lengths differ, a value that is not allowed, or no positive or no negative among the judged.
    """
    values, truth = _known(scores, labels)
    found = cells(values, truth)
    limit = _budget(budget, len(truth))
    rounds = _rounds(resamples, WORK, len(found.positives))
    measured = _row(found, limit)
    drawn = _resampled(found, limit, rounds, np.random.default_rng(seed))
    area = auc(values, truth)
    assert area is not None  # both groups are there
    ap, precision, recall = (_interval(measured[i], drawn[i]) for i in (1, 2, 3))
    return Judgement(
        positives=int(truth.sum()),
        judged=len(truth),
        budget=limit,
        auc=Interval(area.value, area.low, area.high),
        ap=ap,
        precision=precision if limit else None,
        recall=recall,
        resamples=rounds,
        notes=_notes(truth),
    )


def point(scores: npt.ArrayLike, labels: npt.ArrayLike, budget: float) -> Point:
    """The figures of `judge` without their intervals, which take most of its time."""
    values, truth = _known(scores, labels)
    limit = _budget(budget, len(truth))
    auc, ap, precision, recall = _row(cells(values, truth), limit)
    return Point(auc, ap, precision if limit else None, recall)


def compare(
    scores: Mapping[str, npt.ArrayLike],
    labels: npt.ArrayLike,
    budget: float,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """The first score minus each of the others, on resamples that all share.

    Args:
        scores: two or more of (n,) by name.

    Returns:
        by the names of the others.

    Raises:
        ValueError: as `judge`, or fewer than two scores.
    """
    if len(scores) < 2:
        raise ValueError(f"compare: two scores or more are needed, got {len(scores)}")
    names = list(scores)
    known = [_known(scores[name], labels) for name in names]
    truth = known[0][1]
    limit = _budget(budget, len(truth))
    groups = [cells(values, truth) for values, _ in known]
    points = [np.array(_row(group, limit)) for group in groups]
    rounds = _rounds(resamples, PAIRED_WORK, len(truth))
    draw = np.random.default_rng(seed)
    drawn = np.empty((len(names), 4, rounds))
    for number in range(rounds):
        chosen = [
            draw.choice(side, len(side)) for side in (np.flatnonzero(truth), np.flatnonzero(~truth))
        ]
        for place, group in enumerate(groups):
            size = len(group.positives)
            counts = [np.bincount(group.of[side], minlength=size)[None] for side in chosen]
            drawn[place, :, number] = np.array(figures(counts[0], counts[1], limit))[:, 0]
    return {
        name: Difference(
            *(
                _interval(points[0][i] - points[place][i], drawn[0, i] - drawn[place, i])
                for i in (0, 1, 3)
            )
        )
        for place, name in enumerate(names)
        if place
    }


def delong(first: npt.ArrayLike, other: npt.ArrayLike, labels: npt.ArrayLike) -> Interval:
    """AUC of one score minus that of another on the same nodes, with the interval of DeLong et al. 1988: fast at any n.

    Sun and Xu, "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters 21 (2014), 1389.

    Raises:
        ValueError: as `judge`.
    """
    placed = []
    for scores in (first, other):
        values, truth = _known(scores, labels)
        placed.append(_placements(values, truth))
    gap = float(placed[0][0].mean() - placed[1][0].mean())
    variance = sum(
        float(np.var(one - two, ddof=1)) / len(one) if len(one) > 1 else 0.0
        for one, two in zip(*placed, strict=True)
    )
    half = Z95 * variance**0.5
    return Interval(gap, max(-1.0, gap - half), min(1.0, gap + half))


def _placements(values: Array, truth: Array) -> tuple[Array, Array]:
    """Share of the negatives below each positive, and of the positives above each negative, ties half."""
    shares = []
    for mine, theirs in ((truth, ~truth), (~truth, truth)):
        ordered = np.sort(values[theirs])
        sides = [np.searchsorted(ordered, values[mine], side) for side in ("left", "right")]
        shares.append((sides[0] + sides[1]) / (2 * len(ordered)))
    return shares[0], 1 - shares[1]


def _rounds(asked: int, work: int, size: int) -> int:
    """Resamples that the work allows, each of `size`."""
    return min(asked, max(FEWEST_RESAMPLES, work // size))


def _known(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """The scores of the nodes that are known, and which of them are anomalous."""
    values, marks = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if values.ndim != 1 or values.shape != marks.shape:
        raise ValueError(
            f"scores and labels: one each a node, got {values.shape} and {marks.shape}"
        )
    wrong = ~np.isin(marks, (-1, 0, 1))
    if wrong.any():
        at = int(wrong.argmax())
        raise ValueError(f"labels: 1, 0 or -1 (not known) is allowed, node {at} has {marks[at]}")
    judged = marks >= 0
    bad = judged & ~np.isfinite(values)
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"scores: finite numbers are allowed, node {at} has {values[at]}")
    truth = marks[judged] == 1
    for kind, there in (("anomalous", truth.any()), ("normal", (~truth).any())):
        if not there:
            raise ValueError(
                f"labels: of {len(truth)} judged nodes none is {kind}; both kinds are needed to judge a score"
            )
    return values[judged], truth


def _budget(budget: float, judged: int) -> float:
    if not 0 <= budget:
        raise ValueError(f"budget: 0 or more nodes are allowed, got {budget:g}")
    return float(min(budget, judged))


def _row(found: Cells, budget: float) -> list[float]:
    return [
        float(value[0]) for value in figures(found.positives[None], found.negatives[None], budget)
    ]


def _resampled(found: Cells, budget: float, rounds: int, draw: np.random.Generator) -> Array:
    """Figures of resamples, (4, rounds); as many at a time as `WORK` allows."""
    size = len(found.positives)
    step = max(1, AT_ONCE // size)
    parts: list[Figures] = []
    for start in range(0, rounds, step):
        rows = min(step, rounds - start)
        counts = [
            draw.multinomial(int(side.sum()), side / side.sum(), size=rows).astype(float)
            for side in (found.positives, found.negatives)
        ]
        parts.append(figures(counts[0], counts[1], budget))
    return np.concatenate([np.array(part) for part in parts], axis=1)


def _interval(value: float, drawn: Array) -> Interval:
    if np.isnan(drawn).any():
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.percentile(drawn, ENDS)
    return Interval(float(value), float(low), float(high))


def _notes(truth: Array) -> tuple[str, ...]:
    positives, negatives = int(truth.sum()), int((~truth).sum())
    found = []
    if positives < FEW:
        known = "1 node is" if positives == 1 else f"only {positives} nodes are"
        found.append(
            f"{known} known to be anomalous: the intervals are wide, and differences mean little"
        )
    if negatives < FEW:
        known = "1 node is" if negatives == 1 else f"only {negatives} nodes are"
        found.append(f"{known} known to be normal: the figures say little about the rest")
    return tuple(found)
