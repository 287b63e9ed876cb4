"""Bytes: artefacts by their content's name, and the studio's own scripts and styles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import plotly
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from backend import services

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent / "static"
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ASSETS = {path.name: path for path in STATIC.iterdir() if path.is_file()}
ASSETS["plotly.min.js"] = PLOTLY_JS

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
SHA256 = re.compile(r"[0-9a-f]{64}")
PAGE = "sandbox allow-modals; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a page among artefacts may do: look as it was made, and be printed."""
LOST = (STATIC / "lost.svg").read_bytes()
"""Shown where a picture should be whose file is gone."""
FOREVER = "private, max-age=31536000, immutable"


def blob_response(sha256: str, name: str, request: Request) -> Response:
    """The bytes named by `sha256`; anything but a picture is sandboxed, so that a page among artefacts runs and loads nothing.

    Raises:
        services.NotFound: there is no such artefact.
    """
    if not SHA256.fullmatch(sha256):
        raise services.NotFound(f"{sha256!r:.80} is not the sha256 of an artefact")
    blob = services.blob(sha256)
    etag = f'"{sha256}"'
    headers = {"etag": etag, "cache-control": FOREVER}
    if blob.mime not in PICTURES:
        headers["content-security-policy"] = PAGE
    if name:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return FileResponse(blob.path, media_type=blob.mime, headers=headers)


@router.get("/a/{sha256}")
def artefact(
    sha256: str, request: Request, name: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """An artefact's bytes; with `name` it is a download under that name."""
    try:
        return blob_response(sha256, name, request)
    except services.NotFound as error:
        return lost_picture(request, error)


def lost_picture(request: Request, error: services.NotFound) -> Response:
    """In answer to a page that asks for a picture, one that says that the file is lost.

    Raises:
        services.NotFound: `error`, to anybody else.
    """
    if not request.headers.get("accept", "").startswith("image/"):
        raise error
    headers = {"cache-control": "no-store"}
    return Response(LOST, status_code=404, media_type="image/svg+xml", headers=headers)


@router.get("/static/{name}")
def asset(name: str, request: Request) -> Response:
    """One of our own files. Deeper paths below /static are Gradio's and go past this route."""
    if name not in ASSETS:
        raise services.NotFound(f"there is no file {name!r:.80}")
    response = FileResponse(ASSETS[name], headers={"cache-control": "no-cache"})
    response.set_stat_headers(ASSETS[name].stat())
    if request.headers.get("if-none-match") == response.headers["etag"]:
        return Response(status_code=304, headers={"etag": response.headers["etag"]})
    return response
