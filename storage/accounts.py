"""The tables of who may use the studio, and of what they did that others should be able to look up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, or_, select
from sqlmodel import Field, Session, SQLModel, col

from storage.models import GROWING, cursor_column, now


class Account(SQLModel, table=True):
    """A person who may use the studio.

    Attributes:
        role: viewer, editor or admin.
        token_sha256: of the token that proves who one is, in hexadecimal; "" where a proxy does. The token itself is
            not kept anywhere. A login is bound to it, so a new one ends what an earlier one opened.
    """

    name: str = Field(primary_key=True)
    role: str
    token_sha256: str = Field(default="", index=True)
    created_at: float = Field(default_factory=now)


class Audit(SQLModel, table=True):
    """One thing that was done, by whom and to what; rows are only ever added.

    Attributes:
        action: what was done, such as "run.delete".
        target: the id of what it was done to.
    """

    id: int | None = Field(default=None, sa_column=cursor_column())
    at: float = Field(default_factory=now)
    actor: str = Field(index=True)
    role: str
    action: str = Field(index=True)
    target: str = Field(index=True)
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))

    __table_args__ = (GROWING,)


def audit_before(
    session: Session, before: int | None, limit: int, *, actor: str, action: str, target: str
) -> list[Audit]:
    """Rows of the log, the newest first, that come before the one with the id `before`; empty texts want all.

    Args:
        action: one, or the first part of several: "run" for all that was done to runs.
    """
    query = select(Audit).order_by(col(Audit.id).desc()).limit(limit)
    if before is not None:
        query = query.where(col(Audit.id) < before)
    if actor:
        query = query.where(col(Audit.actor) == actor)
    if action:
        parts = col(Audit.action).startswith(f"{action}.", autoescape=True)
        query = query.where(or_(col(Audit.action) == action, parts))
    if target:
        query = query.where(col(Audit.target) == target)
    return list(session.scalars(query))
