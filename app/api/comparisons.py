"""Runs side by side, and the comparisons that people keep."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.bodies import Body
from app.api.once import Once
from app.api.paging import Cursor
from app.api.quick import answer
from app.api.runs import SERIES, Series
from backend import services
from backend.services import (
    Companion,
    CompareView,
    ComparisonPage,
    ComparisonView,
    Differences,
    RowsBeside,
)

router = APIRouter(tags=["comparisons"], route_class=Once)

Runs = Annotated[list[str], Query(min_length=1, max_length=64)]


class NewComparison(Body):
    """`baseline` is the run that the others are measured against; "" is the first."""

    run_ids: list[str] = Field(min_length=1, max_length=64)
    title: str = Field("", max_length=200)
    notes: str = Field("", max_length=services.MAX_NOTES)
    baseline: str = Field("", max_length=40)
    pinned: bool = False


class ChangedComparison(Body):
    """What is left out stays as it is."""

    run_ids: list[str] | None = Field(None, min_length=1, max_length=64)
    title: str | None = Field(None, max_length=200)
    notes: str | None = Field(None, max_length=services.MAX_NOTES)
    baseline: str | None = Field(None, max_length=40)
    pinned: bool | None = None


@router.get("/comparisons")
def list_comparisons(
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ComparisonPage:
    """One page of comparisons, pinned ones first, then the newest; `q` looks in titles, notes and owners."""
    return services.list_comparisons(q, cursor=cursor, limit=limit)


@router.post("/comparisons", status_code=201)
def create_comparison(body: NewComparison) -> ComparisonView:
    """Keep some runs side by side under an id of its own."""
    return services.create_comparison(
        body.run_ids, body.title, notes=body.notes, baseline=body.baseline, pinned=body.pinned
    )


@router.get("/comparisons/{comparison_id}")
def get_comparison(comparison_id: str) -> ComparisonView:
    """A comparison; runs that were deleted since are left out of it, and counted in its `statuses`."""
    return services.get_comparison(comparison_id)


@router.patch("/comparisons/{comparison_id}")
def update_comparison(comparison_id: str, body: ChangedComparison) -> ComparisonView:
    """Change its title, notes, runs or baseline, or pin it."""
    return services.update_comparison(
        comparison_id,
        title=body.title,
        notes=body.notes,
        run_ids=body.run_ids,
        baseline=body.baseline,
        pinned=body.pinned,
    )


@router.delete("/comparisons/{comparison_id}", status_code=204)
def delete_comparison(comparison_id: str) -> None:
    """Delete a comparison; its runs stay."""
    services.delete_comparison(comparison_id)


@router.post("/comparisons/{comparison_id}/duplicate", status_code=201)
def duplicate_comparison(comparison_id: str) -> ComparisonView:
    """Another comparison of the same runs with the same notes."""
    return services.duplicate_comparison(comparison_id)


@router.get("/compare")
def compare(run: Runs) -> CompareView:
    """Runs side by side: settings that differ first, then those they share, then metrics."""
    return services.compare(run)


@router.get("/compare/differences")
def differences(run: Runs, baseline: Annotated[str, Query(max_length=40)] = "") -> Differences:
    """By how much runs differ from one of them, with 95 % intervals over the items or seeds that they share."""
    return services.compare_differences(run, baseline)


@router.get("/compare/figures")
def compare_figures(
    run: Annotated[list[str], Query(min_length=2, max_length=64)],
) -> list[dict[str, Any]]:
    """What several runs scored on the same scenes: each figure with its interval, and the paired difference to the first."""
    return services.compare_figures(run)


@router.get("/compare/rows")
def rows_beside(
    run: Annotated[list[str], Query(min_length=2, max_length=64)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[RowsBeside]:
    """Rows that several runs of a method all have, such as pairs or instructions, where they differ most; an entry a method."""
    return services.rows_beside(run, limit)


@router.get("/runs/{run_id}/companions")
def companions(run_id: str, limit: Annotated[int, Query(ge=1, le=100)] = 30) -> list[Companion]:
    """Runs that it makes sense to compare this one with, and why, those that say most first."""
    return services.companions(run_id, limit)


@router.get("/runs/{run_id}/clock", response_model=Series)
def clock(run_id: str) -> Response:
    """When the points of each curve were reported: (step, seconds since the run started), for as long as that is kept."""
    return answer(SERIES, services.clock(run_id))
