"""Links that show one thing to whoever holds them: made, changed, listed, revoked, and opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from sqlmodel import Session, col

from backend.services import cursors
from backend.services.acting import Person, acting, need
from backend.services.auditing import audit
from backend.services.errors import Forbidden, Gone, NotFound, ServiceError
from backend.services.share_kinds import KINDS, checked_selection, find, kind_of
from backend.services.share_parts import DEFAULT, PARTS, PRESETS, WITH_DATA, checked_parts
from backend.settings import settings
from backend.share_views import (
    ShareChoices,
    SharedTarget,
    ShareKind,
    SharePage,
    ShareView,
)
from storage import db
from storage import shares as store
from storage.kept import Share
from storage.models import now
from storage.places import Place

DAY_S = 86_400.0
MAX_PAGE = 200
MAX_TEXT = {"title": 200, "note": 2000}


def share_choices() -> ShareChoices:
    """The kinds of things that a link can show, their parts, and sensible choices of these."""
    kinds = [ShareKind(name, kind.title, _parts(name)) for name, kind in KINDS.items()]
    days = settings().share_days_max
    return ShareChoices(kinds, list(PARTS.values()), list(PRESETS), DEFAULT, days)


def _parts(kind: str) -> list[str]:
    return [name for name in PARTS if name in kind_of(kind).parts]


def create_share(
    kind: str,
    target_id: str,
    days: float,
    *,
    shows: Iterable[str] | None = None,
    selection: Mapping[str, Any] | None = None,
    title: str = "",
    note: str = "",
) -> ShareView:
    """A link that shows one thing for some days.

    Args:
        shows: the parts of it that are shown; None is the default preset of `share_choices`.
        selection: which part of the target: {"position"} of a node, what `PairQuery` has of pairs, the "run" of a certificate,
            "runs" of a comparison (None is all that it has now).
        title: what the page is called in place of the target's own title.
        note: for the list of links.

    Raises:
        ServiceError: the kind, the parts, the selection, a text or the days are out of range.
        NotFound: there is no such thing.
        Forbidden: whoever asks may not share.
    """
    need("editor")
    row, _ = _new(kind, target_id, days, shows, selection or {}, title, note)
    about = {"kind": kind, "of": target_id, "shows": row.shows, "days": days}
    with db.writing(settings().database_url) as session:
        session.add(row)
        audit(session, "share.create", row.id, **about)
        return _view(session, row)


def draft_share(
    kind: str,
    target_id: str,
    days: float,
    shows: Iterable[str] | None,
    selection: Mapping[str, Any],
    title: str = "",
) -> tuple[ShareView, SharedTarget]:
    """A link as `create_share` would make it, with what it would show; nothing is kept.

    Raises:
        as `create_share`.
    """
    row, target = _new(kind, target_id, days, shows, selection, title, "")
    with db.reading(settings().database_url) as session:
        return _view(session, row), target


def _new(
    kind: str,
    target_id: str,
    days: float,
    shows: Iterable[str] | None,
    selection: Mapping[str, Any],
    title: str,
    note: str,
) -> tuple[Share, SharedTarget]:
    known = kind_of(kind)
    parts = checked_parts(shows, _parts(kind))
    chosen = checked_selection(known, selection)
    target = find(kind, target_id, chosen)
    if "runs" in known.fields:  # whoever holds the link sees none that is added to it later
        chosen["runs"] = target.run_ids
    row = Share(
        kind=kind,
        target_id=target_id,
        expires_at=now() + _seconds(days),
        selection=chosen,
        shows=parts,
        title=_text("title", title),
        note=_text("note", note),
        created_by=acting().name,
    )
    return row, target


def _seconds(days: float) -> float:
    longest = settings().share_days_max
    if not 0 < days <= longest:
        raise ServiceError(f"days: more than 0 and at most {longest} is allowed, got {days:g}")
    return days * DAY_S


def _text(name: str, text: str) -> str:
    if len(text) > MAX_TEXT[name]:
        raise ServiceError(f"{name}: up to {MAX_TEXT[name]} characters, got {len(text)}")
    return text.strip()


def resolve_share(token: str) -> ShareView:
    """The share a token stands for.

    Raises:
        Forbidden: the token was not signed here.
        Gone: the link has expired, was revoked, or its share was deleted.
    """
    try:
        share_id = _signer().loads(token)
    except BadData:
        raise Forbidden("this link was not made by this studio, or part of it is missing") from None
    with db.reading(settings().database_url) as session:
        row = session.get(Share, str(share_id))
        if row is None or row.revoked_at is not None:
            raise Gone("this link has been revoked by whoever shared it")
        if row.expires_at <= now():
            raise Gone("this link has expired; ask whoever shared it for a new one")
        return _view(session, row)


def count_visit(share_id: str) -> None:
    """One more visit of a link's page."""
    with db.writing(settings().database_url) as session:
        store.count_hit(session, share_id, now())


def shared_target(share: ShareView) -> SharedTarget:
    """What a link shows, as it is now.

    Raises:
        Gone: it was deleted.
    """
    try:
        return find(share.kind, share.target_id, share.selection)
    except NotFound:
        raise Gone("what this link showed has been deleted") from None


