"""What people decide about things: kept until they change their mind, also when the run that showed the thing is gone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.pair_views import ReviewPage, ReviewView
from backend.services import cursors
from backend.services.errors import NotFound, ServiceError
from backend.services.filtering import check_page
from backend.settings import settings
from storage import db
from storage import reviews as store
from storage.kept import Review

MAX_TAGS = 20
MAX_SUBJECTS = 5000
MAX_NOTE = 2000
DIGEST = re.compile(r"[0-9a-f]{16}\Z")
TAG = re.compile(r'[^"\\,\x00-\x1f\x7f]{1,40}\Z')


@dataclass(frozen=True)
class Reviewed:
    """A kind of thing that can be reviewed: how its ids look, and what may be said of it."""

    subject: re.Pattern[str]
    looks: str
    verdicts: tuple[str, ...]


KINDS = {
    "pair": Reviewed(DIGEST, "16 hexadecimal digits", ("keep", "flip", "drop")),
    "node": Reviewed(DIGEST, "16 hexadecimal digits", ("confirm", "dismiss", "unsure")),
}


def put_review(kind: str, subject: str, changes: Mapping[str, Any]) -> ReviewView:
    """Change a review; the last writer of a field has it.

    Args:
        changes: verdict (None takes it back), tags, note; what is not given stays.

    Raises:
        NotFound: there are no reviews of that kind.
        ServiceError: the subject is no such thing, or a value is not allowed.
    """
    [kept] = put_reviews(kind, [subject], changes)
    return kept


def put_reviews(kind: str, subjects: Sequence[str], changes: Mapping[str, Any]) -> list[ReviewView]:
    """The same change to the reviews of several things, all or none; gives them in the order of the subjects.

    Raises:
        NotFound: there are no reviews of that kind.
        ServiceError: a subject is no such thing, there are too many, or a value is not allowed.
    """
    allowed = _kind(kind)
    if not 1 <= len(subjects) <= MAX_SUBJECTS:
        raise ServiceError(f"subjects: 1 to {MAX_SUBJECTS} are allowed, got {len(subjects)}")
    for subject in subjects:
        if not allowed.subject.match(subject):
            raise ServiceError(f"a {kind} is named by {allowed.looks}, got {subject!r:.80}")
    checked = _checked(allowed, changes)
    with db.writing(settings().database_url) as session:
        kept = store.put_all(session, kind, subjects, checked)
    return [
        review_view(kept[subject])
        if subject in kept
        else ReviewView(kind, subject, None, [], "", None, None)
        for subject in subjects
    ]


def list_reviews(kind: str, *, verdict: str = "", cursor: str = "", limit: int = 100) -> ReviewPage:
    """Reviews of a kind, newest change first.

    Args:
        verdict: only those with it; empty for all.
        cursor: the one the previous page gave.
    """
    check_verdict(kind, verdict)
    check_page(0, limit)
    name = f"reviews:{kind}:{verdict}"
    after = cursors.decode(cursor, name, float, str) if cursor else None
    with db.reading(settings().database_url) as session:
        rows, total = store.listed(session, kind, verdict, limit + 1, after)
        verdicts, tags = store.counted(session, kind)
    found = [review_view(row) for row in rows[:limit]]
    more = len(rows) > limit
    following = (
        cursors.encode(name, rows[limit - 1].updated_at, rows[limit - 1].subject) if more else None
    )
    return ReviewPage(found, total, verdicts, tags, following)


def check_verdict(kind: str, verdict: str, *also: str) -> None:
    """Refuse a verdict to look for that nothing of this kind can have; `also` are other words that are allowed."""
    allowed = (*also, *_kind(kind).verdicts)
    if verdict and verdict not in allowed:
        raise ServiceError(f"review: {', '.join(allowed)} are allowed, got {verdict!r:.80}")


def clean_tag(tag: str) -> str:
    """A tag as it is kept: in lower case, so that it is found however it is written."""
    found = " ".join(tag.lower().split())
    if not TAG.match(found):
        raise ServiceError(
            f"tags: 1 to 40 characters without quotes, commas or backslashes are allowed, got {tag!r:.80}"
        )
    return found


def review_view(row: Review) -> ReviewView:
    return ReviewView(
        row.kind,
        row.subject,
        row.verdict,
        list(row.tags),
        row.note,
        row.created_at,
        row.updated_at,
    )


def _kind(kind: str) -> Reviewed:
    if kind not in KINDS:
        raise NotFound(f"there are reviews of {', '.join(KINDS)}, none of {kind!r:.80}")
    return KINDS[kind]


def _checked(allowed: Reviewed, changes: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(changes)
    if found.get("verdict") is not None and found["verdict"] not in allowed.verdicts:
        words = ", ".join(allowed.verdicts)
        raise ServiceError(f"verdict: {words} or null are allowed, got {found['verdict']!r:.80}")
    if "tags" in found:
        found["tags"] = _tags(found["tags"])
    if len(found.get("note", "")) > MAX_NOTE:
        raise ServiceError(
            f"note: up to {MAX_NOTE} characters are allowed, got {len(found['note'])}"
        )
    return found


def _tags(tags: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(clean_tag(tag) for tag in tags))
    if len(found) > MAX_TAGS:
        raise ServiceError(f"tags: up to {MAX_TAGS} are allowed, got {len(found)}")
    return found
