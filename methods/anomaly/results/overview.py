"""All nodes at once: how the scores are spread, what drives the flagged nodes, and which of them hang together."""

from __future__ import annotations

from typing import Any

import numpy as np

from methods.anomaly.results.cut import Cut
from methods.anomaly.results.mapped import Array

BINS = 60
DRIVERS = 20
CLUSTERS, MEMBERS = 30, 60
"""Clusters that are listed, the largest first, and members of each that are named."""
LONG_TAIL = 20
"""From this ratio of the largest value to the median on, bins are even in the logarithm."""
BLOCK = 1 << 14
LINKS, UNLIKE, MISSING = "links", "unlike neighbours", "missing links"


def overview(cut: Cut) -> dict[str, Any]:
    """The whole population at a cut, as plain JSON values.

    Returns:
        nodes, links, directed, source, detector, measure (of the parts: "error", or "evidence" in nats), features [{name, unit}], top, weight (of the explanations), asked (None: ranked by
        the run's own score), threshold (lowest flagged value), has_parts, has_reasons, has_labels, alpha.
        histogram: edges (bins + 1), counts, flagged (of each bin), scale "linear" or "log", of: "weighted" under a moved weight, else
            "error" where the detector has one (mean percentiles are spread evenly by construction), else "score".
        drivers: kind ("feature", "links", "unlike" (what of the links is there because their ends differ) or "missing"), name, unit, share (mean over the flagged nodes of the part of the error or evidence;
            they sum to 1 over all drivers; None without reasons), flagged_median, median.
        clusters: size, positions, names of flagged nodes that hang together by links among themselves, two or more; the members with
            the highest values first.
        alone: flagged nodes without a flagged neighbour.
        views: how many repeats, levels and draws were averaged.
        notes: level and text.
    """
    results, graph = cut.results, cut.results.graph
    clusters, alone = clusters_of(cut)
    views = results.views
    return {
        "nodes": graph.nodes,
        "links": graph.links,
        "directed": graph.directed,
        "source": graph.source,
        "detector": results.detector,
        "measure": results.measure,
        "features": [{"name": each.name, "unit": each.unit} for each in graph.features],
        "top": cut.top,
        "weight": cut.weight,
        "asked": cut.asked,
        "alpha": results.alpha,
        "threshold": cut.threshold,
        "histogram": spread(cut),
        "drivers": drivers(cut),
        "clusters": clusters,
        "alone": alone,
        "views": {
            "repeats": len({view.repeat for view in views}),
            "levels": len({view.level for view in views}),
            "draws": len({view.draw for view in views}),
        },
        "notes": [{"level": "info", "text": text} for text in graph.notes]
        + [{"level": "warning", "text": text} for text in results.warnings],
        "has_parts": results.has_parts,
        "has_reasons": results.reasons is not None,
        "has_labels": results.labels is not None,
    }


def spread(cut: Cut) -> dict[str, Any]:
    """The histogram of what the nodes differ in, and how many of each bin are flagged."""
    known = cut.asked is None and cut.error is not None
    values = np.asarray(cut.error if known else cut.values)
    found = histogram(values)
    flagged = np.histogram(values[cut.flags], found["edges"])[0]
    of = "error" if known else "score" if cut.asked is None else "weighted"
    return found | {"flagged": flagged.tolist(), "of": of}


def histogram(values: Array, bins: int = BINS) -> dict[str, Any]:
    """Counts between edges; of positive values with a long tail the edges are even in the logarithm."""
    low, high, middle = float(values.min()), float(values.max()), float(np.median(values))
    if low > 0 and high > LONG_TAIL * middle:
        edges = np.geomspace(low, high, bins + 1)
        edges[0], edges[-1] = low, high  # geomspace may round the ends away from the values
        counts, scale = np.histogram(values, edges)[0], "log"
    else:
        counts, edges = np.histogram(values, bins)
        scale = "linear"
    return {"edges": edges.tolist(), "counts": counts.tolist(), "scale": scale}