def list_shares(
    target_id: str = "",
    *,
    kind: str = "",
    state: str = "",
    created_by: str = "",
    cursor: str = "",
    limit: int = 100,
) -> SharePage:
    """One page of links, newest first.

    Args:
        target_id: only links of this run, comparison, sweep or request.
        state: "active", "expired", "revoked", or "ended" for both of these; empty for all.
        created_by: only those that this person made.
        cursor: the one the previous page gave.

    Raises:
        ServiceError: a kind, a state, a limit or a cursor that does not exist.
    """
    if kind:
        kind_of(kind)
    if state and state not in store.STATES:
        raise ServiceError(f"state: {', '.join(store.STATES)} are allowed, got {state!r:.80}")
    if not 1 <= limit <= MAX_PAGE:
        raise ServiceError(f"limit: 1 to {MAX_PAGE} is allowed, got {limit}")
    with db.reading(settings().database_url) as session:
        rows, total = store.shares(
            session,
            now(),
            target_id=target_id,
            kind=kind,
            state=state,
            created_by=created_by,
            after=Place(*cursors.decode(cursor, "shares", float, str)) if cursor else None,
            limit=limit + 1,
        )
        views = _views(session, rows[:limit])
    more = len(rows) > limit
    last = views[-1] if more else None
    following = cursors.encode("shares", last.created_at, last.id) if last else None
    return SharePage(views, following, total)


def update_share(
    share_id: str, *, days: float | None = None, title: str | None = None, note: str | None = None
) -> ShareView:
    """Change when a link ends, what its page is called, or what is noted of it.

    Args:
        days: from now on; an expired link opens again.

    Raises:
        NotFound: there is no such link.
        ServiceError: it was revoked, which is for good, or a value is out of range.
        Forbidden: it is another's, and whoever asks is no admin.
    """
    with db.writing(settings().database_url) as session:
        row = _own(session, share_id)
        if row.revoked_at is not None:
            raise ServiceError(f"link {share_id} was revoked; make a new one")
        if days is not None:
            row.expires_at = now() + _seconds(days)
        row.title = row.title if title is None else _text("title", title)
        row.note = row.note if note is None else _text("note", note)
        session.add(row)
        audit(session, "share.update", row.id, of=row.target_id, days=days)
        return _view(session, row)


def revoke_share(share_id: str) -> ShareView:
    """End a link now, for good.

    Raises:
        NotFound: there is no such link.
        Forbidden: it is another's, and whoever asks is no admin.
    """
    return revoke_shares([share_id])[0]


def revoke_shares(share_ids: Sequence[str]) -> list[ShareView]:
    """End several links now, all or none; as `revoke_share`."""
    if not 1 <= len(share_ids) <= MAX_PAGE:
        raise ServiceError(f"ids: 1 to {MAX_PAGE} links are allowed, got {len(share_ids)}")
    with db.writing(settings().database_url) as session:
        rows = [_own(session, share_id) for share_id in share_ids]
        for row in rows:
            if row.revoked_at is None:
                row.revoked_at = now()
                session.add(row)
                audit(session, "share.revoke", row.id, kind=row.kind, of=row.target_id)
        return _views(session, rows)


def _own(session: Session, share_id: str) -> Share:
    row = session.get(Share, share_id)
    if row is None:
        raise NotFound(f"there is no link {share_id!r:.80}")
    if not _may_change(need("editor"), row):
        raise Forbidden(f"link {share_id} was made by {row.created_by}: an admin may change it")
    return row


def _may_change(person: Person, row: Share) -> bool:
    return person.may("admin") or (person.may("editor") and row.created_by == person.name)


def _signer() -> Any:
    # The id of the share is signed, not that of its target: a link can be revoked and another made.
    return URLSafeSerializer(settings().signing_secret(), salt="share-v1")


def _state(row: Share) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "active" if row.expires_at > now() else "expired"


def _mine(row: Share) -> bool:
    try:
        return _may_change(acting(), row)
    except Forbidden:
        return False


SAME = (
    *("id", "kind", "target_id", "title", "note", "created_by"),
    *("created_at", "expires_at", "revoked_at", "hits", "first_visit_at", "last_visit_at"),
)


def _view(session: Session, row: Share) -> ShareView:
    return _views(session, [row])[0]


def _views(session: Session, rows: Sequence[Share]) -> list[ShareView]:
    titles = _titles(session, rows)
    return [
        ShareView(
            **{name: getattr(row, name) for name in SAME},
            selection=row.selection or {},
            shows=_shown(row),
            target=titles.get((row.kind, row.target_id), ""),
            url=f"/s/{_signer().dumps(row.id)}",
            state=_state(row),
            mine=_mine(row),
        )
        for row in rows
    ]


def _titles(session: Session, rows: Sequence[Share]) -> dict[tuple[str, str], str]:
    """What the targets of links are called, by kind and id; those that were deleted are left out."""
    found: dict[tuple[str, str], str] = {}
    for kind in {row.kind for row in rows}:
        table = KINDS[kind].row
        ids = {row.target_id for row in rows if row.kind == kind}
        query = select(col(table.id), col(table.title)).where(col(table.id).in_(ids))
        for target_id, title in session.execute(query):
            found[kind, target_id] = title or f"{KINDS[kind].title} {target_id}"
    return found


def _shown(row: Share) -> list[str]:
    """The parts a link shows; one that was made before these could be chosen shows what it showed then."""
    parts = WITH_DATA if row.shows is None else row.shows
    return [name for name in _parts(row.kind) if name in parts]
