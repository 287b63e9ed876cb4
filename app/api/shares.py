"""Links: what they can show, how one would look, made, listed, changed, revoked."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from app import share
from app.api.bodies import Body
from app.api.once import Once
from backend import services
from backend.services import ShareChoices, SharePage, ShareView

router = APIRouter(tags=["shares"], route_class=Once)
Parts = Annotated[list[str] | None, Query(max_length=40)]


class NewShare(Body):
    """`shows` names the parts that are shown, as `/shares/choices` has them; without it the default choice is taken."""

    kind: str
    target_id: str
    days: float = Field(gt=0)
    shows: list[str] | None = Field(None, max_length=40)
    selection: dict[str, Any] = Field(default_factory=dict)
    title: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)


class Change(Body):
    """`days` counts from now; what is not given stays."""

    days: float | None = Field(None, gt=0)
    title: str | None = Field(None, max_length=200)
    note: str | None = Field(None, max_length=2000)


class Links(Body):
    ids: list[str] = Field(min_length=1, max_length=200)


@router.get("/shares")
def list_shares(
    target_id: str = "",
    kind: str = "",
    state: str = "",
    created_by: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> SharePage:
    """Links, newest first; `state` is active, expired, revoked, or ended for both of these."""
    return services.list_shares(
        target_id, kind=kind, state=state, created_by=created_by, cursor=cursor, limit=limit
    )


@router.post("/shares", status_code=201)
def create_share(body: NewShare) -> ShareView:
    """Make a link that shows one thing to whoever holds it, for some days."""
    return services.create_share(
        body.kind,
        body.target_id,
        body.days,
        shows=body.shows,
        selection=body.selection,
        title=body.title,
        note=body.note,
    )


@router.get("/shares/choices")
def choices() -> ShareChoices:
    """The kinds of things that a link can show, the parts of each, and sensible choices of these."""
    return services.share_choices()


@router.get("/shares/preview", response_class=HTMLResponse)
def preview(
    kind: str,
    target_id: str,
    shows: Parts = None,
    selection: Annotated[str, Query(max_length=4000)] = "{}",
    title: Annotated[str, Query(max_length=200)] = "",
    days: Annotated[float, Query(gt=0)] = 14,
) -> HTMLResponse:
    """The page that a link would have; nothing is made. `selection` is JSON, as in a new link."""
    draft, target = services.draft_share(kind, target_id, days, shows, _read(selection), title)
    return share.preview(draft, target)


def _read(selection: str) -> dict[str, Any]:
    try:
        found = json.loads(selection)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise services.ServiceError(f"selection: a JSON object is allowed, got {selection!r:.80}")
    return found


@router.post("/shares/revoke")
def revoke_shares(body: Links) -> list[ShareView]:
    """End several links now, all or none."""
    return services.revoke_shares(body.ids)


@router.patch("/shares/{share_id}")
def update_share(share_id: str, body: Change) -> ShareView:
    """Change when a link ends, what its page is called, or what is noted of it."""
    return services.update_share(share_id, days=body.days, title=body.title, note=body.note)


@router.delete("/shares/{share_id}", status_code=204)
def revoke_share(share_id: str) -> None:
    """End a link now."""
    services.revoke_share(share_id)
