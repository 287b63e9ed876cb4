"""Pages for people without the studio: signed, read-only, drawn on the server, nothing loaded from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from app import share_nodes, share_view
from app.bare import bare
from app.errors import status_of
from app.shown import contents, linked_head, rendered
from backend import services
from backend.services import ShareView
from backend.settings import settings

router = APIRouter(include_in_schema=False)

HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}


@dataclass(frozen=True)
class Link:
    """Where the page of a link finds what it shows: behind the same link."""

    token: str
    expires_at: float

    @property
    def about(self) -> str:
        return f"read-only · this link works until {share_view.day(self.expires_at)}"

    def head(self, script: str = "") -> Markup:
        """The tags of its styles and of one script."""
        return linked_head(settings().root_path, script)

    def picture(self, sha256: str) -> str:
        return f"{self.whole}/a/{sha256}"

    def node(self, run_id: str, position: int) -> str:
        return f"{self.whole}/nodes/{run_id}/{position}"

    @property
    def whole(self) -> str:
        return f"{settings().root_path}/s/{self.token}"


def _page(template: str, place: Link | None, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(rendered(template, place, **values), status_code=status, headers=HEADERS)


def _refused(error: services.ServiceError) -> HTMLResponse:
    """What is wrong with a link, as a page."""
    return _page("share_error.html", None, status_of(error), message=str(error))


def _target(share: ShareView) -> tuple[str, list[str]]:
    """Title and runs of what is shared.

    Raises:
        services.Gone: it was deleted.
    """
    try:
        if share.kind == "run":
            return services.get_run(share.target_id).title, [share.target_id]
        comparison = services.get_comparison(share.target_id)
    except services.NotFound:
        raise services.Gone("what this link showed has been deleted") from None
    if not comparison.run_ids:
        raise services.Gone("every run of this comparison has been deleted")
    return comparison.title or "A comparison", comparison.run_ids


@router.get("/s/{token}")
def page(token: str) -> HTMLResponse:
    """The page of a link; what is wrong with a link is told as a page as well."""
    try:
        share = services.resolve_share(token, count=True)
        title, run_ids = _target(share)
    except services.ServiceError as error:
        return _refused(error)
    return _page("share.html", Link(token, share.expires_at), **contents(title, run_ids))


@router.get("/s/{token}/nodes/{run_id}/{position}")
def node(token: str, run_id: str, position: int) -> HTMLResponse:
    """One of the first nodes of a run that the link shares."""
    try:
        share = services.resolve_share(token)
        found, ego = share_nodes.shared_node(_target(share)[1], run_id, position)
    except services.ServiceError as error:
        return _refused(error)
    return _page("share_node.html", Link(token, share.expires_at), node=found, ego=ego)


@router.get("/s/{token}/a/{sha256}")
def picture(token: str, sha256: str) -> Response:
    """An image of what the link shares, without the settings that are written into it; no other artefact."""
    _, run_ids = _target(services.resolve_share(token))
    shared = share_view.pictures(run_ids)
    if not any(item.sha256 == sha256 for images in shared.values() for item in images):
        raise services.NotFound("this link does not share that file")
    blob = services.blob(sha256)
    headers = {"cache-control": "private, max-age=300"}
    return Response(bare(blob.path.read_bytes(), blob.mime), media_type=blob.mime, headers=headers)
