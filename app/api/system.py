"""The studio itself: queue, workers, disk, health."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, TypeAdapter

from app.api.quick import answer
from app.api.runs import run_json
from backend import services
from backend.services import Check, DiskView, QueueCounts, WorkerView
from backend.settings import settings

router = APIRouter(tags=["system"])
COUNTS = TypeAdapter(QueueCounts)


def queue_json() -> dict[str, Any]:
    view = services.queue()
    return {
        "running": [run_json(run) for run in view.running],
        "waiting": [run_json(run) for run in view.waiting],
        "paused": view.paused,
    }


@router.get("/queue")
def queue() -> dict[str, Any]:
    """What runs, and what waits in the order it will start."""
    return queue_json()


@router.get("/queue/counts", response_model=QueueCounts)
def queue_counts() -> Response:
    """How many runs are running and waiting."""
    return answer(COUNTS, services.queue_counts())


@router.post("/queue/{name}/pause")
def pause(name: str) -> dict[str, Any]:
    services.pause(name)
    return queue_json()


@router.post("/queue/{name}/resume")
def resume(name: str) -> dict[str, Any]:
    services.resume(name)
    return queue_json()


@router.get("/workers")
def workers() -> list[WorkerView]:
    return services.workers()


class WorkerAsk(BaseModel):
    what: services.Ask


@router.post("/workers/{worker_id}/ask")
def ask_worker(worker_id: str, body: WorkerAsk) -> WorkerView:
    """Ask a worker to stop or to restart once its run has ended, or to stay after all."""
    return services.ask_worker(worker_id, body.what)


@router.get("/disk")
def disk() -> DiskView:
    return services.disk()


@router.get("/doctor")
def doctor() -> list[Check]:
    """Everything that can be wrong with an installation, and what to do about it."""
    return services.doctor()


@router.get("/system")
def system() -> dict[str, Any]:
    """Queue, workers and disk in one answer, for the page that shows them together."""
    return {
        "queue": queue_json(),
        "workers": [asdict(worker) for worker in services.workers()],
        "disk": asdict(services.disk()),
    }


@router.get("/tour")
def tour() -> dict[str, Any] | None:
    """The welcome tour and how far it is; null where there is none."""
    view = services.tour()
    if view is None:
        return None
    stops = [{**asdict(stop), "runs": [run_json(run) for run in stop.runs]} for stop in view.stops]
    return {"stops": stops}


@router.delete("/tour", status_code=204)
def remove_tour() -> None:
    """Delete the runs and comparisons of the tour; it does not come back."""
    services.remove_tour()


@router.get("/studio")
def studio() -> dict[str, Any]:
    """What pages need to know of this installation."""
    return {"version": version("vitrine"), "share_days_max": settings().share_days_max}
