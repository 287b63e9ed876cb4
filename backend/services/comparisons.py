"""Comparisons that people keep: their runs in order, the run to measure against, a title, notes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from backend.services import cursors
from backend.services.acting import acting, need_own
from backend.services.auditing import audit
from backend.services.comparing import views_of
from backend.services.convert import comparison_view
from backend.services.errors import NotFound, ServiceError
from backend.settings import settings
from backend.views import ComparisonPage, ComparisonView
from storage import comparisons as store
from storage import db, runs
from storage.kept import Comparison
from storage.models import now

MAX_PAGE = 200
MAX_NOTES = 4000
"""Characters: they go into the address while they are not saved."""


def create_comparison(
    run_ids: Sequence[str],
    title: str = "",
    *,
    notes: str = "",
    baseline: str = "",
    pinned: bool = False,
) -> ComparisonView:
    """Keep a comparison under an id of its own.

    Raises:
        NotFound: one of the runs is not there.
        ServiceError: no runs, too many, one twice, notes that are too long, or a baseline that is none of them.
    """
    row = Comparison(title=title, run_ids=list(run_ids), pinned=pinned, owner=acting().name)
    _change(row, run_ids=run_ids, notes=notes, baseline=baseline)
    with db.writing(settings().database_url) as session:
        session.add(row)
    return comparison_view(row)


def get_comparison(comparison_id: str) -> ComparisonView:
    """A comparison; runs that were deleted since are left out of it, and counted as "deleted" in its states."""
    with db.reading(settings().database_url) as session:
        row = _row(session, comparison_id)
        statuses = store.counted(store.statuses(session, row.run_ids), row.run_ids)
        row.run_ids = [run.id for run in runs.by_ids(session, row.run_ids)]
        if row.baseline not in row.run_ids:
            row.baseline = ""
        view = comparison_view(row, statuses)
        session.expunge(row)
    return view


def list_comparisons(
    text: str = "", *, cursor: str | None = None, limit: int = 50
) -> ComparisonPage:
    """One page of comparisons, pinned ones first, then the newest.

    Args:
        text: every word must occur in the title, the notes or the owner's name, or begin the id.
        cursor: the one the previous page gave.
        limit: 1 to 200.

    Raises:
        ServiceError: a limit or a cursor that does not exist.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise ServiceError(f"limit: 1 to {MAX_PAGE} is allowed, got {limit}")
    name = f"comparisons:{text}"
    after = cursors.decode(cursor, name, bool, float, str) if cursor else None
    with db.reading(settings().database_url) as session:
        rows, total = store.listed(session, text=text, after=after, limit=limit + 1)
        shown = rows[:limit]
        found = store.statuses(session, {run_id for row in shown for run_id in row.run_ids})
        views = [comparison_view(row, store.counted(found, row.run_ids)) for row in shown]
    more = len(rows) > limit
    last = views[-1] if more else None
    following = cursors.encode(name, last.pinned, last.created_at, last.id) if last else None
    return ComparisonPage(views, following, total)


def update_comparison(
    comparison_id: str,
    title: str | None = None,
    *,
    notes: str | None = None,
    run_ids: Sequence[str] | None = None,
    baseline: str | None = None,
    pinned: bool | None = None,
) -> ComparisonView:
    """Change what is given of a comparison.

    Raises:
        NotFound: there is no such comparison, or one of the runs is not there.
        ServiceError: as `create_comparison`.
    """
    with db.writing(settings().database_url) as session:
        row = _row(session, comparison_id)
        if title is not None:
            row.title = title
        if pinned is not None:
            row.pinned = pinned
        _change(row, run_ids=run_ids, notes=notes, baseline=baseline)
        row.updated_at = now()
        session.add(row)
    return get_comparison(comparison_id)


def duplicate_comparison(comparison_id: str) -> ComparisonView:
    """Another comparison of the same runs with the same notes, for whoever asks; never pinned."""
    found = get_comparison(comparison_id)
    title = f"{found.title or 'Comparison'} (copy)"[:200]
    return create_comparison(found.run_ids, title, notes=found.notes, baseline=found.baseline)


def delete_comparison(comparison_id: str) -> None:
    """Delete a comparison; its runs stay, and links to it say that it is gone.

    Raises:
        NotFound: there is no such comparison.
        Forbidden: it is somebody else's, and who asks is no admin.
    """
    with db.writing(settings().database_url) as session:
        row = _row(session, comparison_id)
        need_own(row.owner, f"comparison {comparison_id}")
        audit(session, "comparison.delete", comparison_id, title=row.title)
        session.delete(row)


def _change(
    row: Comparison, *, run_ids: Sequence[str] | None, notes: str | None, baseline: str | None
) -> None:
    if run_ids is not None:
        twice = sorted({each for each in run_ids if list(run_ids).count(each) > 1})
        if twice:
            raise ServiceError(f"run_ids: each run once is allowed, got {', '.join(twice)} again")
        views_of(run_ids)
        row.run_ids = list(run_ids)
        if baseline is None and row.baseline not in row.run_ids:
            row.baseline = ""
    if notes is not None:
        if len(notes) > MAX_NOTES:
            raise ServiceError(f"notes: {MAX_NOTES} characters are allowed, got {len(notes)}")
        row.notes = notes
    if baseline is not None:
        if baseline and baseline not in row.run_ids:
            raise ServiceError(f"baseline: one of its runs is allowed, got {baseline!r:.80}")
        row.baseline = baseline


def _row(session: Session, comparison_id: str) -> Comparison:
    row = session.get(Comparison, comparison_id)
    if row is None:
        raise NotFound(f"there is no comparison {comparison_id!r}; it may have been deleted")
    return row
