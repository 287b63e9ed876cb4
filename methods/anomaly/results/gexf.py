"""The flagged nodes and those around them as a GEXF file for Gephi: numbers as numbers, so that they can be ranked there."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from methods.anomaly.results.cut import Cut
from methods.anomaly.results.mapped import Array
from methods.anomaly.results.rows import nodes

MAX_NODES = 20_000
NUMBERS = ("percentile", "score", "error", "attribute", "structure", "stability")


def gexf(cut: Cut, *, hops: int = 1, verdicts: Mapping[int, str] | None = None) -> bytes:
    """The flagged nodes, those up to `hops` links away, and all links among them.

    Every node has the doubles `percentile`, `score`, and `error`, `attribute`, `structure`, `stability` where the detector gives
    them, the integers `rank`, `degree` and `in_degree`, `flagged` (boolean) and `verdict` (text, "" for none); every link its `count`
    as weight and, where there are reasons, the `expected` count.

    Args:
        hops: 0, 1 or 2.
        verdicts: what people said, by position.

    Raises:
        ValueError: hops, or more than `MAX_NODES` nodes.
    """
    import networkx as nx  # noqa: PLC0415  starting the web process must not wait for it

    if hops not in (0, 1, 2):
        raise ValueError(f"hops: 0, 1 or 2 is allowed, got {hops}")
    results, graph = cut.results, cut.results.graph
    chosen = _within(cut, hops)
    drawn: Any = nx.DiGraph() if graph.directed else nx.Graph()
    said = verdicts or {}
    for position, node in zip(chosen.tolist(), nodes(results, chosen), strict=True):
        numbers = {name: node[name] for name in NUMBERS if node[name] is not None}
        drawn.add_node(
            str(position),
            label=node["name"],
            **numbers,
            rank=int(results.scores["rank"][position]),
            degree=node["degree"],
            in_degree=node["in_degree"],
            flagged=bool(cut.flags[position]),
            verdict=said.get(position, ""),
        )
    sources, targets = graph.out.of_all(chosen)
    places = graph.out.places(chosen)
    inside = np.isin(targets, chosen)
    for source, target, place in zip(
        sources[inside].tolist(), targets[inside].tolist(), places[inside].tolist(), strict=True
    ):
        link = {"weight": float(graph.weights[place])}
        if results.reasons is not None:
            link["expected"] = float(results.reasons["expected_link"][place])
        drawn.add_edge(str(source), str(target), **link)
    written = io.BytesIO()
    nx.write_gexf(drawn, written)
    return written.getvalue()


def _within(cut: Cut, hops: int) -> Array:
    """The flagged nodes and those up to `hops` links away, in order of their positions."""
    graph = cut.results.graph
    found = np.flatnonzero(cut.flags)
    for _ in range(hops):
        ends = [side.of_all(found)[1] for side in (graph.out, graph.into)]
        found = np.union1d(found, np.concatenate(ends))
    if len(found) > MAX_NODES:
        raise ValueError(
            f"gexf: up to {MAX_NODES:,} nodes are written, these are {len(found):,}: a smaller top or fewer hops is allowed"
        )
    return found
