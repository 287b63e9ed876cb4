"""Answers that are kept for a while, so that whoever asks for the same thing twice does not make it twice."""

from __future__ import annotations

from sqlalchemy import Text, delete, select, update
from sqlmodel import Field, Session, SQLModel, col

from storage.models import now


class Idempotent(SQLModel, table=True):
    """What a request with a key of its own was answered.

    Attributes:
        key: sha256 of who asked, what for, and the key that they gave.
        digest: sha256 of what was sent.
        status: of the answer; 0 while it is being worked on.
        media_type, body: of the answer.
    """

    key: str = Field(primary_key=True)
    digest: str
    status: int = 0
    media_type: str = ""
    body: str = Field(default="", sa_type=Text)
    created_at: float = Field(default_factory=now, index=True)


def found(session: Session, key: str) -> Idempotent | None:
    return session.scalars(select(Idempotent).where(col(Idempotent.key) == key)).first()


def answered(session: Session, key: str, status: int, media_type: str, body: str) -> None:
    """Keep an answer under a key that was claimed."""
    kept = {"status": status, "media_type": media_type, "body": body}
    session.execute(update(Idempotent).where(col(Idempotent.key) == key).values(**kept))


def drop(session: Session, key: str) -> None:
    session.execute(delete(Idempotent).where(col(Idempotent.key) == key))


def drop_older(session: Session, than: float) -> None:
    session.execute(delete(Idempotent).where(col(Idempotent.created_at) < than))