def drivers(cut: Cut) -> list[dict[str, Any]]:
    """What the flagged nodes have in common: the largest shares of their error, or the values farthest from the median."""
    graph, chosen = cut.results.graph, np.flatnonzero(cut.flags)
    medians, flagged = graph.medians(), np.median(graph.x[chosen], axis=0)
    shares = _shares(cut, chosen)
    found: list[dict[str, Any]] = [
        {
            "kind": "feature",
            "name": feature.name,
            "unit": feature.unit,
            "share": None if shares is None else float(shares[j]),
            "flagged_median": float(flagged[j]),
            "median": float(medians[j]),
        }
        for j, feature in enumerate(graph.features)
    ]
    if shares is None:
        spread = np.subtract(*np.quantile(graph.quantiles, (0.9, 0.1), axis=1))
        far = np.abs(flagged - medians) / np.where(spread > 0, spread, np.inf)
        return [found[j] for j in np.argsort(-far, kind="stable")[:DRIVERS].tolist()]
    degree = cut.results.scores["degree"]
    reasons = cut.results.reasons
    others = [
        ("links", LINKS, shares[-3], True),
        ("unlike", UNLIKE, shares[-2], reasons is not None and "unlike" in reasons),
        ("missing", MISSING, shares[-1], cut.results.modelled),
    ]
    for kind, name, share in (each[:3] for each in others if each[3]):
        middle = {
            "flagged_median": float(np.median(degree[chosen])) if kind == "links" else None,
            "median": float(np.median(degree)) if kind == "links" else None,
        }
        found.append({"kind": kind, "name": name, "unit": "", "share": float(share), **middle})
    return sorted(found, key=lambda each: -each["share"])[:DRIVERS]


def _shares(cut: Cut, chosen: Array) -> Array | None:
    """Mean shares over some nodes: of each feature, the links, what is unlike at their ends, the missing links. (d + 3,), sum 1."""
    reasons, scores = cut.results.reasons, cut.results.scores
    if reasons is None or cut.error is None:
        return None
    total = np.zeros(len(cut.results.graph.features) + 3)
    for start in range(0, len(chosen), BLOCK):
        block = chosen[start : start + BLOCK]
        error = np.maximum(cut.error[block], np.finfo(float).tiny)
        total[:-3] += (cut.weight * reasons["feature"][block] / error[:, None]).sum(axis=0)
        places = cut.results.graph.out.places(block)
        counts = np.diff(
            np.stack([cut.results.graph.out.indptr[block + i] for i in (0, 1)]), axis=0
        )
        owners = np.repeat(np.arange(len(block)), counts[0])
        present = np.bincount(owners, reasons["link"][places], len(block))
        unlike: Array = np.zeros(len(block))
        if "unlike" in reasons:
            unlike = np.bincount(owners, reasons["unlike"][places], len(block))
        total[-3] += ((1 - cut.weight) * (present - unlike) / error).sum()
        total[-2] += ((1 - cut.weight) * unlike / error).sum()
        missing = np.maximum(scores["structure"][block] - present, 0)
        total[-1] += ((1 - cut.weight) * missing / error).sum()
    return total / len(chosen)


def clusters_of(cut: Cut) -> tuple[list[dict[str, Any]], int]:
    """Flagged nodes that hang together by links among themselves, the largest groups first, and how many stand alone."""
    # Imported late, so that starting the web process does not wait for it.
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph, chosen = cut.results.graph, np.flatnonzero(cut.flags)
    sources, targets = graph.out.of_all(chosen)
    inside = cut.flags[targets]
    ends = [np.searchsorted(chosen, side[inside]) for side in (sources, targets)]
    size = len(chosen)
    adjacency = csr_matrix((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
    groups = connected_components(adjacency, directed=False)[1]
    counts = np.bincount(groups)
    order = np.argsort(-counts, kind="stable")
    found = []
    for group in order[counts[order] > 1][:CLUSTERS].tolist():
        members = chosen[groups == group]
        members = members[np.argsort(-cut.values[members], kind="stable")][:MEMBERS].tolist()
        names = [graph.name(one) for one in members]
        found.append({"size": int(counts[group]), "positions": members, "names": names})
    return found, int((counts == 1).sum())
