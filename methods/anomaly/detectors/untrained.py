"""Evidence without any training: feature norm, number of links and discordance, each as -ln(1 - percentile).

What a trained detector's evidence has to be told apart from: the same sum, with errors of a model in place of the two counts.
"""

from __future__ import annotations

import numpy as np

from methods.anomaly.detectors.trivial import feature_norm, link_counts
from methods.anomaly.evidence import as_evidence, discordance
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome, Reasons
from methods.anomaly.scaling import FeatureScale


def untrained_evidence(graph: Graph, alpha: float = 0.5) -> Outcome:
    """Score nodes by how long their features are, how many links they have, and how unlike those they link to they are.

    Its parts are as exact as those of a model: a feature has its share of the squared norm, a link an equal share of the
    count and what is unlike at its end. Nothing is expected of a link, so none is surprising and none is missing.

    Args:
        alpha: weight of the features, 0 to 1.
    """
    links, sources = graph.csr(), graph.csr().sources()
    norm, degree = feature_norm(graph.x), link_counts(links.indptr)
    scale = FeatureScale.of(graph.x, "zscore", 0.0)
    squares = scale.apply(graph.x) ** 2
    parts = squares / np.where(norm > 0, norm, 1).astype(np.float32)[:, None]
    typical = np.broadcast_to(scale.centre.astype(np.float32), graph.x.shape)
    outcome = Outcome(
        score=norm,
        attribute=norm,
        structure=degree,
        alpha=alpha,
        reasons=Reasons(
            feature=scale.spread_out(parts),
            expected=typical,
            link=np.ones(len(sources), np.float32),
            expected_link=links.weights,
            factors=np.zeros((1, graph.nodes, 1), np.float32),
            structure_of=np.ones((1, graph.nodes), np.float32),
        ),
    )
    return as_evidence(outcome, discordance(graph.x, links), sources)
