"""The place itself: the queue and its order, the workers, the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from backend import database, stored
from backend.courier import Courier
from backend.reaper import Reaper
from backend.services.acting import STUDIO, as_person, need
from backend.services.auditing import audit
from backend.services.convert import run_view
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.services.history import MAX_PAGE, row
from backend.services.keeping import chores
from backend.services.launching import QUEUE
from backend.services.retention import note_rule
from backend.services.welcome import start_tour
from backend.settings import settings
from backend.views import DiskView, QueueCounts, QueueView, WorkerView
from storage import db, runs, waiting
from storage import usage as taken
from storage import workers as store
from storage.models import QUEUED, now
from storage.waiting import Slot

Place = Literal["first", "up", "down", "last"]
Ask = Literal["stop", "restart", "stay"]


@contextmanager
def open_studio() -> Iterator[None]:
    """Bring the database up to date, queue the welcome tour if it is new, and look after lost runs for as long as the
    block lasts. For the web process.

    Raises:
        CannotStart: the database cannot be opened or written, or files are kept where workers do not keep them.
    """
    database.prepare()
    stored.check()
    with as_person(STUDIO):
        start_tour()
    note_rule()
    reaper, courier = Reaper(chores), Courier()
    courier.start()
    reaper.start()
    try:
        yield
    finally:
        courier.stop()
        reaper.stop()


def open_database() -> None:
    """Bring the database up to date, and nothing else: for a command that looks or queues beside a studio.

    Raises:
        CannotStart: the database cannot be opened or written.
    """
    database.prepare()


def queue(limit: int = MAX_PAGE) -> QueueView:
    """What is running, and what waits, in the order it will start.

    Args:
        limit: the most waiting runs that are told, 1 to 200; a sweep may have thousands.
    """
    with db.reading(settings().database_url) as session:
        return QueueView(
            running=[run_view(run) for run in runs.running(session)],
            waiting=[run_view(run) for run in waiting.head(session, limit)],
            waiting_in=waiting.sizes(session),
            paused=runs.paused_queues(session),
        )


def queue_counts() -> QueueCounts:
    """How many runs are running and waiting: for what asks every few seconds."""
    with db.reading(settings().database_url) as session:
        running, queued = runs.counted(session)
        return QueueCounts(running, queued, runs.paused_queues(session))


def pause(name: str) -> None:
    """Start no more runs of a queue; those that run go on."""
    _set_paused(name, True)


def resume(name: str) -> None:
    """Start runs of a queue again."""
    _set_paused(name, False)


def _set_paused(name: str, paused: bool) -> None:
    if not name or not QUEUE.match(name):
        raise ServiceError(f"queue: a name such as cpu, gpu or gpu0 is allowed, got {name!r}")
    need("admin")
    with db.writing(settings().database_url) as session:
        runs.set_paused(session, name, paused)
        audit(session, "queue.pause" if paused else "queue.resume", name)


def move(run_id: str, where: Place) -> None:
    """Change a waiting run's place among the runs of its queue.

    Raises:
        Conflict: it is not waiting any more.
    """
    with db.writing(settings().database_url) as session:
        run = row(session, run_id)
        if run.status != QUEUED:
            raise Conflict(
                f"run {run_id} does not wait (it is {run.status}), so it has no place in the queue"
            )
        order = waiting.places(session, run.queue)
        before = {each.id: each.priority for each in order}
        at = next(i for i, each in enumerate(order) if each.id == run_id)
        place = _target(where, at, len(order))
        order.insert(place, order.pop(at))
        if place < at:
            _raise(order, place)
        else:
            _lower(order, place)
        waiting.set_priorities(session, [p for p in order if p.priority != before[p.id]])


def _raise(order: list[Slot], place: int) -> None:
    """Let the run at `place` start before its follower. Others change only where it would overtake them: a run that
    somebody submits later must still go before the runs of a sweep, which have the lowest priority."""
    for first, then in zip(order[place::-1], order[place + 1 : 0 : -1], strict=False):
        first.priority = max(first.priority, then.priority + (not _older(first, then)))


def _lower(order: list[Slot], place: int) -> None:
    """Let the run at `place` start after the one before it; others change only where they would start too early."""
    for first, then in zip(order[max(0, place - 1) :], order[max(1, place) :], strict=False):
        then.priority = min(then.priority, first.priority - (not _older(first, then)))


def _older(first: Slot, then: Slot) -> bool:
    return (first.created_at, first.id) < (then.created_at, then.id)


def _target(where: Place, at: int, count: int) -> int:
    places = {"first": 0, "up": max(0, at - 1), "down": min(count - 1, at + 1), "last": count - 1}
    return places[where]


def workers() -> list[WorkerView]:
    """The workers, those that have gone silent among them."""
    with db.reading(settings().database_url) as session:
        found = store.all_workers(session)
    since = now() - settings().lease_s
    views = [{**each.model_dump(), "alive": each.heartbeat_at > since} for each in found]
    return [WorkerView(**view) for view in views]


def ask_worker(worker_id: str, what: Ask) -> WorkerView:
    """Ask a worker to leave once its run has ended: it takes no other one meanwhile, so that none is lost.

    Args:
        what: "stop" for good (its supervisor leaves it so), "restart" to start a fresh process in its place, "stay" to
            take back what was asked.

    Raises:
        NotFound: there is no such worker.
        Forbidden: who asks is no admin.
    """
    need("admin")
    with db.writing(settings().database_url) as session:
        if not store.ask(session, worker_id, "" if what == "stay" else what):
            raise NotFound(f"there is no worker {worker_id!r}; it may have left already")
        audit(session, f"worker.{what}", worker_id)
    return next(each for each in workers() if each.id == worker_id)


def disk() -> DiskView:
    """Room in the data folder, and what artefacts and the database take."""
    root = settings().root
    disk = shutil.disk_usage(root)
    with db.reading(settings().database_url) as session:
        artefacts = taken.file_bytes(session)
        database = taken.database_bytes(session, settings().database_url)
    return DiskView(str(root), disk.free, disk.total, artefacts, database)
