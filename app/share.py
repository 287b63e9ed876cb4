"""Pages for people without the studio: signed, read-only, drawn on the server, nothing loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import share_edits, share_nodes, share_view
from app.errors import status_of
from app.files import blob_response
from backend import services
from backend.services import ShareView
from backend.settings import settings

router = APIRouter(include_in_schema=False)

MAX_COLUMNS = 24
HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters.update(
    name=share_view.name,
    figure=share_view.figure,
    percent=share_view.percent,
    day=share_view.day,
    plain=share_view.plain,
)


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    text = templates.get_template(template).render(root=settings().root_path, **values)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


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
        return _page("share_error.html", status_of(error), message=str(error))
    view = services.compare(run_ids)
    rows = share_view.rows(view)
    charts, more_charts = share_view.charts(view)
    metrics, more_metrics = share_view.metrics(view)
    known = [services.methods().get(run.method) for run in view.runs]
    detections = share_nodes.detections(view)
    papers = {paper.url: paper for method in known if method for paper in method.papers}
    return _page(
        "share.html",
        share=share,
        token=token,
        title=title,
        view=view,
        rows=rows,
        columns=list(dict.fromkeys(key for row in rows for key in row.images))[:MAX_COLUMNS],
        differing=share_view.settings(view, view.differing),
        common=share_view.settings(view, view.common),
        metrics=metrics,
        more_metrics=more_metrics,
        edits=share_edits.edits(view),
        detections=detections,
        agreement=share_nodes.agreement(detections),
        maps=share_view.maps(view),
        charts=charts,
        more_charts=more_charts,
        papers=list(papers.values()),
    )


@router.get("/s/{token}/nodes/{run_id}/{position}")
def node(token: str, run_id: str, position: int) -> HTMLResponse:
    """One of the first nodes of a run that the link shares."""
    try:
        share = services.resolve_share(token)
        found, ego = share_nodes.shared_node(_target(share)[1], run_id, position)
    except services.ServiceError as error:
        return _page("share_error.html", status_of(error), message=str(error))
    return _page("share_node.html", share=share, token=token, node=found, ego=ego)


@router.get("/s/{token}/a/{sha256}")
def picture(token: str, sha256: str, request: Request) -> Response:
    """An image of what the link shares; no other artefact."""
    _, run_ids = _target(services.resolve_share(token))
    shared = share_view.pictures(run_ids)
    if not any(item.sha256 == sha256 for images in shared.values() for item in images):
        raise services.NotFound("this link does not share that file")
    response = blob_response(sha256, "", request)
    response.headers["cache-control"] = "private, max-age=300"
    return response
