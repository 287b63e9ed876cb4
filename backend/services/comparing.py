"""Runs side by side: the settings in which they differ, and their metrics."""

from __future__ import annotations

from collections.abc import Sequence

from backend.services.catalogue import differing_settings, remark
from backend.services.convert import run_view
from backend.services.directions import better
from backend.services.errors import NotFound, ServiceError
from backend.settings import settings
from backend.views import CompareView, MetricRow, RunView
from storage import db, runs

MAX_COMPARED = 64


def compare(run_ids: Sequence[str]) -> CompareView:
    """Runs side by side, in the order given.

    Raises:
        NotFound: one of them is not there.
        ServiceError: none, or too many.
    """
    views = views_of(run_ids)
    differing, common = differing_settings(views)
    return CompareView(views, differing, common, _metric_rows(views), remark(views))


def views_of(run_ids: Sequence[str]) -> list[RunView]:
    """Runs in the order given; raises as `compare`."""
    if not 1 <= len(run_ids) <= MAX_COMPARED:
        raise ServiceError(f"a comparison has 1 to {MAX_COMPARED} runs, got {len(run_ids)}")
    with db.reading(settings().database_url) as session:
        views = [run_view(run) for run in runs.by_ids(session, run_ids)]
    missing = set(run_ids) - {view.id for view in views}
    if missing:
        raise NotFound(f"there is no run {', '.join(sorted(missing))}; it may have been deleted")
    return views


def _metric_rows(views: Sequence[RunView]) -> list[MetricRow]:
    # In the order of the run that has most of them: a control that lacks one must not send it to the end.
    fullest = sorted(views, key=lambda view: -len(view.metrics))
    names = dict.fromkeys(name for view in fullest for name in view.metrics)

    def values(name: str) -> list[float | None]:
        return [view.metrics.get(name) for view in views]

    return [
        MetricRow(name, values(name), values(f"{name}_low"), values(f"{name}_high"), better(name))
        for name in names
    ]
