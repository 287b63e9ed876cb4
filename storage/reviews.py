"""What people decided about things: one row for a kind and a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlmodel import Session, col

from storage.kept import Review
from storage.lists import End, behind
from storage.models import now
from storage.states import upsert

EMPTY: Mapping[str, Any] = {"verdict": None, "tags": [], "note": ""}


def put(session: Session, kind: str, subject: str, changes: Mapping[str, Any]) -> Review | None:
    """`put_all` for one thing."""
    return put_all(session, kind, [subject], changes).get(subject)


def put_all(
    session: Session, kind: str, named: Iterable[str], changes: Mapping[str, Any]
) -> dict[str, Review]:
    """Change what is given of the reviews of some things, and leave the rest; gives those that say something after it.

    Two who change the same field at once: the later one has it. Two who change different ones: both have theirs.
    """
    # In one order, so that two writers never wait for each other.
    wanted = sorted(set(named))
    if not wanted:
        return {}
    at = now()
    new = {**EMPTY, **changes, "kind": kind, "created_at": at, "updated_at": at}
    statement = upsert(session, Review).on_conflict_do_update(
        index_elements=["kind", "subject"], set_={**changes, "updated_at": at}
    )
    session.execute(statement, [new | {"subject": subject} for subject in wanted])
    kept = of(session, kind, wanted)
    empty = [
        name
        for name, each in kept.items()
        if each.verdict is None and not each.tags and not each.note
    ]
    if empty:
        session.execute(
            delete(Review).where(col(Review.kind) == kind, col(Review.subject).in_(empty))
        )
    return {name: each for name, each in kept.items() if name not in empty}


def listed(
    session: Session, kind: str, verdict: str, limit: int, after: End | None = None
) -> tuple[list[Review], int]:
    """Reviews of a kind, newest change first, and how many there are; `after` is (updated_at, subject) of the last seen."""
    where = [col(Review.kind) == kind]
    if verdict:
        where.append(col(Review.verdict) == verdict)
    total = session.scalar(select(func.count()).select_from(Review).where(*where)) or 0
    newest = (col(Review.updated_at), col(Review.subject))
    return list(session.scalars(behind(select(Review).where(*where), newest, after, limit))), total


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


def of(session: Session, kind: str, subjects: Sequence[str]) -> dict[str, Review]:
    """The reviews of some things, by their ids; those without one are left out."""
    query = select(Review).where(col(Review.kind) == kind, col(Review.subject).in_(subjects))
    return {review.subject: review for review in session.scalars(query)}


def subjects(kind: str, *where: ColumnElement[bool]) -> Select[Any]:
    """The ids of the things of a kind whose review fulfils some conditions."""
    return select(col(Review.subject)).where(col(Review.kind) == kind, *where)


def having(kind: str, subject: Any, review: str) -> list[ColumnElement[bool]]:
    """Conditions on the review of rows that are named by `subject`. Reviews are few: they are found first.

    Args:
        review: "none" (no verdict yet), "any", or one verdict; empty for all.
    """
    verdict = col(Review.verdict)
    if not review:
        return []
    if review == "none":
        return [subject.not_in(subjects(kind, verdict.is_not(None)))]
    wanted = verdict.is_not(None) if review == "any" else verdict == review
    return [subject.in_(subjects(kind, wanted))]


def verdicts(session: Session, kind: str, there: ColumnElement[bool]) -> dict[str, int]:
    """How many reviews of a kind have each verdict, of those for which a condition holds."""
    query = (
        select(col(Review.verdict), func.count())
        .where(col(Review.kind) == kind, col(Review.verdict).is_not(None), there)
        .group_by(col(Review.verdict))
    )
    return {str(verdict): number for verdict, number in session.execute(query)}
