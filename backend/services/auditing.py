"""The log of what people did that others may have to look up: rows that are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from backend.services.acting import acting, need
from backend.services.errors import ServiceError
from backend.settings import settings
from storage import db
from storage.accounts import Audit, audit_before

MAX_PAGE = 1000
LARGEST = 2**63


@dataclass(frozen=True)
class AuditLine:
    """Who did what to what, and when (UTC epoch seconds)."""

    id: int
    at: float
    actor: str
    role: str
    action: str
    target: str
    data: dict[str, Any]


@dataclass(frozen=True)
class AuditPage:
    """One page of the log, newest first; `cursor` asks for the next one and is None at the end."""

    items: list[AuditLine]
    cursor: str | None


def audit(session: Session, action: str, target: str, **data: Any) -> None:
    """Write down, in the caller's own transaction, that whoever this runs for did something.

    Args:
        action: what was done, such as "run.delete".
        target: the id of what it was done to.
        data: what else helps to understand it later; never a token, a prompt or an answer.

    Raises:
        Forbidden: there is nobody to name.
    """
    person = acting()
    session.add(Audit(actor=person.name, role=person.role, action=action, target=target, data=data))


def list_audit(
    *,
    actor: str = "",
    action: str = "",
    target: str = "",
    cursor: str | None = None,
    limit: int = 100,
) -> AuditPage:
    """One page of the log.

    Args:
        action: one, or the first part of several: "run" for all that was done to runs.
        cursor: the one that the page before gave.
        limit: 1 to 1000.

    Raises:
        Forbidden: who asks is no admin.
        ServiceError: a limit or a cursor that does not exist.
    """
    need("admin")
    if not 1 <= limit <= MAX_PAGE:
        raise ServiceError(f"limit: 1 to {MAX_PAGE} is allowed, got {limit}")
    before = None if cursor is None else _decode(cursor)
    with db.reading(settings().database_url) as session:
        found = audit_before(session, before, limit + 1, actor=actor, action=action, target=target)
    items = [AuditLine(**row.model_dump()) for row in found[:limit]]
    return AuditPage(items, str(items[-1].id) if len(found) > limit else None)


def _decode(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) < LARGEST):
        raise ServiceError("cursor: only one that an earlier page gave is allowed")
    return int(cursor)
