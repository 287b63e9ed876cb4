"""Why nodes stand out: all at once, one by one, what is around them, how right they are, several detectors side by side."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.api.content import content
from app.api.nodes import Cut
from backend import services
from backend.services import Against

router = APIRouter(tags=["anomaly"])

GEXF = "application/gexf+xml"


@router.get("/anomaly/beside")
def beside(
    runs: Annotated[str, Query(max_length=1000)], top: Annotated[int, Query(ge=0)] = 0
) -> dict[str, Any]:
    """How detections of one graph, their ids separated by commas, agree and where they do not; `same_graph` says if it is one."""
    ids = [each.strip() for each in runs.split(",") if each.strip()]
    return services.nodes_beside(ids, top)


@router.get("/runs/{run_id}/nodes/overview")
def overview(cut: Cut) -> dict[str, Any]:
    """All nodes at once: histogram, what drives the flagged ones, which of them hang together."""
    return services.node_overview(cut)


@router.get("/runs/{run_id}/nodes/judgement")
def judgement(cut: Cut, against: Against) -> dict[str, Any]:
    """How right the order and the flagged nodes are, by the graph's labels or by what people decided; with intervals."""
    return services.judge_nodes(cut, against)


@router.get("/runs/{run_id}/nodes.gexf", response_class=Response, responses=content(GEXF))
def gexf(cut: Cut, hops: Annotated[int, Query(ge=0, le=2)] = 1) -> Response:
    """The flagged nodes and those around them, for Gephi."""
    name = f'attachment; filename="{cut.run_id}-nodes.gexf"'
    content = services.node_gexf(cut, hops)
    return Response(content, media_type=GEXF, headers={"content-disposition": name})


@router.get("/runs/{run_id}/nodes/{position}")
def explain(cut: Cut, position: int) -> dict[str, Any]:
    """Why a node has its error: parts that sum to it, and the same in a sentence."""
    return services.explain_node(cut, position)


@router.get("/runs/{run_id}/nodes/{position}/around")
def around(
    cut: Cut,
    position: int,
    hops: Annotated[int, Query(ge=1, le=2)] = 1,
    limit: Annotated[int, Query(ge=2, le=300)] = 60,
    also: Annotated[list[int], Query(max_length=300)] = [],  # noqa: B006  its name in the address
) -> dict[str, Any]:
    """The nodes and links around one; `also` are positions that are drawn as well, whatever their place."""
    return services.nodes_around(cut, position, hops=hops, limit=limit, also=also)
