"""What a detector says of a graph: a score a node, the two errors behind it, and what each is made of.

Numpy only, so that whoever reads results needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Measure = Literal["error", "evidence"]


@dataclass(frozen=True)
class View:
    """One scoring of all nodes.

    Attributes:
        repeat: which training from a fresh start, from 0.
        level: noise level of the content preservation, 0 to 499; None for an autoencoder alone, which adds no noise.
        draw: which draw of the noise, from 0.
    """

    repeat: int
    level: int | None
    draw: int


@dataclass(frozen=True)
class Reasons:
    """What the errors of each node are made of; every part is at least 0.

    With x the (scaled) features, xh their reconstruction, S the link counts, <H_i, H_v> the expected ones, a and b the two
    norms of a view, and means over all views:

    Attributes:
        feature: (n, d) float32, mean of (x_ij - xh_ij)^2 / a_i; its sum over j is `Outcome.attribute`. Features that
            are the same for all nodes have 0.
        expected: (n, d) float32, mean of xh in the features' own units; a constant feature expects its constant.
        link: (L,) float32, mean of (S_iv - <H_i, H_v>)^2 / b_i over the links in the order of `Graph.csr()`: by source,
            then target. What `Outcome.structure` has beyond its sum over a node's links is due to links that were
            expected and are absent (rounding may leave -1e-7 of it: clip).
        expected_link: (L,) float32, mean of <H_i, H_v>, links a pair.
        factors: (K, n, h) float32, H of K <= views evenly chosen views, for the absent links of a node on demand.
        structure_of: (K, n) float32, b in those views.
        unlike: (L,) float32, what of `link` is there because the features at its ends differ; None where nothing is.
    """

    feature: NDArray[np.float32]
    expected: NDArray[np.float32]
    link: NDArray[np.float32]
    expected_link: NDArray[np.float32]
    factors: NDArray[np.float32]
    structure_of: NDArray[np.float32]
    unlike: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a detector says of each node; higher is more anomalous.

    Where the measure is evidence, all errors and parts below are in nats instead, and the structure's hold the evidence of
    discordance too (`methods.anomaly.evidence`).

    Attributes:
        score: (n,) float64, what ranks by default.
        error: (n,) float64, alpha * attribute + (1 - alpha) * structure; None where a detector has no such parts.
        attribute, structure: (n,) float64, mean over the views of the norms a and b.
        plain_attribute, plain_structure: (n,) float64, the same of the autoencoder without diffusion.
        percentiles: (views, n) float32, of each view's error, 0 to 1 (mid-ranks).
        views: what each row of `percentiles` is.
        alpha: weight of the attributes, 0 to 1.
        reasons: what the errors are made of.
        measure: whether the parts are of the error, or of the evidence.
        figures: label-free facts of the training by name, finite.
        notes: what must be known before the scores are believed, in plain sentences.
    """

    score: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    attribute: NDArray[np.float64] | None = None
    structure: NDArray[np.float64] | None = None
    plain_attribute: NDArray[np.float64] | None = None
    plain_structure: NDArray[np.float64] | None = None
    percentiles: NDArray[np.float32] | None = None
    views: Sequence[View] = ()
    alpha: float = 0.5
    reasons: Reasons | None = None
    measure: Measure = "error"
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def percentiles_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of nodes below each, ties and itself by half: (n,) in (0, 1); a mean of 1/2 whatever the values."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(values)])
    result = np.empty(len(values))
    result[order] = np.repeat((starts + lengths / 2) / len(values), lengths)
    return result


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's, ties by mid-ranks; 0 where one side is constant."""
    one, other = (percentiles_of(values) - 0.5 for values in (first, second))
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else 0.0
