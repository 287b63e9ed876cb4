"""What a shared page shows of detections in graphs: the nodes that were flagged first, why, and what is around each.

Nothing here reads labels: how right a detector was stays in the studio. What people decided of a node is shown where reviews are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.neighbourhoods import Neighbourhood, neighbourhood
from app.share_private import NODES, Shows
from backend import services
from backend.services import CompareView, NodeCut, NodeQuery, RunView

SAID = {"confirm": "an anomaly", "dismiss": "nothing odd", "unsure": "not sure"}
"""What people decide of a node."""
FIRST = 10
"""Nodes of each run that a page shows; no other node can be looked at by its link."""
AROUND = 24
"""Nodes in a picture."""
CONTROLS = {
    "plain": "Plain autoencoder",
    "degree": "Out-degree",
    "norm": "Feature norm",
    "forest": "Isolation Forest",
}


@dataclass(frozen=True)
class SharedNode:
    """One of the first nodes.

    Attributes:
        why: as `services.explain_node` says it.
        parts: (name, part, share of the whole) of features, links, neighbours unlike it and links that are not there; empty of a
            detector whose score has no parts.
        links_rest: what the links add that are not listed, there or absent; None where it is not known exactly.
        second: (detector, percentile) of the controls.
    """

    why: Mapping[str, Any]
    parts: list[tuple[str, float, float]]
    links_rest: float | None
    second: list[tuple[str, float]]


@dataclass(frozen=True)
class Detection:
    """The first nodes of one run; `total` nodes were ranked."""

    run: RunView
    nodes: list[SharedNode]
    total: int

    @property
    def title(self) -> str:
        return self.run.title or self.run.method


@dataclass(frozen=True)
class Agreement:
    """How several detections agree: (title, for each the rank correlation and the nodes that both flag)."""

    top: int
    rows: list[tuple[str, list[tuple[float | None, int]]]]


def detections(view: CompareView, shows: Shows) -> list[Detection]:
    """Of those runs that ranked the nodes of a graph to the end."""
    if "rows" not in shows:
        return []
    done = [run for run in view.runs if run.status == "succeeded"]
    return [found for run in done if (found := _detection(run, shows))]


def _detection(run: RunView, shows: Shows) -> Detection | None:
    try:
        page = services.list_nodes(NodeQuery(NodeCut(run.id)), limit=FIRST)
        nodes = [node(NodeCut(run.id), row["position"], shows) for row in page.rows]
    except services.NotFound:
        return None  # it left no detection
    return Detection(run, nodes, page.total) if nodes else None


def node(cut: NodeCut, position: int, shows: Shows) -> SharedNode:
    """One node with nothing but what is shown of it; without names it is known by its rank."""
    why = services.explain_node(cut, position)
    if "reviews" not in shows:
        why["node"]["review"] = None
    if "names" not in shows:
        why["node"] |= {"name": f"Node of rank {why['node']['rank']:,}", "node_id": ""}
        why["sentence"] = ""
    if not shows >= NODES:
        why["features"], why["features_rest"], why["links"] = [], 0.0, []
        why["absent"] = {**why["absent"], "links": []}
    second = [(CONTROLS[each["name"]], each["percentile"]) for each in why["second"]]
    return SharedNode(why, _parts(why), _links_rest(why), second)


def _parts(why: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    error = why["error"]
    if error is None or why["absent"]["part"] is None:
        return []
    absent, unlike = why["absent"]["part"], why["unlike"]
    named = [
        ("Features", why["attribute_part"]),
        ("Links it has", why["structure_part"] - absent - (unlike or 0.0)),
        *([] if unlike is None else [("Neighbours unlike it", unlike)]),
        *([("Links it lacks", absent)] if why["modelled"] else []),
    ]
    return [(name, part, part / error if error else 0.0) for name, part in named]


def _links_rest(why: Mapping[str, Any]) -> float | None:
    if not why["absent"]["exact"]:
        return None
    listed = [*why["links"], *why["absent"]["links"]]
    rest: float = why["structure_part"] - sum(each["part"] for each in listed)
    return max(0.0, rest)  # rounding


def shared_node(
    run_ids: Sequence[str], run_id: str, position: int, shows: Shows
) -> tuple[SharedNode, Neighbourhood | None]:
    """One node of what a link shares, and the picture of its neighbourhood.

    Raises:
        services.NotFound: it is none of the first nodes of a run that the link shares.
    """
    cut = NodeCut(run_id)
    listed = run_id in run_ids and shows >= NODES
    shown = services.list_nodes(NodeQuery(cut), limit=FIRST).rows if listed else []
    if position not in [row["position"] for row in shown]:
        raise services.NotFound(f"this link shows the first {FIRST} nodes of its runs only")
    return node(cut, position, shows), picture(cut, position, shows)


def picture(cut: NodeCut, position: int, shows: Shows) -> Neighbourhood | None:
    """The node among those around it; None where drawings are not shown."""
    if "curves" not in shows:
        return None
    around = services.nodes_around(cut, position, limit=AROUND)
    if "names" not in shows:
        for each in around["nodes"]:
            each["name"] = "the node" if each["position"] == around["centre"] else ""
    return neighbourhood(around)


def agreement(found: Sequence[Detection]) -> Agreement | None:
    """How the detections agree, if there are several of one graph."""
    if len(found) < 2:
        return None
    said = services.nodes_beside([each.run.id for each in found])
    if not said["same_graph"]:
        return None
    rows = [
        (each.title, list(zip(said["spearman"][place], said["overlap"][place], strict=True)))
        for place, each in enumerate(found)
    ]
    return Agreement(said["top"], rows)
