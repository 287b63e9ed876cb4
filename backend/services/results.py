"""What runs reported: live, and afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlmodel import Session

from backend.context import PREVIEW
from backend.services.convert import artefact_view, event_view
from backend.services.errors import ServiceError
from backend.services.filtering import check_page, check_sort, parse
from backend.services.history import row
from backend.settings import settings
from backend.views import ArtefactView, EventView, LiveView, RecordPage
from storage import db, runs, workers
from storage import records as store
from storage.models import QUEUED, RUNNING, TERMINAL, Run, now

CURSOR = re.compile(r"([0-9]{1,9})-([0-9]{1,18})-([0-9]{1,18})\Z")


def live(run_id: str, after: str = "") -> LiveView:
    """Where a run is, and what it reported since a cursor.

    Args:
        after: the cursor of the last answer; empty asks for everything.

    Raises:
        NotFound: there is no such run.
        ServiceError: the cursor is not one of ours.
    """
    attempt, metric, event = _cursor(after)
    with db.reading(settings().database_url) as session:
        run = row(session, run_id)
        restarted = bool(after) and attempt not in (0, run.attempt)
        series, metric = store.metrics_after(session, run_id, 0 if restarted else metric)
        events = [event_view(each) for each in store.events_after(session, run_id, event)]
        preview = store.named(session, run_id, PREVIEW)
        queued = run.status == QUEUED
        position = runs.place_in_queue(session, run) if queued else None
        waiting_for = _waiting_for(session, run) if queued else ""
    elapsed = _elapsed(run)
    advanced = run.done - run.done_before
    speed = advanced / elapsed if run.status == RUNNING and advanced > 0 and elapsed else None
    return LiveView(
        id=run.id,
        status=run.status,
        finished=run.status in TERMINAL,
        done=run.done,
        total=run.total,
        fraction=min(1.0, run.done / run.total) if run.total else 0.0,
        message=run.message,
        attempt=run.attempt,
        cursor=f"{run.attempt}-{metric}-{events[-1].id if events else event}",
        restarted=restarted,
        elapsed=elapsed,
        speed=speed,
        seconds_left=(run.total - run.done) / speed if speed else None,
        queue_position=position,
        waiting_for=waiting_for,
        series=series,
        events=events,
        preview_url=f"/a/{preview.sha256}" if preview else None,
        error=run.error,
        error_type=run.error_type,
    )


def _cursor(after: str) -> tuple[int, int, int]:
    parts = CURSOR.match(after or "0-0-0")
    if parts is None:
        raise ServiceError(f"after: the cursor of an earlier answer is allowed, got {after!r}")
    attempt, metric, event = (int(part) for part in parts.groups())
    return attempt, metric, event


def _elapsed(run: Run) -> float:
    if run.started_at is None:
        return 0.0
    return (run.finished_at or now()) - run.started_at


def _waiting_for(session: Session, run: Run) -> str:
    queue = run.queue
    if queue in runs.paused_queues(session):
        return f"queue {queue} is paused"
    serving = workers.serving(session, queue, settings().lease_s)
    if not serving:
        return f"no worker serves queue {queue}"
    staying = [each for each in serving if not each.asked]
    if not staying:
        return f"every worker of queue {queue} was asked to leave after its run"
    if not any(workers.fits(each, run.memory_mb) for each in staying):
        most = max(
            workers.room_mb(each.device, each.memory_total_mb, each.memory_free_mb)
            for each in staying
        )
        return (
            f"it needs about {run.memory_mb / 1e3:.1f} GB of memory and no worker of queue {queue} "
            f"has more than {most / 1e3:.1f} GB for it"
        )
    return ""


def series(run_id: str, names: Sequence[str] = ()) -> store.Series:
    """Whole curves of a run: points (step, value) by name."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        return store.series(session, run_id, names)


def events(run_id: str, after: int = 0) -> list[EventView]:
    """The events of a run since one, oldest first."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        return [event_view(each) for each in store.events_after(session, run_id, after)]


def artefacts(run_id: str, role: str = "") -> list[ArtefactView]:
    """The files of a run, in the order they were saved; without its preview unless asked for."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        found = store.artefacts(session, run_id, role)
    return [artefact_view(a, blob) for a, blob in found if role or a.role != "preview"]


def records(
    run_id: str,
    kind: str,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: str = "",
    descending: bool = False,
    filters: Sequence[str] = (),
) -> RecordPage:
    """One page of the rows of a kind that a run reported.

    Args:
        sort: a field of the rows; empty keeps the order in which they were reported.
        limit: 1 to 1,000.
        filters: each "field:op:value"; a row without the field fulfils none.
    """
    check_page(offset, limit)
    check_sort(sort)
    wanted = parse(filters)
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        try:
            found, total = store.rows(
                session,
                run_id,
                kind,
                offset=offset,
                limit=limit,
                sort=sort,
                descending=descending,
                filters=wanted,
            )
        except ValueError as error:
            raise ServiceError(str(error)) from None
    return RecordPage(found, total)
