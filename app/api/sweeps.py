"""Sweeps: plan, launch, follow, conclude, end."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field, TypeAdapter

from app.api.bodies import Body
from app.api.library import Title
from app.api.once import Once
from app.api.paging import Page, Paging
from app.api.quick import answer
from backend import services
from backend.services import SweepItem, SweepPlan, SweepRequest, SweepView

router = APIRouter(tags=["sweeps"], route_class=Once)
SWEEP = TypeAdapter(SweepView)


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


@router.post("/sweeps/plan")
def plan(body: NewSweep) -> SweepPlan:
    """What a launch would queue: its cells, what is left out and why, time and memory."""
    return services.plan_sweep(body.request())


@router.post("/sweeps", status_code=201)
def launch(body: NewSweep) -> SweepView:
    """Queue all runs of a sweep, or none."""
    return services.launch_sweep(body.request())


@router.get("/sweeps")
def list_sweeps(paging: Paging) -> Page[SweepItem]:
    """Sweeps, newest first, each with how many of its runs are in which status."""
    return paging.newest("sweeps", services.list_sweeps)


@router.get("/sweeps/{sweep_id}", response_model=SweepView)
def get_sweep(sweep_id: str) -> Response:
    """How far it is, its cells with means and 95 % intervals over seeds, and what it says once all have ended."""
    return answer(SWEEP, services.get_sweep(sweep_id))


@router.patch("/sweeps/{sweep_id}")
def rename(sweep_id: str, body: Title) -> SweepView:
    """Give a sweep another title."""
    return services.rename_sweep(sweep_id, body.title)


@router.post("/sweeps/{sweep_id}/cancel")
def cancel(sweep_id: str) -> SweepView:
    """Cancel every run of it that has not ended."""
    return services.cancel_sweep(sweep_id)


@router.delete("/sweeps/{sweep_id}", status_code=204)
def delete(sweep_id: str) -> None:
    """Delete it with its runs; pinned ones stay."""
    services.delete_sweep(sweep_id)
