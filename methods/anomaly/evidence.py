"""Evidence: errors of different kinds brought to one scale, and how unlike its neighbours a node is.

A percentile P of an error among all nodes is an empirical p-value, 1 - P. Fisher's method (Statistical Methods for Research
Workers, 1925, section 21.1) adds the logarithms of independent ones:

    evidence    e = -ln(1 - P), nats; its mean over the nodes is about 1, whatever the error's unit and spread;
                e = 0 of an error of 0, which every node reaches (p = 1)
    score       alpha * e(a) + (1 - alpha) * (e(b) + e(u))

with a and b the errors of attributes and structure and u the discordance of a node with those it links to, the mean of
1 - cos over its links of the z-scored features. The errors are not independent, so the sum is no p-value; it ranks. Each term
is shared out over features and links as the error itself is, so all parts still add up to the score.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from methods.anomaly.graphs.graph import Csr
from methods.anomaly.outcome import Outcome, Reasons, percentiles_of
from methods.anomaly.scaling import FeatureScale

CLIP = 10.0
"""Largest z-score that a cosine reads, in deviations."""
VALUES = 1 << 21
"""Features at the ends of links that are held at a time."""
STEPS = float(1 << 20)
"""A cosine is told apart to 1 / STEPS: float32 leaves no more of it, and sums of such numbers are exact in any order, so
that nodes with equal neighbours tie."""


class Discordance(NamedTuple):
    """How unlike those it links to each node is.

    Attributes:
        evidence: (n,) float64, nats, among the nodes that link to others; 0 for the rest, of which nothing is known, and for
            those that are just like all they link to.
        link: (L,) float32, what each link has in it, in the order of `Graph.csr()`; their sum is the node's.
    """

    evidence: NDArray[np.float64]
    link: NDArray[np.float32]


def evidence_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """-ln(1 - P) of each, nats, with P its mid-rank percentile among all; 0 of a 0. (n,).

    Args:
        values: (n,), at least 0.
    """
    return np.where(values > 0, -np.log1p(-percentiles_of(values)), 0.0)


def unlikeness(x: NDArray[np.float32], links: Csr) -> NDArray[np.float32]:
    """1 - cos of the z-scored features at both ends of each link, 0 to 2; 0 of a link with itself. (L,).

    A node whose z-scores are all 0 has a cosine of 0 with all but its like.
    """
    scaled = FeatureScale.of(x, "zscore", CLIP).apply(x)
    lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
    scaled /= np.where(lengths > 0, lengths, 1)[:, None]
    sources, targets = links.sources(), links.indices
    found = np.empty(len(targets), np.float32)
    rows = max(1, VALUES // scaled.shape[1])
    for start in range(0, len(targets), rows):
        part = slice(start, start + rows)
        cosines = np.einsum("ij,ij->i", scaled[sources[part]], scaled[targets[part]])
        found[part] = np.clip(np.rint((1 - cosines) * STEPS) / STEPS, 0, 2)
    same = (sources == targets) | ((lengths[sources] == 0) & (lengths[targets] == 0))
    found[same] = 0
    return found


def discordance(x: NDArray[np.float32], links: Csr) -> Discordance:
    """How unlike those it links to each node is, and which links say so.

    Args:
        x: (n, d) features in any units.
    """
    unlike, sources = unlikeness(x, links), links.sources()
    others = np.bincount(sources[sources != links.indices], minlength=links.nodes)
    sums = np.bincount(sources, weights=unlike, minlength=links.nodes).astype(np.float64)
    linked = others > 0
    evidence = np.zeros(links.nodes)
    if linked.any():
        evidence[linked] = evidence_of(sums[linked] / others[linked])
    link = unlike * _ratio(evidence, sums)[sources]
    return Discordance(evidence, link.astype(np.float32))


def combined(
    attribute: NDArray[np.float64],
    structure: NDArray[np.float64],
    unlike: NDArray[np.float64],
    alpha: float,
) -> NDArray[np.float64]:
    """The score of two errors and the evidence of discordance, (n,), nats."""
    return alpha * evidence_of(attribute) + (1 - alpha) * (evidence_of(structure) + unlike)


def as_evidence(outcome: Outcome, found: Discordance, sources: NDArray[np.int32]) -> Outcome:
    """An outcome of errors in nats: each part is shared out as before, and all of them sum to the new score.

    Args:
        outcome: one with parts.
        sources: (L,) of each link.
    """
    assert outcome.attribute is not None
    assert outcome.structure is not None
    alpha = outcome.alpha
    attribute, structure = evidence_of(outcome.attribute), evidence_of(outcome.structure)
    reasons = outcome.reasons and _shared_out(
        outcome.reasons,
        _ratio(attribute, outcome.attribute),
        _ratio(structure, outcome.structure),
        found,
        sources,
    )
    score = alpha * attribute + (1 - alpha) * (structure + found.evidence)
    plain_attribute, plain_structure = outcome.plain_attribute, outcome.plain_structure
    return replace(
        outcome,
        score=score,
        error=score,
        attribute=attribute,
        structure=structure + found.evidence,
        plain_attribute=None if plain_attribute is None else evidence_of(plain_attribute),
        plain_structure=None
        if plain_structure is None
        else evidence_of(plain_structure) + found.evidence,
        reasons=reasons,
        measure="evidence",
    )


def _ratio(new: NDArray[np.float64], old: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats a unit of error, (n,); where there is no error there is no evidence of it."""
    return np.where(old > 0, new / np.where(old > 0, old, 1), 0)


def _shared_out(
    reasons: Reasons,
    attribute: NDArray[np.float64],
    structure: NDArray[np.float64],
    found: Discordance,
    sources: NDArray[np.int32],
) -> Reasons:
    """The parts in nats; `attribute` and `structure` say how many nats a unit of error has at each node."""
    wide = structure.astype(np.float32)
    divided = reasons.structure_of / np.where(wide > 0, wide, 1)
    return replace(
        reasons,
        feature=reasons.feature * attribute.astype(np.float32)[:, None],
        link=reasons.link * wide[sources] + found.link,
        unlike=found.link,
        # An absent link's part is <H_i, H_v>^2 / b: the same in nats.
        structure_of=divided.astype(np.float32),
    )
