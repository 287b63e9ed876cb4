"""The studio itself: queue, workers, disk, health."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from app.api.bodies import Body
from app.api.quick import answer
from backend import services
from backend.services import Check, DiskView, QueueCounts, QueueView, TourView, WorkerView
from backend.settings import settings

router = APIRouter(tags=["system"])
COUNTS = TypeAdapter(QueueCounts)


SHOWN = 50
"""Waiting runs on the system page."""


@dataclass(frozen=True)
class SystemView:
    """Queue, workers and disk, as the page that shows them together needs them."""

    queue: QueueView
    workers: list[WorkerView]
    disk: DiskView


@dataclass(frozen=True)
class StudioView:
    """What pages need to know of this installation; `share_days_max` is how long a link may last."""

    version: str
    share_days_max: int


@router.get("/queue")
def queue(
    limit: Annotated[int, Query(ge=1, le=services.MAX_PAGE)] = services.MAX_PAGE,
) -> QueueView:
    """What runs, and the first of what waits in the order it will start; `waiting_in` says how many wait in each queue."""
    return services.queue(limit)


@router.get("/queue/counts", response_model=QueueCounts)
def queue_counts() -> Response:
    """How many runs are running and waiting."""
    return answer(COUNTS, services.queue_counts())


@router.post("/queue/{name}/pause")
def pause(name: str) -> QueueView:
    """Start nothing from a queue until it is resumed; what runs goes on."""
    services.pause(name)
    return services.queue()


@router.post("/queue/{name}/resume")
def resume(name: str) -> QueueView:
    """Start runs from a queue again."""
    services.resume(name)
    return services.queue()


@router.get("/workers")
def workers() -> list[WorkerView]:
    """Every worker, what it has, what it works on, and whether it is alive."""
    return services.workers()


class WorkerAsk(Body):
    what: services.Ask


@router.post("/workers/{worker_id}/ask")
def ask_worker(worker_id: str, body: WorkerAsk) -> WorkerView:
    """Ask a worker to stop or to restart once its run has ended, or to stay after all."""
    return services.ask_worker(worker_id, body.what)


@router.get("/disk")
def disk() -> DiskView:
    """How much room is left, and what takes it."""
    return services.disk()


@router.get("/doctor")
def doctor() -> list[Check]:
    """Everything that can be wrong with an installation, and what to do about it."""
    return services.doctor()


@router.get("/system")
def system() -> SystemView:
    """Queue, workers and disk in one answer, for the page that shows them together."""
    return SystemView(services.queue(SHOWN), services.workers(), services.disk())


@router.get("/tour")
def tour() -> TourView | None:
    """The welcome tour and how far it is; null where there is none."""
    return services.tour()


@router.delete("/tour", status_code=204)
def remove_tour() -> None:
    """Delete the runs and comparisons of the tour; it does not come back."""
    services.remove_tour()


@router.get("/studio")
def studio() -> StudioView:
    """What pages need to know of this installation."""
    return StudioView(version("vitrine"), settings().share_days_max)
