"""Comparisons, and the links that show things to others."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.kept import Comparison, Share


def comparisons(session: Session, limit: int) -> list[Comparison]:
    query = select(Comparison).order_by(col(Comparison.created_at).desc()).limit(limit)
    return list(session.scalars(query))


def shares(session: Session, target_id: str = "") -> list[Share]:
    query = select(Share).order_by(col(Share.created_at).desc())
    if target_id:
        query = query.where(col(Share.target_id) == target_id)
    return list(session.scalars(query))


def count_hit(session: Session, share_id: str) -> None:
    session.execute(update(Share).where(col(Share.id) == share_id).values(hits=Share.hits + 1))
