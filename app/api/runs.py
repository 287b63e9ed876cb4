"""Runs: launch, read, follow, change, end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter

from app.api.bodies import Body
from app.api.once import Once
from app.api.paging import Cursor, Page, Paging
from app.api.quick import answer
from backend import services
from backend.services import (
    ArtefactView,
    AttemptView,
    EventView,
    LiveView,
    RecordPage,
    RunPage,
    RunView,
)

router = APIRouter(tags=["runs"], route_class=Once)
LIVE = TypeAdapter(LiveView)

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
Sort = Literal["created_at", "finished_at", "title", "status"]


class NewRun(Body):
    """A run to be: a method, the settings that differ from its defaults, and a seed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "method": "caching.sample",
                    "config": {"schedule": "interval", "interval": 2, "correction": "goc"},
                    "seed": 0,
                    "title": "GOC, every second step",
                }
            ]
        }
    )

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


@router.post("/runs", status_code=201)
def submit(body: NewRun) -> RunView:
    """Queue a run."""
    return services.submit(
        body.method,
        body.config,
        seed=body.seed,
        title=body.title,
        priority=body.priority,
        queue=body.queue,
        parent_id=body.parent_id,
    )


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
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunPage:
    """One page of runs; `sweep` is an id, or "none" for runs of no sweep."""
    return services.list_runs(
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


class Cancelled(BaseModel):
    """How many runs were cancelled, or asked to stop."""

    cancelled: int


@router.post("/runs/cancel")
def cancel_all(body: CancelAll) -> Cancelled:
    """Cancel every waiting and running run, but for one if it is named."""
    return Cancelled(cancelled=services.cancel_all(body.except_run))


@router.get("/runs/{run_id}")
def get_run(run_id: str) -> RunView:
    """One run, with its settings, where it stands, and what it measured."""
    return services.get_run(run_id)


@router.patch("/runs/{run_id}")
def update_run(run_id: str, body: ChangedRun) -> RunView:
    """Change a run's title or priority, pin it, or put it away; what is left out stays as it is."""
    return services.update_run(
        run_id,
        title=body.title,
        pinned=body.pinned,
        archived=body.archived,
        priority=body.priority,
    )


@router.delete("/runs/{run_id}", status_code=204)
def delete_run(run_id: str) -> None:
    """Delete a run that has ended, with all it reported."""
    services.delete_run(run_id)


@router.post("/runs/{run_id}/cancel")
def cancel(run_id: str, body: Cancel | None = None) -> RunView:
    """Cancel a waiting run at once; ask a running one to stop, or with `hard` end its worker."""
    return services.cancel(run_id, hard=body.hard if body else False)


@router.post("/runs/{run_id}/rerun", status_code=201)
def rerun(run_id: str) -> RunView:
    """Queue a run again, as a new run with the same settings and seed."""
    return services.rerun(run_id)


@router.post("/runs/{run_id}/move", status_code=204)
def move(run_id: str, body: Move) -> None:
    """Change the run's place among those that wait."""
    services.move(run_id, body.where)


@router.get("/runs/{run_id}/live", response_model=LiveView)
def live(run_id: str, after: str = "") -> Response:
    """What is new since the cursor `after`, and where the run is now."""
    return answer(LIVE, services.live(run_id, after))


Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class Series(RootModel[dict[str, list[Point]]]):
    """Points (step, value) by the name of their curve."""


SERIES = TypeAdapter(dict[str, list[tuple[int, float]]])


@router.get("/runs/{run_id}/series", response_model=Series)
def series(
    run_id: str,
    name: Annotated[list[str], Query()] = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """Whole curves, points (step, value) by name."""
    return answer(SERIES, services.series(run_id, name))


@router.get("/runs/{run_id}/events")
def events(run_id: str, paging: Paging) -> Page[EventView]:
    """What happened to a run, oldest first."""
    return paging.page(
        f"events:{run_id}",
        lambda limit, end: services.events(run_id, end[0] if end else 0, limit=limit),
        lambda event: (event.id,),
        int,
    )


@router.get("/runs/{run_id}/artefacts")
def artefacts(run_id: str, paging: Paging, role: str = "") -> Page[ArtefactView]:
    """The files of a run in the order they were saved, of one `role` or all but its preview; each is served at its `url`."""
    return paging.page(
        f"artefacts:{run_id}:{role}",
        lambda limit, end: services.artefacts(
            run_id, role, after=end[0] if end else 0, limit=limit
        ),
        lambda artefact: (artefact.id,),
        int,
    )


@router.get("/runs/{run_id}/records/{kind}")
def records(
    run_id: str,
    kind: str,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    sort: str = "",
    descending: bool = False,
    filter: Annotated[list[str], Query()] = [],  # noqa: B006  its name in the address
    cursor: Cursor = "",
) -> RecordPage:
    """One page of rows, by an offset or by the cursor of the page before; each `filter` is field:op:value, op one of lt, le, gt, ge, eq, ne, in (a,b,c), has (contains)."""
    return services.records(
        run_id,
        kind,
        offset=offset,
        limit=limit,
        sort=sort,
        descending=descending,
        filters=filter,
        cursor=cursor,
    )


@router.get("/runs/{run_id}/attempts")
def attempts(run_id: str) -> list[AttemptView]:
    """Every worker's try at the run, and how it ended."""
    return services.attempts(run_id)
