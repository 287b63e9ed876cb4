"""Methods, comparisons, shares, uploads: what runs are made of and what is made of them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import Field

from app.api.runs import Body, run_json
from app.report import report
from backend import services
from backend.services import ComparisonView, DatasetView, LandscapeView, ShareView

router = APIRouter(tags=["library"])


class Values(Body):
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


class NewComparison(Body):
    run_ids: list[str] = Field(min_length=1, max_length=64)
    title: str = Field("", max_length=200)


class Title(Body):
    title: str = Field(max_length=200)


class NewShare(Body):
    kind: Literal["run", "comparison"]
    target_id: str
    days: int = Field(ge=1)


def method_json(name: str) -> dict[str, Any]:
    method = services.methods()[name]
    return {
        "name": method.name,
        "title": method.title,
        "family": method.family,
        "queue": method.queue,
        "papers": [asdict(paper) for paper in method.papers],
        "presets": {
            key: asdict(preset) | {"values": dict(preset.values)}
            for key, preset in method.presets.items()
        },
        "schema": method.config.model_json_schema(),
        "tradeoff": method.tradeoff is not None,
        "reported": [reported_json(each) for each in method.reported],
    }


def reported_json(reported: services.Reported) -> dict[str, Any]:
    rows = [
        {
            "name": row.name,
            "values": list(row.values),
            "source": row.source,
            "notes": dict(row.notes),
            "settings": dict(row.settings),
        }
        for row in reported.rows
    ]
    return {"setting": reported.setting, "columns": list(reported.columns), "rows": rows}


def comparison_json(comparison: ComparisonView) -> dict[str, Any]:
    return {**asdict(comparison), "url": f"/c/{comparison.id}"}


@router.get("/methods")
def list_methods() -> list[dict[str, Any]]:
    """Every method with the JSON schema of its settings and its presets."""
    return [method_json(name) for name in services.methods()]


@router.post("/methods/{name}/check")
def check(name: str, body: Values) -> dict[str, Any]:
    """The settings as they would run, what they need, and a finished run of the same if there is one."""
    config = services.validate(name, body.config)
    same = services.find_same(name, body.config, body.seed)
    return {
        "config": config.model_dump(mode="json"),
        "estimate": asdict(services.estimate(name, body.config)),
        "same": run_json(same) if same else None,
    }


@router.post("/batches", status_code=201)
def submit_many(body: NewBatch) -> dict[str, Any]:
    """Queue several runs and compare them; all are checked before any is queued."""
    launches = [
        services.Launch(method=item.method, values=item.config, seed=item.seed, title=item.title)
        for item in body.runs
    ]
    comparison, runs = services.submit_many(
        launches, title=body.title, priority=body.priority, queue=body.queue
    )
    return {"comparison": comparison_json(comparison), "runs": [run_json(run) for run in runs]}


@router.get("/comparisons")
def list_comparisons(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[dict[str, Any]]:
    return [comparison_json(item) for item in services.list_comparisons(limit)]


@router.post("/comparisons", status_code=201)
def create_comparison(body: NewComparison) -> dict[str, Any]:
    return comparison_json(services.create_comparison(body.run_ids, body.title))


@router.get("/comparisons/{comparison_id}")
def get_comparison(comparison_id: str) -> dict[str, Any]:
    return comparison_json(services.get_comparison(comparison_id))


@router.patch("/comparisons/{comparison_id}")
def update_comparison(comparison_id: str, body: Title) -> dict[str, Any]:
    return comparison_json(services.update_comparison(comparison_id, body.title))


@router.get("/compare")
def compare(run: Annotated[list[str], Query(min_length=1, max_length=64)]) -> dict[str, Any]:
    """Runs side by side: settings that differ first, then those they share, then metrics."""
    view = services.compare(run)
    return {**asdict(view), "runs": [run_json(item) for item in view.runs]}


@router.get("/report.html", response_class=Response)
def report_file(
    run: Annotated[list[str], Query(min_length=1, max_length=64)],
    title: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Runs side by side as one self-contained page to download: it opens offline and loads nothing."""
    headers = {"content-disposition": 'attachment; filename="report.html"'}
    return Response(report(run, title), media_type="text/html; charset=utf-8", headers=headers)


@router.get("/compare/figures")
def compare_figures(
    run: Annotated[list[str], Query(min_length=2, max_length=64)],
) -> list[dict[str, Any]]:
    """What several runs scored on the same scenes: each figure with its interval, and the paired difference to the first."""
    return services.compare_figures(run)


@router.get("/landscape")
def landscape(
    run: Annotated[list[str], Query(min_length=1, max_length=64)],
    x: Annotated[str, Query(max_length=80)] = "",
    y: Annotated[str, Query(max_length=80)] = "",
) -> LandscapeView:
    """All finished runs that are comparable with the first of these: what they gain against what they lose."""
    return services.landscape(run, x=x, y=y)


@router.get("/shares")
def list_shares(target_id: str = "") -> list[ShareView]:
    return services.list_shares(target_id)


@router.post("/shares", status_code=201)
def create_share(body: NewShare) -> ShareView:
    return services.create_share(body.kind, body.target_id, body.days)


@router.delete("/shares/{share_id}", status_code=204)
def revoke_share(share_id: str) -> None:
    services.revoke_share(share_id)


@router.get("/datasets")
def datasets(kind: str = "") -> list[DatasetView]:
    return services.datasets(kind)


@router.post("/uploads", status_code=201)
def upload(
    file: Annotated[UploadFile, File()], kind: Annotated[str, Form(max_length=40)]
) -> DatasetView:
    """Take a file in; `middleware.BodyLimit` has refused one that is too large."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return services.upload(file.filename or "upload", path, kind)
