"""Whole runs as one file, for another studio to take in."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from app.api.content import content
from app.api.once import Once
from backend import services
from backend.services import RunView

router = APIRouter(tags=["library"], route_class=Once)
NAME = "bundle.zip"


@router.get(
    "/bundle.zip",
    response_class=FileResponse,
    responses=content("application/zip", binary=True),
)
def export(run: Annotated[list[str], Query(min_length=1, max_length=64)]) -> FileResponse:
    """Finished runs with all that they reported and the uploads that they used, as one file; for people you trust with them."""
    folder = tempfile.mkdtemp(prefix="vitrine-bundle-")
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    try:
        services.export_bundle(run, Path(folder) / NAME)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        Path(folder) / NAME, media_type="application/zip", filename=NAME, background=gone
    )


@router.post("/bundles", status_code=201)
def take_in(file: Annotated[UploadFile, File()]) -> list[RunView]:
    """Take in the runs of a bundle of another studio: all of them, or none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return services.import_bundle(path)
