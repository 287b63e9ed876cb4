"""Comparisons, and links that show one thing to whoever holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from backend.services.catalogue import differing_settings, remark
from backend.services.convert import comparison_view, run_view
from backend.services.errors import Forbidden, Gone, NotFound, ServiceError
from backend.settings import settings
from backend.views import CompareView, ComparisonView, MetricRow, RunView, ShareView
from storage import db, runs
from storage import shares as store
from storage.kept import Comparison, Share
from storage.models import Run, now

MAX_COMPARED = 64
DAY_S = 86_400.0
TARGETS: dict[str, type[Run] | type[Comparison]] = {"run": Run, "comparison": Comparison}


def compare(run_ids: Sequence[str]) -> CompareView:
    """Runs side by side, in the order given.

    Raises:
        NotFound: one of them is not there.
        ServiceError: none, or too many.
    """
    if not 1 <= len(run_ids) <= MAX_COMPARED:
        raise ServiceError(f"a comparison has 1 to {MAX_COMPARED} runs, got {len(run_ids)}")
    with db.reading(settings().database_url) as session:
        views = [run_view(run) for run in runs.by_ids(session, run_ids)]
    missing = set(run_ids) - {view.id for view in views}
    if missing:
        raise NotFound(f"there is no run {', '.join(sorted(missing))}; it may have been deleted")
    differing, common = differing_settings(views)
    return CompareView(views, differing, common, _metric_rows(views), remark(views))


def _metric_rows(views: Sequence[RunView]) -> list[MetricRow]:
    # In the order of the run that has most of them: a control that lacks one must not send it to the end.
    fullest = sorted(views, key=lambda view: -len(view.metrics))
    names = dict.fromkeys(name for view in fullest for name in view.metrics)
    return [MetricRow(name, [view.metrics.get(name) for view in views]) for name in names]


def create_comparison(run_ids: Sequence[str], title: str = "") -> ComparisonView:
    """Keep a comparison under an id of its own."""
    compare(run_ids)
    row = Comparison(title=title, run_ids=list(run_ids))
    with db.writing(settings().database_url) as session:
        session.add(row)
    return comparison_view(row)


def get_comparison(comparison_id: str) -> ComparisonView:
    """A comparison; runs that were deleted since are left out of it."""
    with db.reading(settings().database_url) as session:
        row = session.get(Comparison, comparison_id)
        if row is None:
            raise NotFound(f"there is no comparison {comparison_id!r}")
        row.run_ids = [run.id for run in runs.by_ids(session, row.run_ids)]
        view = comparison_view(row)
        session.expunge(row)
    return view


def list_comparisons(limit: int = 50) -> list[ComparisonView]:
    """The newest comparisons."""
    with db.reading(settings().database_url) as session:
        return [comparison_view(row) for row in store.comparisons(session, limit)]


def update_comparison(comparison_id: str, title: str) -> ComparisonView:
    """Give a comparison another title."""
    with db.writing(settings().database_url) as session:
        row = session.get(Comparison, comparison_id)
        if row is None:
            raise NotFound(f"there is no comparison {comparison_id!r}")
        row.title = title
        session.add(row)
    return comparison_view(row)


def create_share(kind: str, target_id: str, days: float) -> ShareView:
    """A link that shows a run or a comparison for some days.

    Raises:
        ServiceError: the kind or the days are out of range.
        NotFound: there is no such run or comparison.
    """
    longest = settings().share_days_max
    if kind not in TARGETS:
        raise ServiceError(f"kind: {', '.join(TARGETS)} are allowed, got {kind!r}")
    if not 0 < days <= longest:
        raise ServiceError(f"days: more than 0 and at most {longest} is allowed, got {days:g}")
    row = Share(kind=kind, target_id=target_id, expires_at=now() + days * DAY_S)
    with db.writing(settings().database_url) as session:
        if session.get(TARGETS[kind], target_id) is None:
            raise NotFound(f"there is no {kind} {target_id!r}")
        session.add(row)
    return _view(row)


def resolve_share(token: str, *, count: bool = False) -> ShareView:
    """The share a token stands for.

    Args:
        count: count this as a visit.

    Raises:
        Forbidden: the token was not signed here.
        Gone: the link has expired, was revoked, or its share was deleted.
    """
    try:
        share_id = _signer().loads(token)
    except BadSignature:
        raise Forbidden("this link was not made by this studio, or part of it is missing") from None
    with db.reading(settings().database_url) as session:
        row = session.get(Share, share_id)
    if row is None or row.revoked_at is not None:
        raise Gone("this link has been revoked by whoever shared it")
    if row.expires_at < now():
        raise Gone("this link has expired; ask whoever shared it for a new one")
    if count:
        with db.writing(settings().database_url) as session:
            store.count_hit(session, row.id)
    return _view(row)


def list_shares(target_id: str = "") -> list[ShareView]:
    """The links of one target, or all of them, newest first."""
    with db.reading(settings().database_url) as session:
        return [_view(row) for row in store.shares(session, target_id)]


def revoke_share(share_id: str) -> ShareView:
    """End a link now."""
    with db.writing(settings().database_url) as session:
        row = session.get(Share, share_id)
        if row is None:
            raise NotFound(f"there is no link {share_id!r}")
        row.revoked_at = row.revoked_at or now()
        session.add(row)
    return _view(row)


def _signer() -> Any:
    # The id of the share is signed, not that of its target: a link can be revoked and another made.
    return URLSafeSerializer(settings().signing_secret(), salt="share-v1")


def _view(row: Share) -> ShareView:
    return ShareView(
        id=row.id,
        kind=row.kind,
        target_id=row.target_id,
        url=f"/s/{_signer().dumps(row.id)}",
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        hits=row.hits,
        created_at=row.created_at,
    )
