"""The tables of what people keep: comparisons, links, files, reviews, requests to erase; and what the studio remembers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Index, Text, false, text
from sqlmodel import Field, SQLModel

from storage.models import GROWING, cursor_column, new_id, now


def _optional() -> Column[Any]:
    return Column(JSON(none_as_null=True), nullable=True)


class Comparison(SQLModel, table=True):
    """Runs that somebody keeps side by side.

    Attributes:
        baseline: the run that the others are measured against; "" is the first.
        owner: who made it; "" before there were accounts.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    title: str = ""
    run_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))
    notes: str = Field(
        default="", sa_column=Column(Text, nullable=False, server_default=text("''"))
    )
    baseline: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    pinned: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    owner: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    created_at: float = Field(default_factory=now, index=True)
    updated_at: float = Field(default_factory=now, sa_column_kwargs={"server_default": text("0")})


class Share(SQLModel, table=True):
    """A link that shows one thing to anyone who holds it, until it ends or is taken back.

    Attributes:
        kind, target_id: what it shows; `selection` says which part of that: a node, or which pairs.
        shows: the parts it shows, as `backend.services.share_parts` names them; None is what every link showed before that
            could be chosen.
        title: what its page is called; "" takes the target's own title, where titles are shown.
        note: for whoever looks at the list of links; strangers never see it.
        hits: visits of its page, the first and the last of them at `first_visit_at` and `last_visit_at`.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    target_id: str = Field(index=True)
    expires_at: float
    revoked_at: float | None = None
    hits: int = 0
    created_at: float = Field(default_factory=now)
    selection: dict[str, Any] | None = Field(default=None, sa_column=_optional())
    shows: list[str] | None = Field(default=None, sa_column=_optional())
    title: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    note: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    created_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    first_visit_at: float | None = None
    last_visit_at: float | None = None

    __table_args__ = (Index("ix_share_created", "created_at", "id"),)


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


class Erasure(SQLModel, table=True):
    """A request that an adapter forget rows, or learn them anew with another prompt or answer.

    It outlives the run whose table it marks: what was marked is copied into it.

    Attributes:
        method: the method that carries it out.
        table_run: the run whose rows are marked.
        source: the settings that say which adapter it is about and what that was trained on.
        items: what is asked of each row, by its id: {"position", "prompt", "answer", and "remove": true, or
            "new_prompt" and "new_answer", null for what stays}.
        decision: "" until somebody decides, then "approved" or "rejected".
        file: sha256 of the request as it was approved, the file that its runs read.
        kept_run: the run whose edit is kept.
        revision: grows with every change: who changes something names the one that he saw.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    title: str = ""
    method: str
    table_run: str = Field(index=True)
    source: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    items: dict[str, dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    note: str = ""
    decision: str = ""
    file: str | None = None
    kept_run: str | None = Field(default=None, index=True)
    revision: int = 0
    created_at: float = Field(default_factory=now, index=True)
    updated_at: float = Field(default_factory=now)


class ErasureEvent(SQLModel, table=True):
    """One line of the trail of a request. Rows are added, never changed."""

    __tablename__ = "erasure_event"

    id: int | None = Field(default=None, sa_column=cursor_column())
    erasure_id: str = Field(foreign_key="erasure.id", index=True)
    at: float = Field(default_factory=now)
    action: str
    text: str = Field(sa_type=Text)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    __table_args__ = (GROWING,)


class Setting(SQLModel, table=True):
    """What the studio remembers about itself: paused queues, the reaper's turn."""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))
