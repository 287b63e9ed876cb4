"""Why a node stands out, what is around it, all nodes at once, and several detections side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from backend.services.errors import ServiceError
from backend.services.history import row
from backend.services.node_results import (
    Hashes,
    as_service_errors,
    cut_of,
    hashes_of,
    opened,
    the_cut,
)
from backend.services.nodes import NodeCut
from backend.services.reviews import review_view
from backend.settings import settings
from methods.anomaly.results import around, beside, gexf, overview, why
from storage import db, reviews
from storage.node_verdicts import verdicts_of
from storage.nodes import KIND

MAX_BESIDE = 12
KEPT_OVERVIEWS = 32


def explain_node(asked: NodeCut, position: int) -> dict[str, Any]:
    """All that explains one node, as `methods.anomaly.results.why` says it; its `node` has a `review` beside.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: there is no such node, or the weight or the top is not allowed.
    """
    with as_service_errors():
        found = why.why(the_cut(asked), position)
    name = found["node"]["node_id"]
    with db.reading(settings().database_url) as session:
        review = reviews.of(session, KIND, [name]).get(name)
        found["node"]["review"] = asdict(review_view(review)) if review else None
    return found


def nodes_around(
    asked: NodeCut, position: int, *, hops: int = 1, limit: int = 60, also: Sequence[int] = ()
) -> dict[str, Any]:
    """The nodes and links around one, as `methods.anomaly.results.around` says them; each node with its `verdict` or None.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: there is no such node, or a value is not allowed.
    """
    with as_service_errors():
        found = around.around(the_cut(asked), position, hops=hops, limit=limit, also=also)
    with db.reading(settings().database_url) as session:
        said = reviews.of(session, KIND, [node["node_id"] for node in found["nodes"]])
        for node in found["nodes"]:
            review = said.get(node["node_id"])
            node["verdict"] = review.verdict if review else None
    return found


def node_overview(asked: NodeCut) -> dict[str, Any]:
    """All nodes at once, as `methods.anomaly.results.overview` says them.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: the weight or the top is not allowed.
    """
    with as_service_errors():
        return _overview(hashes_of(asked.run_id), asked.weight, asked.top)


@lru_cache(maxsize=KEPT_OVERVIEWS)
def _overview(hashes: Hashes, weight: float | None, top: int) -> dict[str, Any]:
    return overview.overview(cut_of(hashes, weight, top))


def node_gexf(asked: NodeCut, hops: int = 1) -> bytes:
    """The flagged nodes and those up to `hops` links away as a GEXF file, with what people decided.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: a value is not allowed, or there are too many nodes to draw.
    """
    with db.reading(settings().database_url) as session:
        row(session, asked.run_id)
        verdicts = verdicts_of(session, asked.run_id)
    with as_service_errors():
        return gexf.gexf(the_cut(asked), hops=hops, verdicts=verdicts)


def nodes_beside(run_ids: Sequence[str], top: int = 0) -> dict[str, Any]:
    """How several detections rank the nodes of one graph.

    Args:
        top: how many nodes each flags; 0 is the first run's own.

    Returns:
        runs (id, title, seed, detector), same_graph, reason (why they cannot be compared, or ""); where they can, what
        `methods.anomaly.results.beside` says.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: fewer than two different runs, too many, or a top that is not allowed.
    """
    if not 2 <= len(set(run_ids)) == len(run_ids) <= MAX_BESIDE:
        raise ServiceError(
            f"runs: 2 to {MAX_BESIDE} different runs are allowed, got {len(run_ids)}"
        )
    with as_service_errors():
        found = [opened(hashes_of(run_id)) for run_id in run_ids]
    with db.reading(settings().database_url) as session:
        runs = [
            {"id": run.id, "title": run.title, "seed": run.seed, "detector": results.detector}
            for run, results in zip((row(session, each) for each in run_ids), found, strict=True)
        ]
    reasons = (beside.difference_of_graphs(found[0], other) for other in found[1:])
    reason = next((each for each in reasons if each), "")
    said: dict[str, Any] = {"runs": runs, "same_graph": not reason, "reason": reason}
    if reason:
        return said
    with as_service_errors():
        return said | beside.beside(found, min(top or found[0].top, found[0].graph.nodes))
