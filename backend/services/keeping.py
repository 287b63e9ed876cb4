"""Housekeeping: what is done by itself, what a person may ask for, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from backend import cleaning, folding
from backend.backup import LAST
from backend.house_views import BackupView, Cleaned, HouseView
from backend.services import room
from backend.services.acting import STUDIO, as_person, need
from backend.services.auditing import audit
from backend.services.retention import plan, retire
from backend.settings import settings
from storage import db, remembered
from storage.kept import Setting
from storage.models import Blob, now

DAILY = "house:daily"
DAY_S = 86_400.0


def chores() -> Iterator[object]:
    """The hourly clean-up, in small steps; once a day before it, what is old goes and old curves are packed."""
    if _due():
        for step in (retire(), folding.fold()):
            yield from _as_studio(step)
        db.shrink_log(settings().database_url)
    yield cleaning.collect()
    room.forget()


def _as_studio(steps: Iterator[int]) -> Iterator[int]:
    while True:
        with as_person(STUDIO):
            done = next(steps, None)
        if done is None:
            return
        yield done


def _due() -> bool:
    """Whether a day has passed and no other process has done it since."""
    with db.writing(settings().database_url) as session:
        row = remembered.locked(session, DAILY, 0.0)
        if now() - row.value < DAY_S:
            return False
        row.value = now()
    return True


def clean() -> Cleaned:
    """Delete now what is old by the settings and what nobody refers to, and pack old curves. For admins.

    Raises:
        Forbidden: whoever asks is none.
    """
    need("admin")
    retired = sum(retire(notice=False))
    folded = sum(bool(points) for points in folding.fold())
    files, size = cleaning.collect()
    db.shrink_log(settings().database_url)
    room.forget()
    found = Cleaned(retired, files, size, folded)
    with db.writing(settings().database_url) as session:
        audit(session, "house.clean", "", runs=retired, files=files, bytes=size, folded=folded)
    return found


def house() -> HouseView:
    """All that there is to say: room, what takes it, what goes when, curves, lost files, the last backup."""
    with db.reading(settings().database_url) as session:
        folded, lost, last = folding.folded(session), _lost(session), session.get(Setting, LAST)
    return HouseView(
        room.room(),
        room.used(),
        plan(),
        settings().fold_days,
        folded,
        lost,
        _backup(last.value) if last else None,
    )


def _lost(session: Session) -> int:
    query = select(func.count()).select_from(Blob).where(col(Blob.lost_at).is_not(None))
    return session.scalar(query) or 0


def _backup(value: dict[str, Any]) -> BackupView:
    return BackupView(**value)
