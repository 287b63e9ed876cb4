"""Workers as their heartbeats show them."""

from __future__ import annotations

from sqlalchemy import delete, select
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


def forget_old(session: Session) -> None:
    """Drop workers that have been silent for an hour."""
    session.execute(delete(Worker).where(col(Worker.heartbeat_at) < now() - FORGET_S))
