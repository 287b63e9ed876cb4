"""What is still to be told to webhooks: written in the transaction that ends a run, so that neither is there without the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, delete, func, select, update
from sqlmodel import Field, Session, SQLModel, col

from storage import remembered
from storage.kept import Setting
from storage.models import GROWING, Run, cursor_column, now

URLS = "webhooks"
"""Key of the setting that says where the web process sends: whoever ends a run need not know it."""
TOLD = ("id", "method", "title", "status", "seed", "metrics", "created_at", "finished_at")


class Delivery(SQLModel, table=True):
    """One thing to be told to one address. It goes when that has taken it, and outlives the run.

    Attributes:
        due_at: when to try next; while somebody tries, when somebody else may.
        tries: how often it was tried.
    """

    id: int | None = Field(default=None, sa_column=cursor_column())
    url: str = Field(sa_type=Text)
    run_id: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    tries: int = 0
    due_at: float = Field(default_factory=now)
    created_at: float = Field(default_factory=now)

    __table_args__ = (Index("ix_delivery_due", "url", "due_at"), GROWING)


def register(session: Session, urls: Sequence[str]) -> None:
    """Say where ends of runs are told from now on; what was to be told elsewhere is dropped."""
    remembered.locked(session, URLS, []).value = list(urls)
    session.execute(delete(Delivery).where(col(Delivery.url).not_in(urls)))


def announce(session: Session, run_ids: Sequence[str]) -> None:
    """Put the ends of runs, just written in this session, into the outbox of every address."""
    row = session.get(Setting, URLS)
    if row is None or not row.value:
        return
    told = select(*(getattr(Run, name) for name in TOLD)).where(col(Run.id).in_(run_ids))
    for run in session.execute(told).mappings():
        body = {"event": "run.ended", **run}
        session.add_all(Delivery(url=url, run_id=run["id"], body=body) for url in row.value)


def due(session: Session, url: str) -> Delivery | None:
    """What is to be sent to an address now, the oldest."""
    query = select(Delivery).where(col(Delivery.url) == url, col(Delivery.due_at) <= now())
    return session.scalars(query.order_by(col(Delivery.due_at), col(Delivery.id)).limit(1)).first()


def take(session: Session, found: Delivery, lease_s: float) -> bool:
    """Keep others from sending it for a while; False if somebody else was faster."""
    changed = session.execute(
        update(Delivery)
        .where(col(Delivery.id) == found.id, col(Delivery.tries) == found.tries)
        .values(due_at=now() + lease_s, tries=found.tries + 1)
        .returning(col(Delivery.id))
    )
    return changed.first() is not None


def postpone(session: Session, delivery_id: int, wait_s: float) -> None:
    session.execute(
        update(Delivery).where(col(Delivery.id) == delivery_id).values(due_at=now() + wait_s)
    )


def drop(session: Session, delivery_id: int) -> None:
    session.execute(delete(Delivery).where(col(Delivery.id) == delivery_id))


def waiting(session: Session) -> dict[str, int]:
    """How much is still to be told, by address."""
    query = select(col(Delivery.url), func.count()).group_by(col(Delivery.url))
    return {url: int(count) for url, count in session.execute(query)}
