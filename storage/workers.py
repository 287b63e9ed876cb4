"""Workers as their heartbeats show them."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from storage.models import Worker, now

FORGET_S = 3600.0


def all_workers(session: Session) -> list[Worker]:
    return list(session.scalars(select(Worker).order_by(col(Worker.device), col(Worker.id))))


def alive(session: Session, lease_s: float) -> list[Worker]:
    """The workers that gave a sign within a lease."""
    return [each for each in all_workers(session) if each.heartbeat_at > now() - lease_s]


def serving(session: Session, queue: str, lease_s: float) -> list[Worker]:
    return [each for each in alive(session, lease_s) if queue in each.queues]


def room_mb(device: str, total_mb: float, free_mb: float) -> float:
    """What a run may need of a device: of a GPU what is free now, of the machine's memory all there is, since what
    other processes hold of that can be paged out and an estimate is no reservation."""
    return total_mb if device == "cpu" else free_mb


def fits(worker: Worker, memory_mb: float) -> bool:
    """Whether a run that needs so much may start there; a worker that did not say what it has is not ruled out."""
    room = room_mb(worker.device, worker.memory_total_mb, worker.memory_free_mb)
    return not worker.memory_total_mb or memory_mb <= room


def asked(session: Session, worker_id: str) -> str:
    """Whether a worker was asked to leave; nobody changes that before the transaction ends."""
    query = select(col(Worker.asked)).where(col(Worker.id) == worker_id).with_for_update()
    return session.scalar(query) or ""


def ask(session: Session, worker_id: str, what: str) -> bool:
    """Ask a worker to "stop" or to "restart" after its run, or to stay: ""; False if there is no such worker."""
    changed = session.execute(
        update(Worker)
        .where(col(Worker.id) == worker_id)
        .values(asked=what)
        .returning(col(Worker.id))
    )
    return changed.first() is not None


def forget_old(session: Session) -> None:
    """Drop workers that have been silent for an hour."""
    session.execute(delete(Worker).where(col(Worker.heartbeat_at) < now() - FORGET_S))
