"""What runs reported: live, and afterwards."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from sqlmodel import Session

from backend import curves
from backend.context import PREVIEW
from backend.services import cursors
from backend.services.convert import artefact_view, event_view
from backend.services.errors import ServiceError
from backend.services.filtering import check_page, check_sort, parse
from backend.services.history import row
from backend.settings import settings
from backend.views import ArtefactView, EventView, LiveView, RecordPage
from storage import db, runs, waiting, workers
from storage import records as store
from storage.models import QUEUED, RUNNING, TERMINAL, Run, now

HIDDEN = ("preview", curves.ROLE)
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
        message = run.message
        try:
            series, metric = curves.metrics_after(session, run_id, 0 if restarted else metric)
        except curves.LostCurves as error:  # the rest of the page is there
            series, message = {}, str(error)
        events = [event_view(each) for each in store.events_after(session, run_id, event)]
        preview = store.named(session, run_id, PREVIEW)
        queued = run.status == QUEUED
        position = waiting.place_in_queue(session, run) if queued else None
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
        message=message,
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
    """Whole curves of a run: points (step, value) by name; none where they were packed into a file that is lost, which
    `live` says and the run's files show."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        try:
            return curves.series(session, run_id, names)
        except curves.LostCurves:  # the rest of every page that asks is there
            return {}


def clock(run_id: str) -> store.Series:
    """When the points of a run's curves were reported: (step, seconds since its first start) by name.

    Empty where the times are not kept.
    """
    with db.reading(settings().database_url) as session:
        run = row(session, run_id)
        begun = run.started_at or run.created_at
        times = store.times(session, run_id)
    return {name: [(step, at - begun) for step, at in points] for name, points in times.items()}


def events(run_id: str, after: int = 0, limit: int | None = None) -> list[EventView]:
    """The events of a run since the one with the id `after`, oldest first."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        return [event_view(each) for each in store.events_after(session, run_id, after, limit)]


def artefacts(
    run_id: str, role: str = "", *, after: int = 0, limit: int | None = None
) -> list[ArtefactView]:
    """The files of a run since the one with the id `after`, as they were saved; without its preview and packed curves,
    unless these are lost or asked for."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        hidden = () if role else HIDDEN
        found = store.artefacts(session, run_id, role, after, limit, hidden)
    return [artefact_view(artefact, blob) for artefact, blob in found]


def records(
    run_id: str,
    kind: str,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: str = "",
    descending: bool = False,
    filters: Sequence[str] = (),
    cursor: str = "",
) -> RecordPage:
    """One page of the rows of a kind that a run reported.

    Args:
        cursor: the one the previous page gave, in place of an offset. Behind it are the rows that there were at the
            first page, whatever the run has added since.
        sort: a field of the rows; empty keeps the order in which they were reported.
        limit: 1 to 1,000.
        filters: each "field:op:value"; a row without the field fulfils none.
    """
    check_page(offset, limit)
    check_sort(sort)
    wanted = parse(filters)
    name = _list_of(run_id, kind, sort, descending, filters)
    until = None
    if cursor:
        if offset:
            raise ServiceError("offset: with a cursor none is allowed")
        until, offset = cursors.decode(cursor, name, int, int)
        check_page(offset, limit)
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        if until is None:
            until = store.last(session, run_id, kind)
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
                until=until,
            )
        except ValueError as error:
            raise ServiceError(str(error)) from None
    end = offset + len(found)
    more = found and end < total
    return RecordPage(found, total, cursors.encode(name, until, end) if more else None)


def _list_of(run_id: str, kind: str, sort: str, descending: bool, filters: Sequence[str]) -> str:
    """A name for this list of rows: its cursors hold for it alone."""
    asked = json.dumps([run_id, kind, sort, descending, *filters])
    return f"records:{hashlib.sha256(asked.encode()).hexdigest()[:16]}"
