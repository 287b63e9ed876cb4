"""What people decided about things: one row for a kind and a subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from storage.kept import Review
from storage.models import now
from storage.states import upsert

EMPTY: Mapping[str, Any] = {"verdict": None, "tags": [], "note": ""}


def put(session: Session, kind: str, subject: str, changes: Mapping[str, Any]) -> Review | None:
    """Change what is given of a review, and leave the rest; one that says nothing any more is deleted.

    Two who change the same field at once: the later one has it. Two who change different ones: both have theirs.
    """
    at = now()
    new = {**EMPTY, **changes, "kind": kind, "subject": subject, "created_at": at, "updated_at": at}
    statement = upsert(session, Review).values(**new)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "subject"], set_={**changes, "updated_at": at}
        )
    )
    kept = session.get_one(Review, (kind, subject))
    if kept.verdict is not None or kept.tags or kept.note:
        return kept
    session.execute(delete(Review).where(col(Review.kind) == kind, col(Review.subject) == subject))
    return None


def listed(
    session: Session, kind: str, verdict: str, offset: int, limit: int
) -> tuple[list[Review], int]:
    """Reviews of a kind, newest change first, and how many there are."""
    where = [col(Review.kind) == kind]
    if verdict:
        where.append(col(Review.verdict) == verdict)
    total = session.scalar(select(func.count()).select_from(Review).where(*where)) or 0
    newest = (col(Review.updated_at).desc(), col(Review.subject))
    query = select(Review).where(*where).order_by(*newest).offset(offset).limit(limit)
    return list(session.scalars(query)), total


def counted(session: Session, kind: str) -> tuple[dict[str, int], dict[str, int]]:
    """How many reviews of a kind have each verdict, and each tag."""
    verdicts: dict[str, int] = {}
    tags: dict[str, int] = {}
    query = select(col(Review.verdict), col(Review.tags)).where(col(Review.kind) == kind)
    for verdict, each in session.execute(query):
        if verdict is not None:
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
        for tag in each:
            tags[tag] = tags.get(tag, 0) + 1
    return verdicts, tags
