"""A graph as detectors read it: features and links, checked; labels are never looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from methods.anomaly.autoencoder.sparse import SparseMatrix, link_matrix, propagation
from methods.anomaly.autoencoder.structure import squared_rows
from methods.anomaly.evidence import Discordance, discordance
from methods.anomaly.graphs.graph import Csr, Graph
from methods.anomaly.scaling import FeatureScale
from methods.anomaly.settings import AutoencoderSettings, hidden_width


@dataclass(frozen=True)
class Prepared:
    """What training and scoring read of a graph.

    Attributes:
        features: (n, d') float32, scaled.
        scale: how they came about.
        spread: (n, d') float32, P X.
        propagate: P.
        links: `Graph.csr()`.
        counts: S.
        sources: (L,) int32, of each link.
        squares: (n,) float64, sum_v S_iv^2.
        hidden: h, width of the latents.
        discordance: of the features at both ends of links, where the settings ask for evidence.
    """

    features: Tensor
    scale: FeatureScale
    spread: Tensor
    propagate: SparseMatrix
    links: Csr
    counts: SparseMatrix
    sources: Tensor
    squares: Tensor
    hidden: int
    discordance: Discordance | None

    @property
    def nodes(self) -> int:
        return self.links.nodes


def prepare(
    data: Any,
    settings: AutoencoderSettings,
    device: torch.device,
    scale: FeatureScale | None = None,
) -> Prepared:
    """Read features and links, and nothing else, of a `Graph` or a PyTorch Geometric `Data`.

    Args:
        scale: of the graph that a model was trained on; measured here where it is None.

    Raises:
        ValueError: as of `Graph.from_pyg`, or the features are not those that a model was trained on.
    """
    graph = data if isinstance(data, Graph) else Graph.from_pyg(data)
    x = graph.x
    if scale is None:
        scale = FeatureScale.of(x, settings.scaling, settings.clip)
    elif x.shape[1] != len(scale.kept):
        raise ValueError(
            f"x: {x.shape[1]} features; the model was trained on {len(scale.kept)} features"
        )
    features = torch.from_numpy(scale.apply(x)).to(device)
    links = graph.csr()
    propagate, counts = propagation(links, device), link_matrix(links, device)
    return Prepared(
        features=features,
        scale=scale,
        spread=propagate @ features,
        propagate=propagate,
        links=links,
        counts=counts,
        sources=torch.from_numpy(links.sources()).to(device),
        squares=squared_rows(counts),
        hidden=hidden_width(x.shape[1], settings.hidden),
        discordance=discordance(x, links) if settings.combine == "evidence" else None,
    )
