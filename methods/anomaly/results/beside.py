"""Several detectors on one graph: how far they agree, and where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from methods.anomaly.results import ranks
from methods.anomaly.results.files import Results

DISAGREEMENTS = 30


def difference_of_graphs(first: Results, other: Results) -> str:
    """Why two detections cannot be set beside each other; "" where they can."""
    one, two = first.graph, other.graph
    if one.fingerprint == two.fingerprint:
        return ""
    if one.nodes != two.nodes:
        return f"they scored different graphs: {one.nodes:,} nodes of {one.source} and {two.nodes:,} of {two.source}"
    return f"they scored different graphs, {one.source} and {two.source}: features, links or names differ"


def beside(detections: Sequence[Results], top: int) -> dict[str, Any]:
    """How detections of one graph rank its nodes, as plain JSON values.

    Args:
        top: how many nodes each flags, 1 to n.

    Returns:
        top; spearman: rank correlations of all nodes' scores (None where one of them gives every node the same); overlap: how many
        nodes two have in common among the first `top`; disagreements: position, node_id, name and percentiles (one each
        detection) of nodes that one of them flags and another ranks lowest, the widest gaps first.

    Raises:
        ValueError: the graphs differ, or `top` is more than there are nodes.
    """
    for other in detections[1:]:
        reason = difference_of_graphs(detections[0], other)
        if reason:
            raise ValueError(reason)
    graph = detections[0].graph
    shares = np.stack([each.scores["percentile"] for each in detections])
    flags = np.stack([ranks.flagged(each.scores["score"], top) for each in detections])
    overlap = flags.astype(np.int64) @ flags.T.astype(np.int64)
    gaps = np.where(flags.any(axis=0), np.ptp(shares, axis=0), 0.0)
    order = np.argsort(-gaps, kind="stable")[:DISAGREEMENTS]
    return {
        "top": top,
        "spearman": spearman(shares),
        "overlap": overlap.tolist(),
        "disagreements": [
            {
                "position": one,
                "node_id": graph.node_id(one),
                "name": graph.name(one),
                "percentiles": shares[:, one].tolist(),
                "flagged": flags[:, one].tolist(),
            }
            for one in order[gaps[order] > 0].tolist()
        ],
    }


def spearman(percentiles: np.ndarray[Any, Any]) -> list[list[float | None]]:
    """Rank correlations with ties: Pearson's of the mid-rank percentiles. (k, n) -> k x k, None without any spread."""
    centred = percentiles - percentiles.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=1))
    products = centred @ centred.T
    return [
        [
            None
            if not lengths[i] or not lengths[j]
            else min(1.0, max(-1.0, float(products[i, j] / (lengths[i] * lengths[j]))))
            for j in range(len(lengths))
        ]
        for i in range(len(lengths))
    ]
