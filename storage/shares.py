"""The links that show things to others."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlmodel import Session, col

from storage.kept import Share
from storage.places import Order, Place

STATES = ("active", "expired", "revoked", "ended")
"""Where a link can stand; ended is either of the two before."""
ORDER = Order(col(Share.created_at), col(Share.id), descending=True, tie_descending=True)


def in_state(state: str, at: float) -> ColumnElement[bool]:
    """The condition that a link is in one of `STATES` at a time."""
    taken, past = col(Share.revoked_at).is_not(None), col(Share.expires_at) <= at
    return {
        "active": and_(~taken, ~past),
        "expired": and_(~taken, past),
        "revoked": taken,
        "ended": or_(taken, past),
    }[state]


def shares(
    session: Session,
    at: float,
    *,
    target_id: str = "",
    kind: str = "",
    state: str = "",
    created_by: str = "",
    after: Place | None = None,
    limit: int,
) -> tuple[list[Share], int]:
    """Links, newest first, and how many there are in all."""
    wanted = [
        *([col(Share.target_id) == target_id] if target_id else []),
        *([col(Share.kind) == kind] if kind else []),
        *([col(Share.created_by) == created_by] if created_by else []),
        *([in_state(state, at)] if state else []),
    ]
    total = session.scalar(select(func.count()).select_from(Share).where(*wanted)) or 0
    query = select(Share).where(*wanted).order_by(*ORDER.by).limit(limit)
    if after:
        query = query.where(ORDER.after(after))
    return list(session.scalars(query)), total


def count_hit(session: Session, share_id: str, at: float) -> None:
    """One more visit of a link's page."""
    seen = {
        "hits": Share.hits + 1,
        "first_visit_at": func.coalesce(Share.first_visit_at, at),
        "last_visit_at": at,
    }
    session.execute(update(Share).where(col(Share.id) == share_id).values(seen))
