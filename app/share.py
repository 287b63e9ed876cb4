"""Pages for people without the studio: signed, read-only, drawn on the server, nothing loaded from elsewhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from markupsafe import Markup

from app import files, share_certificate, share_kinds, share_nodes, share_pairs, share_view
from app.bare import bare
from app.errors import status_of
from app.share_private import Shows
from app.shown import NONSENSE, linked_head, rendered
from backend import services
from backend.services import SharedTarget, ShareView
from backend.settings import settings

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}

PREVIEW = {
    **HEADERS,
    "content-security-policy": HEADERS["content-security-policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    ),
}
FILES = {"cache-control": "private, max-age=300", "x-robots-tag": HEADERS["x-robots-tag"]}


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

    def pair_picture(self, _run_id: str, position: int, _image: str) -> str:
        return f"{self.whole}/pairs/{position}/picture"

    @property
    def whole(self) -> str:
        return f"{settings().root_path}/s/{self.token}"


@dataclass(frozen=True)
class Preview:
    """Where the preview of a link finds what it shows: in the studio, for whoever may see it there."""

    about: str
    whole: str = "#"

    def head(self, script: str = "") -> Markup:  # noqa: ARG002 - a preview runs none
        return linked_head(settings().root_path)

    def picture(self, sha256: str) -> str:
        return f"{settings().root_path}/a/{sha256}"

    def node(self, run_id: str, position: int) -> str:  # noqa: ARG002 - it leads nowhere
        return "#"

    def pair_picture(self, run_id: str, _position: int, image: str) -> str:
        return f"{settings().root_path}/api/v1/runs/{run_id}/pictures/{image}"


def preview(share: ShareView, target: SharedTarget) -> HTMLResponse:
    """The page that a link would have, to be looked at in a frame of the studio's."""
    template, values = share_kinds.filled(share, target)
    place = Preview(f"read-only · the link works until {share_view.day(share.expires_at)}")
    return HTMLResponse(rendered(template, place, **values), headers=PREVIEW)


def _page(template: str, place: Link | None, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(rendered(template, place, **values), status_code=status, headers=HEADERS)


def _refused(error: services.ServiceError) -> HTMLResponse:
    """What is wrong with a link, as a page."""
    return _page("share_error.html", None, status_of(error), message=str(error))


def _not_drawn(share: ShareView) -> HTMLResponse:
    """In place of what a stranger's bundle holds and nobody can make sense of."""
    log.warning("a page of link %s cannot be drawn", share.id, exc_info=True)
    return _refused(services.ServiceError("what this link shows cannot be drawn"))


@dataclass(frozen=True)
class Opened:
    """A link that works, with what it shows."""

    share: ShareView
    target: SharedTarget

    @property
    def shows(self) -> Shows:
        return frozenset(self.share.shows)


def opened(token: str) -> Opened:
    """What lies behind a link.

    Raises:
        services.Forbidden: it was not made here.
        services.Gone: it has ended, or what it showed was deleted.
    """
    share = services.resolve_share(token)
    return Opened(share, services.shared_target(share))


@router.get("/s/{token}")
def page(token: str, page: Annotated[int, Query(ge=1, le=1_000_000)] = 1) -> HTMLResponse:
    """The page of a link; what is wrong with a link is told as a page as well."""
    try:
        found = opened(token)
        template, values = share_kinds.filled(found.share, found.target, page)
        if page == 1:
            services.count_visit(found.share.id)
    except services.ServiceError as error:
        return _refused(error)
    except NONSENSE:
        return _not_drawn(found.share)
    return _page(template, Link(token, found.share.expires_at), **values)


@router.get("/s/{token}/nodes/{run_id}/{position}")
def node(token: str, run_id: str, position: int) -> HTMLResponse:
    """One of the first nodes of a run that the link shares."""
    try:
        found = opened(token)
        runs = share_kinds.node_runs(found.share, found.target)
        shown, ego = share_nodes.shared_node(runs, run_id, position, found.shows)
    except services.ServiceError as error:
        return _refused(error)
    except NONSENSE:
        return _not_drawn(found.share)
    place = Link(token, found.share.expires_at)
    return _page("share_node.html", place, node=shown, ego=ego, shows=found.shows, left_out=[])


@router.get("/s/{token}/a/{sha256}")
def picture(token: str, sha256: str, request: Request) -> Response:
    """An image of what the link shares, without the settings that are written into it; no other artefact."""
    found = opened(token)
    if sha256 not in share_kinds.picture_hashes(found.share, found.target):
        raise services.NotFound("this link does not share that file")
    try:
        blob = services.blob(sha256)
    except services.NotFound as error:
        return files.lost_picture(request, error)
    try:
        content = bare(blob.path.read_bytes(), blob.mime)
    except ValueError as error:
        raise services.NotFound(f"this picture cannot be shown: {error}") from None
    return _bytes(content, blob.mime)


@router.get("/s/{token}/pairs/{position}/picture")
def pair_picture(token: str, position: int) -> Response:
    """The picture of one pair that the link shares."""
    found = _of_kind(token, "pairs")
    return _bytes(share_pairs.picture(found.share, found.shows, position), "image/webp")


@router.get("/s/{token}/pairs.jsonl")
def pair_file(token: str) -> Response:
    """The pairs that the link shares, where it offers them."""
    found = _of_kind(token, "pairs")
    lines = share_pairs.lines(found.share, found.shows)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=FILES)


@router.get("/s/{token}/certificate.json")
def certificate_file(token: str) -> Response:
    """The certificate that the link shares, where nothing of it was left out."""
    found = _of_kind(token, "certificate")
    content = share_certificate.file(found.share, found.shows)
    return Response(content, media_type="application/json", headers=FILES)


def _of_kind(token: str, kind: str) -> Opened:
    found = opened(token)
    if found.share.kind != kind:
        raise services.NotFound("this link does not share that file")
    return found


def _bytes(content: bytes, mime: str) -> Response:
    return Response(content, media_type=mime, headers=FILES)
