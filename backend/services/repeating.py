"""Requests that carry a key of their own: sent again, they are answered again and do nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from backend.services.errors import Conflict
from backend.settings import settings
from storage import db, repeats
from storage.models import now

KEPT_S = 86_400.0


@dataclass(frozen=True)
class KeptAnswer:
    """What a request was answered; `status` is 0 while somebody works on it."""

    status: int
    media_type: str
    body: str


def claim(key: str, digest: str) -> KeptAnswer | None:
    """Say that a request is about to be worked on; None if it is the caller's to do.

    Args:
        key: names who asks, for what, and the key that they gave; holds for a day.
        digest: of what was sent.

    Raises:
        Conflict: the key came with something else before.
    """
    try:
        with db.writing(settings().database_url) as session:
            repeats.drop_older(session, now() - KEPT_S)
            earlier = repeats.found(session, key)
            if earlier is None:
                session.add(repeats.Idempotent(key=key, digest=digest))
                return None
    except IntegrityError:  # only PostgreSQL has several writers: a twin was faster
        return KeptAnswer(0, "", "")
    if earlier.digest != digest:
        raise Conflict("Idempotency-Key: this key came with another body before; take a new one")
    return KeptAnswer(earlier.status, earlier.media_type, earlier.body)


def keep_answer(key: str, answer: KeptAnswer) -> None:
    """Answer whoever asks with this key again."""
    with db.writing(settings().database_url) as session:
        repeats.answered(session, key, answer.status, answer.media_type, answer.body)


def give_up(key: str) -> None:
    """It was refused, and nothing was made: it may be tried again."""
    with db.writing(settings().database_url) as session:
        repeats.drop(session, key)
