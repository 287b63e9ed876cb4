"""REST under /api/v1: all that the pages can do, for scripts. Errors are {"error": {"type", "message"}}."""

from __future__ import annotations

from fastapi import APIRouter

from app.api import (
    catalogue,
    fewshot,
    library,
    node_figures,
    nodes,
    pairs,
    pairs_view,
    requests,
    reviews,
    runs,
    sweeps,
    system,
)
from backend import services

router = APIRouter(prefix="/api/v1")
router.include_router(runs.router)
router.include_router(library.router)
router.include_router(sweeps.router)
router.include_router(pairs.router)
router.include_router(pairs_view.router)
router.include_router(nodes.router)
router.include_router(node_figures.router)
router.include_router(reviews.router)
router.include_router(requests.router)
router.include_router(system.router)
router.include_router(catalogue.router)
router.include_router(fewshot.router)


@router.api_route(
    "/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
)
def nowhere(path: str) -> None:
    """Answer in JSON what would otherwise go on to Gradio."""
    raise services.NotFound(f"there is nothing at /api/v1/{path:.80}")


__all__ = ["router"]
