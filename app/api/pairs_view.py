"""Preference pairs of a run: page, plot, follow through training, see, export."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from app.api.bodies import Body
from app.api.content import content
from app.api.once import Once
from app.api.paging import Page, Paging
from app.files import FOREVER
from backend import services
from backend.services import Histogram, PairPage, PairPoints, PairQuery, PairRun, RunView

router = APIRouter(tags=["pairs"], route_class=Once)


def pair_query(
    run_id: str,
    training: Annotated[str, Query(max_length=40)] = "",
    review: Annotated[str, Query(max_length=40)] = "",
    tag: Annotated[str, Query(max_length=80)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    filter: Annotated[list[str], Query()] = [],  # noqa: B006  its name in the address
) -> PairQuery:
    """Which pairs of a run: `review` is none, any, keep, flip or drop; each `filter` is field:op:value."""
    return PairQuery(run_id, training, review, tag, q, filter)


Asked = Annotated[PairQuery, Depends(pair_query)]


class NewExport(Body):
    format: str = Field("trl", max_length=40)
    which: Literal["all_but_dropped", "reviewed"] = "all_but_dropped"


@router.get("/pairs/sets")
def sets(paging: Paging) -> Page[PairRun]:
    """Runs that recorded pairs, newest first."""
    return paging.newest("pair sets", services.pair_sets)


@router.get("/pairs/trainings")
def trainings(run: str, paging: Paging) -> Page[PairRun]:
    """Training runs that saw pairs of a run, newest first."""
    return paging.newest(
        f"trainings:{run}", lambda limit, end: services.pair_trainings(run, limit, end)
    )


@router.get("/runs/{run_id}/pairs")
def list_pairs(
    asked: Asked,
    sort: str = "",
    descending: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> PairPage:
    """One page of pairs, with what a training run last said of each and what people decided."""
    return services.list_pairs(asked, sort=sort, descending=descending, offset=offset, limit=limit)


@router.get("/runs/{run_id}/pairs/points")
def points(asked: Asked, limit: Annotated[int, Query(ge=1, le=20_000)] = 5000) -> PairPoints:
    """A point for each pair, in columns; of more than `limit` pairs a sample, the same one each time."""
    return services.pair_points(asked, limit)


@router.get("/runs/{run_id}/pairs/histogram")
def histogram(
    asked: Asked, field: str = "delta", bins: Annotated[int, Query(ge=1, le=200)] = 40
) -> Histogram:
    """How one number of the pairs is spread."""
    return services.pair_histogram(asked, field, bins)


@router.get("/runs/{run_id}/pairs/{pair_id}/steps")
def steps(run_id: str, pair_id: str, training: str = "") -> list[dict[str, Any]]:
    """What each step of a training run did with a pair; without `training` the run itself is the training."""
    return services.pair_steps(training or run_id, pair_id)


@router.get("/runs/{run_id}/pair-steps/heaviest")
def heaviest(
    run_id: str,
    window: Annotated[int, Query(ge=1, le=100_000)] = 20,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> list[dict[str, Any]]:
    """The pairs that carry the most gradient weight in the last steps of a training run."""
    return services.heaviest_pairs(run_id, window=window, limit=limit)


@router.post("/runs/{run_id}/pairs/export", status_code=201)
def export(run_id: str, body: NewExport) -> RunView:
    """Queue a run that writes the pairs as they were reviewed."""
    return services.export_pairs(run_id, body.format, body.which)


@router.get(
    "/runs/{run_id}/pictures/{archive}/{member}",
    response_class=Response,
    responses=content("image/webp", binary=True, cached=True),
)
def picture(run_id: str, archive: str, member: str, request: Request) -> Response:
    """A picture that a row names as archive/member."""
    found = services.picture(run_id, archive, member)
    headers = {"etag": found.etag, "cache-control": FOREVER}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type="image/webp", headers=headers)
