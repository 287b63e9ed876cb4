"""A node and those around it, few enough to draw: those that matter most, and how many are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from methods.anomaly.results import ranks
from methods.anomaly.results.absent import absent_links
from methods.anomaly.results.cut import Cut
from methods.anomaly.results.files import Results
from methods.anomaly.results.mapped import Array

ABSENT = 5
"""Expected but absent links of the centre that are drawn at most."""
LIMITS = (2, 300)


def around(
    cut: Cut, position: int, *, hops: int = 1, limit: int = 60, also: Sequence[int] = ()
) -> dict[str, Any]:
    """The ego network of a node, as plain JSON values.

    Half of the room is for the neighbours whose links have the largest residuals, the rest for those with the highest scores. With
    two hops at most two thirds are direct neighbours, where there are others to show.

    Args:
        hops: 1 or 2.
        limit: nodes in all, the centre included; ends of absent links and those of `also` come on top of it.
        also: positions of nodes to draw as well, up to `LIMITS`.

    Returns:
        centre: the position. directed: whether links have a direction. measure: what parts are of, "error" or "evidence".
        nodes: position, node_id, name, percentile, rank, flagged, degree, hop (0 the centre, None of a node that only
            `also` or an absent link brings in).
        edges: source, target, count, part and expected (None without reasons), surprising. Part is that of the target in the source's
            error; a link of a node to itself is among them. Of an undirected graph each edge once, from the centre or from the end in whose error it is larger.
        absent: source (the centre), target, expected, part.
        more: of each node that has some, how many of its neighbours are left out.

    Raises:
        ValueError: no such node, or hops or limit that are not allowed.
    """
    cut.results.check(position)
    if hops not in (1, 2):
        raise ValueError(f"hops: 1 or 2 is allowed, got {hops}")
    if not LIMITS[0] <= limit <= LIMITS[1]:
        raise ValueError(f"limit: {LIMITS[0]} to {LIMITS[1]} nodes are allowed, got {limit}")
    if len(also) > LIMITS[1]:
        raise ValueError(f"also: up to {LIMITS[1]} nodes are allowed, got {len(also)}")
    hop: dict[int, int | None] = dict.fromkeys(map(cut.results.check, also))
    hop |= _chosen(cut, position, hops, limit)
    positions = np.array(sorted(hop), dtype=np.int64)
    edges = _edges(cut, position, positions)
    missing = absent_links(cut.results, position, ABSENT).links
    brought = [link.position for link in missing if link.position not in hop]
    return {
        "centre": position,
        "directed": cut.results.graph.directed,
        "measure": cut.results.measure,
        "nodes": _nodes(cut, hop, brought),
        "edges": edges,
        "absent": [
            {
                "source": position,
                "target": link.position,
                "expected": link.expected,
                "part": (1 - cut.weight) * link.part,
            }
            for link in missing
        ],
        "more": _more(cut.results, positions),
    }


def _chosen(cut: Cut, centre: int, hops: int, limit: int) -> dict[int, int]:
    """The nodes to draw and how far each is from the centre, which comes first."""
    graph = cut.results.graph
    near = graph.neighbours(centre)
    hop = {centre: 0}
    far = np.empty(0, dtype=np.int64)
    if hops == 2:
        ends = [side.of_all(near)[1] for side in (graph.out, graph.into)]
        far = np.setdiff1d(np.concatenate(ends), [*near.tolist(), centre])
    room = limit - 1
    first = max(room - len(far), -(-2 * room // 3))  # rounded up, so that there is always one
    for one in _best(cut, near, _residuals(cut.results, centre, near), first):
        hop[one] = 1
    for one in _best(cut, _linked(cut.results, far, list(hop)), None, limit - len(hop)):
        hop[one] = 2
    return hop


def _linked(results: Results, far: Array, kept: list[int]) -> Array:
    """Those of `far` that have a link with a node that is drawn."""
    if not len(far):
        return far
    ends = [side.of_all(np.array(kept))[1] for side in (results.graph.out, results.graph.into)]
    return np.intersect1d(far, np.concatenate(ends))


def _best(cut: Cut, nodes: Array, residuals: Array | None, room: int) -> list[int]:
    """Half by residual, the rest by score; all where there is room for all."""
    if len(nodes) <= room:
        return list(nodes.tolist())
    by_link: list[int] = []
    if residuals is not None:
        by_link = nodes[np.argsort(-residuals, kind="stable")[: room // 2]].tolist()
    by_score = nodes[ranks.best_first(cut.values[nodes])].tolist()
    return list(dict.fromkeys([*by_link, *by_score]))[:room]


def _residuals(results: Results, centre: int, near: Array) -> Array | None:
    """How far the links between the centre and each neighbour are from what was expected, in either direction. (m,)."""
    if results.reasons is None:
        return None
    graph, found = results.graph, np.zeros(len(near))
    out, into = graph.out.span(centre), graph.into.span(centre)
    for ends, places in (
        (graph.out.of(centre), np.arange(out.start, out.stop)),
        (graph.into.of(centre), graph.into_places[into]),
    ):
        others = ends != centre
        gaps = np.abs(graph.weights[places] - results.reasons["expected_link"][places])
        np.maximum.at(found, np.searchsorted(near, ends[others]), gaps[others])
    return found


def _edges(cut: Cut, centre: int, positions: Array) -> list[dict[str, Any]]:
    """The links among the nodes that are drawn."""
    results, out = cut.results, cut.results.graph.out
    places = out.places(positions)
    sources, targets = out.of_all(positions)
    there = np.isin(targets, positions)
    rows = zip(sources[there], targets[there], places[there], strict=True)
    found = [_edge(cut, int(source), int(target), int(place)) for source, target, place in rows]
    if results.graph.directed:
        return found
    best: dict[tuple[int, int], dict[str, Any]] = {}
    for edge in found:
        ends = (min(edge["source"], edge["target"]), max(edge["source"], edge["target"]))
        kept = best.get(ends)
        if kept is None or _tells_more(edge, kept, centre):
            best[ends] = edge
    return list(best.values())


def _tells_more(edge: dict[str, Any], kept: dict[str, Any], centre: int) -> bool:
    if centre in (edge["source"], edge["target"]):
        return bool(edge["source"] == centre)
    return bool((edge["part"] or 0.0) > (kept["part"] or 0.0))


def _edge(cut: Cut, source: int, target: int, place: int) -> dict[str, Any]:
    results = cut.results
    count = float(results.graph.weights[place])
    edge = {"source": source, "target": target, "count": count, "part": None, "expected": None}
    if results.reasons is None:
        return {**edge, "surprising": False}
    expected = float(results.reasons["expected_link"][place])
    return {
        **edge,
        "part": (1 - cut.weight) * float(results.reasons["link"][place]),
        "expected": expected,
        "surprising": count - expected > results.surprise,
    }


def _nodes(cut: Cut, hop: dict[int, int | None], brought: list[int]) -> list[dict[str, Any]]:
    results, drawn = cut.results, [*hop, *brought]
    percentiles = cut.percentiles(np.array(drawn)).tolist()
    return [
        {
            "position": one,
            "node_id": results.graph.node_id(one),
            "name": results.graph.name(one),
            "percentile": percentile,
            "rank": cut.rank(one),
            "flagged": bool(cut.flags[one]),
            "degree": int(results.scores["degree"][one]),
            "hop": hop.get(one),
        }
        for one, percentile in zip(drawn, percentiles, strict=True)
    ]


def _more(results: Results, positions: Array) -> dict[str, int]:
    found = {}
    for one in positions.tolist():
        left = np.count_nonzero(~np.isin(results.graph.neighbours(one), positions))
        if left:
            found[str(one)] = int(left)
    return found
