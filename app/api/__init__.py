"""REST under /api/v1: all that the pages can do, for scripts. Errors are {"error": {"type", "message"}}."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.routing import iter_route_contexts

from app.api import (
    accounts,
    bundles,
    catalogue,
    comparisons,
    fewshot,
    house,
    library,
    naming,
    node_figures,
    nodes,
    pairs,
    pairs_view,
    requests,
    reviews,
    runs,
    shares,
    sweeps,
    system,
)
from backend import services

router = APIRouter(prefix="/api/v1")
router.include_router(naming.router)  # before `runs`: its paths are no ids
router.include_router(runs.router)
router.include_router(library.router)
router.include_router(bundles.router)
router.include_router(shares.router)
router.include_router(comparisons.router)
router.include_router(sweeps.router)
router.include_router(pairs.router)
router.include_router(pairs_view.router)
router.include_router(nodes.router)
router.include_router(node_figures.router)
router.include_router(reviews.router)
router.include_router(requests.router)
router.include_router(system.router)
router.include_router(house.router)
router.include_router(accounts.router)
router.include_router(catalogue.router)
router.include_router(fewshot.router)


@router.api_route(
    "/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
)
def nowhere(path: str, request: Request) -> None:
    """Answer in JSON what would otherwise go on to Gradio."""
    allowed = sorted(
        {
            method
            for route in iter_route_contexts(router.routes)
            if route.include_in_schema and route.path_regex.match(f"/api/v1/{path}")
            for method in route.methods or ()
        }
    )
    if allowed:
        words = f"/api/v1/{path:.80} takes {', '.join(allowed)}, not {request.method}"
        raise HTTPException(405, words, {"allow": ", ".join(allowed)})
    raise services.NotFound(f"there is nothing at /api/v1/{path:.80}")


__all__ = ["router"]
