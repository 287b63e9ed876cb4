"""The figures of a run that need no labels: how its ranking stands to what costs nothing, and how stable it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome, rank_correlation
from methods.anomaly.results import ranks

Floats = npt.NDArray[np.float64]
SELF = {"degree": "degree", "feature_norm": "norm", "forest": "forest", "autoencoder": "plain"}
"""A detector that stands beside all, and under which name."""
TRIVIAL = ("degree", "norm", "forest")


@dataclass(frozen=True)
class Figures:
    """What can be said of scores without knowing which nodes are anomalous.

    Attributes:
        flagged: how many nodes the run flags.
        spearman: rank correlation with each score beside, -1 to 1, by its name; without the detector's own, and without
            constant ones.
        shared: share of the flagged nodes that the score beside would flag too with the same budget, 0 to 1; where its own
            cut goes through equal scores, as expected with ties broken by chance.
        alone: share of the flagged nodes that no trivial score would flag.
        stability: median over all nodes of the deviation of a node's percentile over the views; None with one view.
        stability_flagged: the same over the flagged nodes.
        training: figures of the detector's own.
    """

    nodes: int
    links: int
    features: int
    flagged: int
    spearman: Mapping[str, float]
    shared: Mapping[str, float]
    alone: float
    stability: float | None = None
    stability_flagged: float | None = None
    training: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """As a run reports them."""
        found = {
            "nodes": float(self.nodes),
            "links": float(self.links),
            "features": float(self.features),
            "flagged": float(self.flagged),
            "flagged_alone": self.alone,
        }
        found |= {f"{name}_spearman": value for name, value in self.spearman.items()}
        found |= {f"flagged_by_{name}": value for name, value in self.shared.items()}
        if self.stability is not None and self.stability_flagged is not None:
            found["stability_median"] = self.stability
            found["stability_flagged"] = self.stability_flagged
        return found | dict(self.training)


def figures_of(
    detector: str, graph: Graph, outcome: Outcome, beside: Mapping[str, Floats], top: int
) -> Figures:
    """What a run's scores and those beside them come to.

    Args:
        beside: "degree", "norm" and "forest", (n,) each.
        top: how many nodes are flagged, 1 to n.
    """
    others = {**_plain(outcome), **beside}
    others.pop(SELF.get(detector, ""), None)
    varying = {name: each for name, each in others.items() if each.min() < each.max()}
    flags = ranks.flagged(outcome.score, top)
    too = {name: chances(each, top)[flags] for name, each in varying.items()}
    missed = [1 - each for name, each in too.items() if name in TRIVIAL]
    spread = _spread(outcome)
    return Figures(
        nodes=graph.nodes,
        links=graph.links,
        features=graph.x.shape[1],
        flagged=top,
        spearman={name: rank_correlation(outcome.score, each) for name, each in varying.items()},
        shared={name: float(each.mean()) for name, each in too.items()},
        alone=float(np.prod(missed, axis=0).mean()) if missed else 1.0,
        stability=None if spread is None else float(np.median(spread)),
        stability_flagged=None if spread is None else float(np.median(spread[flags])),
        training=outcome.figures,
    )


def chances(values: Floats, top: int) -> Floats:
    """How likely each node is among the `top` highest, ties broken by chance: 1 above the cut, 0 below it. (n,)."""
    edge = np.partition(values, len(values) - top)[len(values) - top]
    above, tied = values > edge, values == edge
    return np.asarray(above + tied * (top - above.sum()) / tied.sum(), dtype=np.float64)


def _plain(outcome: Outcome) -> dict[str, Floats]:
    """The error of the autoencoder without diffusion, where there is one."""
    if outcome.plain_attribute is None or outcome.plain_structure is None:
        return {}
    weight = outcome.alpha
    return {"plain": weight * outcome.plain_attribute + (1 - weight) * outcome.plain_structure}


def _spread(outcome: Outcome) -> Floats | None:
    views = outcome.percentiles
    return None if views is None or len(views) < 2 else views.std(axis=0, dtype=np.float64)
