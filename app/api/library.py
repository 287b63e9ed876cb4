"""Methods, batches, reports, uploads: what runs are made of and what is made of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import Field

from app.api.bodies import Body
from app.api.content import content
from app.api.once import Once
from app.api.paging import Page, Paging
from app.report import report
from backend import services
from backend.services import (
    ComparisonView,
    DatasetView,
    Estimate,
    LandscapeView,
    Method,
    Paper,
    Preset,
    Reported,
    RunView,
)

router = APIRouter(tags=["library"], route_class=Once)


class NewCheck(Body):
    config: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, le=services.MAX_SEED)


class NewLaunch(Body):
    method: str
    config: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, le=services.MAX_SEED)
    title: str = Field("", max_length=200)


class NewBatch(Body):
    runs: list[NewLaunch] = Field(min_length=1, max_length=64)
    title: str = Field("", max_length=200)
    priority: int = Field(0, ge=-100, le=100)
    queue: str = ""


class Title(Body):
    title: str = Field(max_length=200)


@dataclass(frozen=True)
class MethodView:
    """A method: the JSON schema of its settings, its presets, and what papers report of it.

    Attributes:
        tradeoff: its runs can be charted (`/landscape`).
    """

    name: str
    title: str
    family: str
    queue: str
    papers: Sequence[Paper]
    presets: Mapping[str, Preset]
    schema: dict[str, Any]
    tradeoff: bool
    reported: Sequence[Reported]


@dataclass(frozen=True)
class Checked:
    """Settings that hold.

    Attributes:
        config: all of them, as they would run.
        estimate: what a run would need.
        same: a run of the same settings, seed and code that succeeded.
    """

    config: dict[str, Any]
    estimate: Estimate
    same: RunView | None


@dataclass(frozen=True)
class Batch:
    """Runs that were queued together, and the comparison that shows them."""

    comparison: ComparisonView
    runs: list[RunView]


def method_view(method: Method) -> MethodView:
    return MethodView(
        name=method.name,
        title=method.title,
        family=method.family,
        queue=method.queue,
        papers=method.papers,
        presets=method.presets,
        schema=method.config.model_json_schema(),
        tradeoff=method.tradeoff is not None,
        reported=method.reported,
    )


@router.get("/methods")
def list_methods() -> list[MethodView]:
    """Every method with the JSON schema of its settings and its presets."""
    return [method_view(method) for method in services.methods().values()]


@router.post("/methods/{name}/check")
def check(name: str, body: NewCheck) -> Checked:
    """The settings as they would run, what they need, and a finished run of the same if there is one."""
    config = services.validate(name, body.config)
    return Checked(
        config.model_dump(mode="json"),
        services.estimate(name, body.config),
        services.find_same(name, body.config, body.seed),
    )


@router.post("/batches", status_code=201)
def submit_many(body: NewBatch) -> Batch:
    """Queue several runs and compare them; all are checked before any is queued."""
    launches = [
        services.Launch(method=item.method, values=item.config, seed=item.seed, title=item.title)
        for item in body.runs
    ]
    comparison, runs = services.submit_many(
        launches, title=body.title, priority=body.priority, queue=body.queue
    )
    return Batch(comparison, runs)


@router.get("/report.html", response_class=Response, responses=content("text/html"))
def report_file(
    run: Annotated[list[str], Query(min_length=1, max_length=64)],
    title: Annotated[str, Query(max_length=200)] = "",
    without: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
) -> Response:
    """Runs side by side as one self-contained page to download: it opens offline and loads nothing.

    `without` leaves parts out, as `/shares/choices` names them.
    """
    shows = frozenset(services.left_out(without))
    headers = {"content-disposition": 'attachment; filename="report.html"'}
    return Response(
        report(run, title, shows), media_type="text/html; charset=utf-8", headers=headers
    )


@router.get("/landscape")
def landscape(
    run: Annotated[list[str], Query(min_length=1, max_length=64)],
    x: Annotated[str, Query(max_length=80)] = "",
    y: Annotated[str, Query(max_length=80)] = "",
) -> LandscapeView:
    """All finished runs that are comparable with the first of these: what they gain against what they lose."""
    return services.landscape(run, x=x, y=y)


@router.get("/datasets")
def datasets(paging: Paging, kind: Annotated[str, Query(max_length=40)] = "") -> Page[DatasetView]:
    """Files that people brought, newest first; `kind` is the setting that they are for."""
    return paging.newest(f"datasets:{kind}", lambda limit, end: services.datasets(kind, limit, end))


@router.post("/uploads", status_code=201)
def upload(
    file: Annotated[UploadFile, File()], kind: Annotated[str, Form(max_length=40)]
) -> DatasetView:
    """Take a file in; `kind` is the setting of a method that it is for, such as router."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return services.upload(file.filename or "upload", path, kind)
