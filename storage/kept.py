"""The tables of what people keep: comparisons, links, files, reviews; and what the studio remembers of itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from storage.models import new_id, now


class Comparison(SQLModel, table=True):
    id: str = Field(default_factory=new_id, primary_key=True)
    title: str = ""
    run_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: float = Field(default_factory=now, index=True)


class Share(SQLModel, table=True):
    """A link that shows one thing to anyone who holds it, until it ends or is taken back."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    target_id: str = Field(index=True)
    expires_at: float
    revoked_at: float | None = None
    hits: int = 0
    created_at: float = Field(default_factory=now)


class Dataset(SQLModel, table=True):
    """A file that a person brought: a router, a prior, a data set."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    name: str
    sha256: str = Field(foreign_key="blob.sha256", index=True)
    meta: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: float = Field(default_factory=now)


class Review(SQLModel, table=True):
    """What a person decided about one thing: a preference pair, by its id. It outlives the runs that show the thing.

    Attributes:
        kind, subject: what it is about: "pair" and the pair's id.
        verdict: one that `backend.services.reviews` allows for the kind; None while there is none.
    """

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    verdict: str | None = None
    tags: list[str] = Field(sa_column=Column(JSON, nullable=False))
    note: str = ""
    created_at: float = Field(default_factory=now)
    updated_at: float = Field(default_factory=now)


class Setting(SQLModel, table=True):
    """What the studio remembers about itself: paused queues, the reaper's turn."""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))
