"""Reviews: what people decided about preference pairs, and about whatever else can be reviewed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.bodies import Body
from app.api.paging import Cursor
from backend import services
from backend.services import ReviewPage, ReviewView

router = APIRouter(tags=["reviews"])


class NewReview(Body):
    """What is left out stays as it is; a verdict of null takes the decision back."""

    verdict: str | None = Field(None, max_length=40)
    tags: list[Annotated[str, Field(max_length=80)]] = Field(default=[], max_length=100)
    note: str = Field("", max_length=2000)


class SameReview(NewReview):
    subjects: list[Annotated[str, Field(max_length=80)]] = Field(min_length=1, max_length=5000)


@router.put("/reviews/{kind}")
def put_reviews(kind: str, body: SameReview) -> list[ReviewView]:
    """Keep the same decision about several things, all or none."""
    changes = {name: getattr(body, name) for name in body.model_fields_set - {"subjects"}}
    return services.put_reviews(kind, body.subjects, changes)


@router.put("/reviews/{kind}/{subject}")
def put_review(kind: str, subject: str, body: NewReview) -> ReviewView:
    """Keep a decision about one thing, for a pair by its id: keep, flip, drop or null, with tags and a note."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return services.put_review(kind, subject, changes)


@router.get("/reviews/{kind}")
def list_reviews(
    kind: str,
    verdict: str = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ReviewPage:
    """Reviews of a kind, newest change first, and how many have each verdict and tag."""
    return services.list_reviews(kind, verdict=verdict, cursor=cursor, limit=limit)
