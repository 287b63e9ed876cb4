"""What the studio remembers about itself, a row a key, changed by one process at a time."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from storage.kept import Setting
from storage.states import upsert


def locked(session: Session, key: str, default: Any) -> Setting:
    """The row of a key, made with `default` where there is none; nobody else changes it before the transaction ends."""
    made = upsert(session, Setting).values(key=key, value=default).on_conflict_do_nothing()
    session.execute(made)
    return session.get_one(Setting, key, with_for_update=True)
