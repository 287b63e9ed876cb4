"""Runs: launch, read, follow, change, end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from app.api.quick import answer
from backend import services
from backend.services import ArtefactView, EventView, LiveView, RecordPage, RunView

router = APIRouter(tags=["runs"])
LIVE = TypeAdapter(LiveView)

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
Sort = Literal["created_at", "finished_at", "title", "status"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, body: Any) -> Any:
        if _has_nul(body):
            raise ValueError("no text may have a NUL character, which PostgreSQL cannot keep")
        return body


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


class NewRun(Body):
    method: str
    config: dict[str, Any] = Field(default_factory=dict)
    seed: int = Field(0, ge=0, le=services.MAX_SEED)
    title: str = Field("", max_length=200)
    priority: int = Field(0, ge=-100, le=100)
    queue: str = ""
    parent_id: str | None = None


class ChangedRun(Body):
    title: str | None = Field(None, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None
    priority: int | None = Field(None, ge=-100, le=100)


class Cancel(Body):
    hard: bool = False


class CancelAll(Body):
    except_run: str | None = None


class Move(Body):
    where: Literal["first", "up", "down", "last"]


def run_json(run: RunView) -> dict[str, Any]:
    """A run as scripts see it: its fields, and what follows from them."""
    return {
        **asdict(run),
        "finished": run.finished,
        "fraction": run.fraction,
        "url": f"/r/{run.id}",
    }


@router.post("/runs", status_code=201)
def submit(
    body: NewRun, idempotency_key: Annotated[str | None, Header(max_length=200)] = None
) -> dict[str, Any]:
    """Queue a run; the same `Idempotency-Key` gives the same run again."""
    run = services.submit(
        body.method,
        body.config,
        seed=body.seed,
        title=body.title,
        priority=body.priority,
        queue=body.queue,
        parent_id=body.parent_id,
        idempotency_key=idempotency_key,
    )
    return run_json(run)


@router.get("/runs")
def list_runs(
    status: Annotated[list[Status], Query()] = [],  # noqa: B006  FastAPI copies it
    family: str = "",
    method: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    archived: bool = False,
    sweep: Annotated[str, Query(max_length=40)] = "",
    sort: Sort = "created_at",
    descending: bool = True,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """One page of runs; `sweep` is an id, or "none" for runs of no sweep."""
    page = services.list_runs(
        statuses=tuple(status),
        family=family,
        method=method,
        text=q,
        archived=archived,
        sweep=sweep,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
    )
    return {
        "runs": [run_json(run) for run in page.runs],
        "cursor": page.cursor,
        "total": page.total,
    }


@router.post("/runs/cancel")
def cancel_all(body: CancelAll) -> dict[str, int]:
    """Cancel every waiting and running run, but for one if it is named."""
    return {"cancelled": services.cancel_all(body.except_run)}


@router.get("/runs/{run_id}")
def get_run(run_id: str) -> dict[str, Any]:
    return run_json(services.get_run(run_id))


@router.patch("/runs/{run_id}")
def update_run(run_id: str, body: ChangedRun) -> dict[str, Any]:
    run = services.update_run(
        run_id,
        title=body.title,
        pinned=body.pinned,
        archived=body.archived,
        priority=body.priority,
    )
    return run_json(run)


@router.delete("/runs/{run_id}", status_code=204)
def delete_run(run_id: str) -> None:
    services.delete_run(run_id)


@router.post("/runs/{run_id}/cancel")
def cancel(run_id: str, body: Cancel | None = None) -> dict[str, Any]:
    return run_json(services.cancel(run_id, hard=body.hard if body else False))


@router.post("/runs/{run_id}/rerun", status_code=201)
def rerun(run_id: str) -> dict[str, Any]:
    return run_json(services.rerun(run_id))


@router.post("/runs/{run_id}/move", status_code=204)
def move(run_id: str, body: Move) -> None:
    """Change the run's place among those that wait."""
    services.move(run_id, body.where)


@router.get("/runs/{run_id}/live", response_model=LiveView)
def live(run_id: str, after: str = "") -> Response:
    """What is new since the cursor `after`, and where the run is now."""
    return answer(LIVE, services.live(run_id, after))


@router.get("/runs/{run_id}/series")
def series(
    run_id: str,
    name: Annotated[list[str], Query()] = [],  # noqa: B006  FastAPI copies it
) -> dict[str, list[tuple[int, float]]]:
    """Whole curves, points (step, value) by name."""
    return services.series(run_id, name)


@router.get("/runs/{run_id}/events")
def events(run_id: str, after: int = 0) -> list[EventView]:
    return services.events(run_id, after)


@router.get("/runs/{run_id}/artefacts")
def artefacts(run_id: str, role: str = "") -> list[ArtefactView]:
    return services.artefacts(run_id, role)


@router.get("/runs/{run_id}/records/{kind}")
def records(
    run_id: str,
    kind: str,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    sort: str = "",
    descending: bool = False,
    filter: Annotated[list[str], Query()] = [],  # noqa: B006  its name in the address
) -> RecordPage:
    """One page of rows; each `filter` is field:op:value, op one of lt, le, gt, ge, eq, ne, in (a,b,c), has (contains)."""
    return services.records(
        run_id,
        kind,
        offset=offset,
        limit=limit,
        sort=sort,
        descending=descending,
        filters=filter,
    )


@router.get("/runs/{run_id}/attempts")
def attempts(run_id: str) -> list[dict[str, Any]]:
    """Every worker's try at the run, and how it ended."""
    return [asdict(attempt) for attempt in services.attempts(run_id)]
