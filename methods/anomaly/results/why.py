"""Why a node has its error: features, links and missing links whose parts are not negative and sum to it.

With weight w, and attribute error a and structure error b of the node (means over the views):

    error = w a + (1 - w) b        a = sum of the features' parts        b = sum over its links + what is missing
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from methods.anomaly.results import ranks
from methods.anomaly.results.absent import absent_links
from methods.anomaly.results.cut import Cut
from methods.anomaly.results.mapped import Array
from methods.anomaly.results.sentence import sentence
from methods.anomaly.results.writing import BESIDE

FEATURES, LINKS, ABSENT = 12, 12, 8
"""How many of each are listed unless asked otherwise; the rest is summed."""

Facts = dict[str, Any]


def why(
    cut: Cut, position: int, *, features: int = FEATURES, links: int = LINKS, absent: int = ABSENT
) -> Facts:
    """All that explains one node, as plain JSON values.

    Args:
        features, links, absent: how many to list at most.

    Returns:
        node: its row, with rank, percentile, flagged and flagged neighbours at this cut.
        weight, error, attribute_part, structure_part: error = attribute_part + structure_part, None of a detector without;
            measure says whether they are of the error itself or of its evidence, in nats.
        modelled: whether a model says what is expected; without one it is the mean of all nodes, and nothing of links.
        features: name, unit, part, observed, expected, residual (observed - expected), quantile (0..1 among all nodes) and
            neighbours_mean of the largest parts; where the detector gives none, of the values farthest from the median.
        features_rest: what the other features add; links_rest: the other links.
        links: position, name, part, count (how often the link is there), expected, percentile and flagged of a neighbour,
            unlike (what of the part is there because the neighbour's features differ; None where that is no part).
        unlike: the same of all its links together.
        absent: part (of all links that are not there), links (position, name, part, expected), itself, exact.
        plain: error of the plain autoencoder, and the difference that diffusion makes.
        views: each view's percentile. peers: nodes with about as many links. second: other scores' percentiles.
        sentence: the same in words.

    Raises:
        ValueError: there is no such node.
    """
    results, graph = cut.results, cut.results.graph
    results.check(position)
    scores, weight = results.scores, cut.weight
    found: Facts = {
        "node": cut.place(position),
        "detector": results.detector,
        "nodes": graph.nodes,
        "directed": graph.directed,
        "weight": weight,
        "measure": results.measure,
        "modelled": results.modelled,
        "error": None if cut.error is None else float(cut.error[position]),
        "attribute_part": None,
        "structure_part": None,
    }
    if results.has_parts:
        found["attribute_part"] = weight * float(scores["attribute"][position])
        found["structure_part"] = (1 - weight) * float(scores["structure"][position])
    found |= _features(cut, position, features)
    found |= _links(cut, position, links)
    found["absent"] = _absent(cut, position, absent)
    found["plain"] = _plain(cut, position)
    found["views"] = _views(cut, position)
    found["peers"] = _peers(cut, position)
    found["second"] = [
        {"name": name, "percentile": float(scores[f"{name}_percentile"][position])}
        for name in BESIDE
        if f"{name}_percentile" in scores
    ]
    found["sentence"] = sentence(found)
    return found


def _features(cut: Cut, position: int, limit: int) -> Facts:
    """The features with the largest parts; of a detector without parts those with the most unusual values."""
    graph, reasons = cut.results.graph, cut.results.reasons
    observed = np.asarray(graph.x[position], dtype=np.float64)
    quantiles = [graph.quantile(j, value) for j, value in enumerate(observed)]
    parts = (
        None if reasons is None else cut.weight * np.asarray(reasons["feature"][position], float)
    )
    strength = np.abs(np.array(quantiles) - 0.5) if parts is None else parts
    order = np.argsort(-strength, kind="stable")[:limit]
    near = graph.x[graph.neighbours(position)]
    means = near.mean(axis=0, dtype=np.float64) if len(near) else None
    found = []
    for j in order.tolist():
        expected = None if reasons is None else float(reasons["expected"][position, j])
        found.append(
            {
                "name": graph.features[j].name,
                "unit": graph.features[j].unit,
                "part": None if parts is None else float(parts[j]),
                "observed": float(observed[j]),
                "expected": expected,
                "residual": None if expected is None else float(observed[j]) - expected,
                "quantile": quantiles[j],
                "neighbours_mean": None if means is None else float(means[j]),
            }
        )
    rest = None if parts is None else float(np.delete(parts, order).sum())
    return {"features": found, "features_rest": rest}


def _links(cut: Cut, position: int, limit: int) -> Facts:
    """The links of a node with the largest parts; of a detector without parts those to the highest scores."""
    graph, reasons = cut.results.graph, cut.results.reasons
    span = graph.out.span(position)
    neighbours = graph.out.of(position)
    parts = None if reasons is None else (1 - cut.weight) * np.asarray(reasons["link"][span], float)
    unlike = _unlike(cut, span)
    strength = cut.values[neighbours] if parts is None else parts
    order = np.argsort(-strength, kind="stable")[:limit]
    percentiles = cut.percentiles(neighbours[order]).tolist()
    found = []
    for place, percentile in zip(order.tolist(), percentiles, strict=True):
        neighbour = int(neighbours[place])
        at = span.start + place
        found.append(
            {
                "position": neighbour,
                "name": graph.name(neighbour),
                "part": None if parts is None else float(parts[place]),
                "unlike": None if unlike is None else float(unlike[place]),
                "count": float(graph.weights[at]),
                "expected": None if reasons is None else float(reasons["expected_link"][at]),
                "percentile": percentile,
                "flagged": bool(cut.flags[neighbour]),
            }
        )
    rest = None if parts is None else float(np.delete(parts, order).sum())
    apart = None if unlike is None else float(unlike.sum())
    return {"links": found, "links_rest": rest, "unlike": apart}


def _unlike(cut: Cut, span: slice) -> Array | None:
    reasons = cut.results.reasons
    if reasons is None or "unlike" not in reasons:
        return None
    found: Array = (1 - cut.weight) * np.asarray(reasons["unlike"][span], float)
    return found


def _absent(cut: Cut, position: int, limit: int) -> Facts:
    """Links that are not there: what they add in all, and the largest."""
    results, rest = cut.results, 1 - cut.weight
    if results.reasons is None:
        return {"part": None, "links": [], "itself": None, "exact": False}
    present = np.asarray(results.reasons["link"][results.graph.out.span(position)], float).sum()
    missing = absent_links(results, position, limit)
    links = [
        {
            "position": link.position,
            "name": results.graph.name(link.position),
            "part": rest * link.part,
            "expected": link.expected,
        }
        for link in missing.links
    ]
    own = missing.itself
    return {
        # Rounding in single precision must not make it negative where every link is there.
        "part": rest * max(0.0, float(results.scores["structure"][position] - present)),
        "links": links,
        "itself": own and {"part": rest * own.part, "expected": own.expected},
        "exact": missing.exact,
    }


def _plain(cut: Cut, position: int) -> Facts | None:
    scores = cut.results.scores
    if cut.error is None or "plain_attribute" not in scores:
        return None
    attribute, structure = (
        float(scores[name][position]) for name in ("plain_attribute", "plain_structure")
    )
    error = cut.weight * attribute + (1 - cut.weight) * structure
    return {"error": error, "difference": float(cut.error[position]) - error}


def _views(cut: Cut, position: int) -> list[Facts]:
    scores = cut.results.scores
    if "view_percentiles" not in scores:
        return []
    return [
        {**asdict(view), "percentile": float(value)}
        for view, value in zip(cut.results.views, scores["view_percentiles"][position], strict=True)
    ]


def _peers(cut: Cut, position: int) -> Facts:
    """How nodes with about as many links fare: those of the same power of two."""
    degree = cut.results.scores["degree"]
    low, high = ranks.bin_ends(int(ranks.degree_bins(degree[position : position + 1])[0]))
    members: Array = (degree >= low) & (degree <= high)
    values = cut.values[members]
    return {
        "low": low,
        "high": high,
        "number": len(values),
        "percentile": ranks.percentile_of(values, cut.values[position]),
        "median_error": None if cut.error is None else float(np.median(cut.error[members])),
    }
