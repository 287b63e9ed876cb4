"""The welcome tour: a few small runs that a new studio queues once, so that its pages have something real to show.

What was queued stands in one row of the settings, written in the transaction that writes the runs. The row stays when the
tour is removed, so neither a restart nor a second web process queues it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from backend.services.acting import need
from backend.services.auditing import audit
from backend.services.convert import run_view
from backend.services.errors import Conflict, NotFound
from backend.services.launching import Launch, checked, publish
from backend.services.request_states import delete_runs
from backend.settings import settings
from backend.views import TourStop, TourView
from methods import METHODS
from methods.base import Demo, MethodError
from storage import db, erasures, runs
from storage.kept import Comparison, Setting
from storage.models import Run

log = logging.getLogger(__name__)
KEY = "tour"
PRIORITY = -100
"""Behind everything that a person launches."""


def start_tour() -> None:
    """Queue the tour if the settings want it, the database holds no run, and this was never decided before."""
    if not settings().demo or _decided() is not None:
        return
    try:
        stops = _stops()
    except MethodError as error:  # a studio without its tour is still a studio
        log.warning("the welcome tour cannot be queued: %s", error)
        return
    try:
        queued = _write(stops)
    except IntegrityError:  # only PostgreSQL has several writers: another process was faster
        return
    if queued:
        log.info("a new studio: queued the welcome tour, %d small runs", len(queued))
        publish(queued)


def _stops() -> list[tuple[str, Demo, list[Run]]]:
    """Every method that has a demo, with rows for its runs; all of them will start in this order.

    Raises:
        MethodError: the settings of a run do not hold.
    """
    demos = [(name, method.demo) for name, method in METHODS.items() if method.demo is not None]
    launches = [
        Launch(name, run.values, title=run.title) for name, demo in demos for run in demo.runs
    ]
    rows = iter(checked(launches, PRIORITY) if launches else ())
    return [(name, demo, [next(rows) for _ in demo.runs]) for name, demo in demos]


def _write(stops: list[tuple[str, Demo, list[Run]]]) -> list[Run]:
    """Write runs, comparisons and the row that remembers them, all or none; the runs that were queued."""
    with db.writing(settings().database_url) as session:
        if session.get(Setting, KEY) is not None:
            return []
        if session.scalar(select(exists(select(col(Run.id))))):
            session.add(Setting(key=KEY, value=[]))  # somebody works here: no tour, now or later
            return []
        kept = []
        for method, demo, rows in stops:
            ids = [row.id for row in rows]
            session.add_all(rows)
            comparison = Comparison(title=demo.title, run_ids=ids) if len(rows) > 1 else None
            if comparison is not None:
                session.add(comparison)
            kept.append({"method": method, "comparison": comparison and comparison.id, "runs": ids})
        session.add(Setting(key=KEY, value=kept))
    return [row for _, _, rows in stops for row in rows]


def _decided() -> list[Mapping[str, Any]] | None:
    """The stops that were queued: none if the tour was removed or not wanted, None if it was never asked for."""
    with db.reading(settings().database_url) as session:
        row = session.get(Setting, KEY)
    return None if row is None else list(row.value)


def tour() -> TourView | None:
    """The tour and how far it is; None where there is none, or its runs have all been deleted."""
    stops = []
    for kept in _decided() or []:
        with db.reading(settings().database_url) as session:
            found = [run_view(run) for run in runs.by_ids(session, kept["runs"])]
        method = METHODS.get(kept["method"])
        demo = method.demo if method else None
        title, text = (demo.title, demo.text) if demo else (kept["method"], "")
        if found:
            stops.append(TourStop(kept["method"], title, text, kept["comparison"], found))
    return TourView(stops) if stops else None


def remove_tour() -> None:
    """Delete the runs and comparisons of the tour, and nothing else. A worker that has one of them lets it go.

    Raises:
        NotFound: there is no tour.
        Conflict: one of its runs is pinned, or kept by a request.
        Forbidden: who asks is no admin.
    """
    need("admin")
    with db.writing(settings().database_url) as session:
        row = session.get(Setting, KEY, with_for_update=True)
        if row is None or not row.value:
            raise NotFound("there is no welcome tour here, or it was removed before")
        found = runs.by_ids(session, [key for stop in row.value for key in stop["runs"]])
        pinned = [run.title for run in found if run.pinned]
        if pinned:
            raise Conflict(f"{', '.join(pinned)} is pinned: unpin it before removing the tour")
        kept = erasures.still_kept(session, [run.id for run in found])
        if kept:
            ids = ", ".join(each.id for each in kept.values())
            raise Conflict(f"a run of the tour is kept by request {ids}: undo that first")
        # A run in progress goes too: its worker finds that it no longer holds it, and discards what it has.
        audit(session, "tour.remove", KEY, runs=[run.id for run in found])
        delete_runs(session, found)
        comparisons = [stop["comparison"] for stop in row.value]
        session.execute(delete(Comparison).where(col(Comparison.id).in_(comparisons)))
        row.value = []
        session.add(row)
