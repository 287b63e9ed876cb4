"""From what was gathered to an `Outcome`: the score, the figures of the training, and what must be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.anomaly.evidence import as_evidence
from methods.anomaly.gathering import Gathering
from methods.anomaly.outcome import Outcome, percentiles_of, rank_correlation
from methods.anomaly.prepared import Prepared
from methods.anomaly.settings import AutoencoderSettings

SMALLEST_SPREAD = 1e-2
"""Deviation of the latents, in deviations of the features, below which they are one point."""
LARGEST_CORRELATION = 0.99
"""Of an error's ranks with those of what needs no training, above which nothing was learnt that ranks show: the error of nodes
rebuilt as their mean, or of factors H = 0."""
FEW_NODES = 50


def close(
    graph: Prepared,
    settings: AutoencoderSettings,
    gathered: Gathering,
    plain: Gathering,
    latent_deviations: Sequence[float],
) -> Outcome:
    """Put the means of all views together.

    Args:
        plain: the autoencoder's own views; `gathered` itself where there is no diffusion.
        latent_deviations: of each repeat, `deviation` of its latents.
    """
    attribute, structure = gathered.mean("attribute"), gathered.mean("structure")
    error = settings.alpha * attribute + (1 - settings.alpha) * structure
    percentiles = gathered.percentiles()
    found = Outcome(
        score=percentiles.mean(0, dtype=np.float64) if settings.combine == "ranks" else error,
        error=error,
        attribute=attribute,
        structure=structure,
        plain_attribute=plain.mean("attribute"),
        plain_structure=plain.mean("structure"),
        percentiles=percentiles,
        views=gathered.views,
        alpha=settings.alpha,
        reasons=gathered.reasons(),
    )
    figures = _figures(graph, found, latent_deviations)
    if graph.discordance is not None:
        found = as_evidence(found, graph.discordance, graph.links.sources())
    return replace(found, figures=figures, notes=tuple(_notes(graph, figures)))


def _figures(
    graph: Prepared, found: Outcome, latent_deviations: Sequence[float]
) -> dict[str, float]:
    """Label-free facts of what was trained; of the errors themselves, whatever is made of them."""
    figures = {"latent_spread": min(latent_deviations) / (deviation(graph.features) or 1.0)}
    if found.alpha > 0:
        assert found.attribute is not None
        assert found.plain_attribute is not None
        away = distances(graph)
        figures["distance_spearman"] = rank_correlation(found.attribute, away)
        figures["plain_distance_spearman"] = rank_correlation(found.plain_attribute, away)
    if found.alpha < 1:
        assert found.structure is not None
        counted = graph.squares.cpu().numpy()
        figures["links_agreement"] = agreement(found.structure, counted)
    return figures


def agreement(values: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """Spearman's correlation as a share of the most that ties among the counts allow: 1 where a higher count is never passed.

    0 where all counts are the same.
    """
    one, other = (percentiles_of(each) - 0.5 for each in (values, counts))
    most = float(other @ other)
    return float(one @ other) / most if most > 0 else 0.0


def distances(graph: Prepared) -> NDArray[np.float64]:
    """(n,) how far each node's scaled features lie from their mean."""
    features = graph.features
    centre = features.mean(0, dtype=torch.float64).to(features.dtype)
    lengths = torch.linalg.vector_norm(features - centre, dim=1)
    result: NDArray[np.float64] = lengths.double().cpu().numpy()
    return result


def deviation(values: Tensor) -> float:
    """Root mean variance of the columns of (n, k) values."""
    return float(values.var(0, correction=0).double().mean().sqrt())


def _notes(graph: Prepared, figures: dict[str, float]) -> list[str]:
    notes = []
    left_out = int((~graph.scale.kept).sum())
    if left_out:
        what = "1 feature is" if left_out == 1 else f"{left_out} features are"
        notes.append(f"{what} the same for all nodes and left out.")
    if graph.nodes < FEW_NODES:
        notes.append(f"Only {graph.nodes} nodes: ranks among so few say little.")
    if figures["latent_spread"] < SMALLEST_SPREAD:
        notes.append(
            f"The autoencoder collapsed: its latents spread {figures['latent_spread']:.2g} times as far as the features. "
            "Less weight decay or another learning rate may help."
        )
    distance = figures.get("distance_spearman", 0.0)
    if distance > LARGEST_CORRELATION:
        notes.append(
            f"The attribute error ranks like the distance from the mean features (Spearman {distance:.3f}): "
            "the links have added nothing to it. Less weight decay or another learning rate may help."
        )
    links = figures.get("links_agreement", 0.0)
    if links > LARGEST_CORRELATION:
        notes.append(
            f"The structure error ranks like the number of links (agreement {links:.3f} of 1): "
            "who links to whom has added next to nothing to it."
        )
    return notes
