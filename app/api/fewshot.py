"""Pictures for few shots: looked into one by one as they are dropped, then kept together as a run takes them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from app.api.once import Once
from backend import services
from backend.services import BroughtPicture, DatasetView, PictureView

router = APIRouter(tags=["fewshot"], route_class=Once)


@contextmanager
def spooled(files: Sequence[UploadFile]) -> Iterator[list[Path]]:
    """The files on the disk for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(place) for place in range(len(files))]
        for file, path in zip(files, paths, strict=True):
            with path.open("wb") as target:
                shutil.copyfileobj(file.file, target)
        yield paths


@router.post("/fewshot/pictures/check")
def check_picture(file: Annotated[UploadFile, File()]) -> PictureView:
    """A picture's size upright, what would be done to it, and a small copy that any browser can show."""
    with spooled([file]) as [path]:
        return services.check_picture(file.filename or "a picture without a name", path)


@router.post("/fewshot/pictures", status_code=201)
def pack_pictures(
    files: Annotated[list[UploadFile], File()],
    classes: Annotated[list[str], Form(max_length=1000)],
) -> DatasetView:
    """Keep pictures as one upload; `classes` says of each file which class it is a shot of, "" for one to look at."""
    if len(classes) != len(files):
        raise services.ServiceError(
            f"classes must say of each of the {len(files)} files what it is a shot of, got {len(classes)}"
        )
    with spooled(files) as paths:
        brought = [
            BroughtPicture(file.filename or "picture", path, shot_of)
            for file, path, shot_of in zip(files, paths, classes, strict=True)
        ]
        return services.pack_pictures(brought)
