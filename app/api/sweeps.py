"""Sweeps: plan, launch, follow, conclude, end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from app.api.library import Title
from app.api.quick import answer
from app.api.runs import Body
from backend import services
from backend.services import SweepItem, SweepPlan, SweepRequest

router = APIRouter(tags=["sweeps"])
SWEEP: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class NewSweep(Body):
    """`axes` gives the values to combine, by setting; `controls` adds those that the method names."""

    method: str
    config: dict[str, Any] = Field(default_factory=dict)
    axes: dict[str, list[Any]]
    seeds: list[int] = Field(default=[0], min_length=1, max_length=100)
    controls: bool = True
    title: str = Field("", max_length=200)

    def request(self) -> SweepRequest:
        return SweepRequest(
            self.method, self.config, self.axes, self.seeds, self.controls, self.title
        )


def url_of(sweep: SweepItem) -> str:
    return f"/sweep?id={sweep.id}"


def sweep_json(sweep: SweepItem) -> dict[str, Any]:
    return {**asdict(sweep), "url": url_of(sweep)}


@router.post("/sweeps/plan")
def plan(body: NewSweep) -> SweepPlan:
    """What a launch would queue: its cells, what is left out and why, time and memory."""
    return services.plan_sweep(body.request())


@router.post("/sweeps", status_code=201)
def launch(body: NewSweep) -> dict[str, Any]:
    """Queue all runs of a sweep, or none."""
    return sweep_json(services.launch_sweep(body.request()))


@router.get("/sweeps")
def list_sweeps(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[dict[str, Any]]:
    return [sweep_json(item) for item in services.list_sweeps(limit)]


@router.get("/sweeps/{sweep_id}", response_model=dict[str, Any])
def get_sweep(sweep_id: str) -> Response:
    """How far it is, its cells with means and 95 % intervals over seeds, and what it says once all have ended."""
    sweep = services.get_sweep(sweep_id)
    return answer(SWEEP, vars(sweep) | {"url": url_of(sweep)})


@router.patch("/sweeps/{sweep_id}")
def rename(sweep_id: str, body: Title) -> dict[str, Any]:
    return sweep_json(services.rename_sweep(sweep_id, body.title))


@router.post("/sweeps/{sweep_id}/cancel")
def cancel(sweep_id: str) -> dict[str, Any]:
    """Cancel every run of it that has not ended."""
    return sweep_json(services.cancel_sweep(sweep_id))


@router.delete("/sweeps/{sweep_id}", status_code=204)
def delete(sweep_id: str) -> None:
    """Delete it with its runs; pinned ones stay."""
    services.delete_sweep(sweep_id)
