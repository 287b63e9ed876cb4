"""Nodes that a detector ranked: list, weigh anew, review one after the other, export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, Field

from app.api.content import content
from app.api.paging import Page, Paging
from backend import services
from backend.services import NextNode, NodeCut, NodePage, NodeQuery, NodeRun

router = APIRouter(tags=["anomaly"])

NODES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[
    Share | None, BeforeValidator(lambda text: None if text == "" else text), Query()
]
"""Empty is the run's own order."""


def node_cut(run_id: str, weight: Weight = None, top: Annotated[int, Query(ge=0)] = 0) -> NodeCut:
    """`weight` of the attribute part (empty: the run's own order) and `top`, how many are flagged (0: the run's own)."""
    return NodeCut(run_id, weight, top)


Cut = Annotated[NodeCut, Depends(node_cut)]


def node_query(
    cut: Cut,
    q: Annotated[str, Query(max_length=200)] = "",
    filter: Annotated[list[str], Query()] = [],  # noqa: B006  its name in the address
    review: Annotated[str, Query(max_length=40)] = "",
    labels: bool = False,
) -> NodeQuery:
    """Which nodes of a run: `review` is none, any, confirm, dismiss or unsure; each `filter` is field:op:value."""
    return NodeQuery(cut, q, filter, review, labels)


Asked = Annotated[NodeQuery, Depends(node_query)]


@router.get("/anomaly/runs")
def node_runs(paging: Paging) -> Page[NodeRun]:
    """Runs that recorded nodes, newest first."""
    return paging.newest("node runs", services.node_runs)


@router.get("/runs/{run_id}/nodes")
def list_nodes(
    asked: Asked,
    sort: str = "",
    descending: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> NodePage:
    """One page of nodes, the most anomalous first, with their reviews; labels only where `labels` asks for them."""
    return services.list_nodes(asked, sort=sort, descending=descending, offset=offset, limit=limit)


@router.get("/runs/{run_id}/nodes/next")
def next_node(cut: Cut, after: Annotated[int | None, Query(ge=0, lt=2**53)] = None) -> NextNode:
    """The next flagged node without a verdict, after the one at position `after`; behind the last comes the first again."""
    return services.next_node(cut, after)


@router.get(
    "/runs/{run_id}/nodes.csv", response_class=StreamingResponse, responses=content("text/csv")
)
def nodes_csv(asked: Asked) -> StreamingResponse:
    """All nodes that are wanted, in the order of the ranking; numbers as numbers, each with its verdict and note."""
    return _file(services.nodes_csv(asked), f"{asked.cut.run_id}-nodes.csv", "text/csv")


@router.get("/runs/{run_id}/nodes.json", response_class=StreamingResponse, responses=NODES)
def nodes_json(asked: Asked) -> StreamingResponse:
    """All nodes that are wanted as {"run", "weight", "top", "nodes": [as the list has them]}, a node a line."""
    return _file(services.nodes_json(asked), f"{asked.cut.run_id}-nodes.json", "application/json")


@router.get(
    "/runs/{run_id}/reviews.csv", response_class=StreamingResponse, responses=content("text/csv")
)
def reviews_csv(run_id: str) -> StreamingResponse:
    """The nodes that have a verdict as name, label (1 confirmed, 0 dismissed, empty unsure), verdict, note: labels of the graph."""
    return _file(services.reviews_csv(run_id), f"{run_id}-reviews.csv", "text/csv")


def _file(pieces: Iterator[str], name: str, kind: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=kind, headers=headers)
