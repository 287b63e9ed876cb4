"""The studio's database, opened for the processes that need it."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from backend.settings import CannotStart, settings
from storage import db


def prepare() -> None:
    """Bring the schema up to date.

    Raises:
        CannotStart: the database cannot be opened or written.
    """
    try:
        db.upgrade(settings().database_url)
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        shown = settings().shown("db_url") if settings().db_url else settings().database_url
        raise CannotStart(f"the database {shown} cannot be opened: {reason}") from error
