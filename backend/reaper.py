"""Finds runs whose worker was lost, and wakes queues whose message was. Runs in the web process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from backend import cleaning, lifecycle
from backend.celery_app import wake
from backend.settings import settings
from storage import db, remembered, runs, waiting, workers
from storage.artefacts import StorageError
from storage.models import Worker, now
from storage.waiting import Waiting

log = logging.getLogger(__name__)
TURN = "reaper:last"
MOST = 1000
"""Waiting runs that are looked at in one turn: a million may wait, and the next turn is soon."""
AGAIN_S = 2.0
"""A run that is queued this long while a worker of its queue has nothing to do has lost its message."""


def _collect() -> Iterator[object]:
    yield cleaning.collect()


class Reaper:
    """Looks every `reaper_s` seconds until stopped, and every hour does the chores.

    Args:
        chores: one small step of the housekeeping each time that a value is asked for; one step follows each look.
    """

    def __init__(self, chores: Callable[[], Iterator[object]] = _collect) -> None:
        self._chores = chores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="reaper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        cleaned_at = now()
        chores: Iterator[object] = iter(())
        while not self._stop.wait(settings().reaper_s):
            try:
                look()
                if now() - cleaned_at > cleaning.HOUR_S:
                    cleaned_at = now()
                    chores = self._chores()
                next(chores, None)
            except (SQLAlchemyError, BrokerError, StorageError, OSError) as error:
                log.warning("the reaper could not look this time: %s", error)
            except Exception:  # without this thread no lost run would ever be found again
                log.exception("the reaper met what nobody expected, and goes on")


def look() -> None:
    """Settle lost runs, then wake the queues that have waiting runs and idle workers."""
    with db.writing(settings().database_url) as session:
        if not _my_turn(session):
            return
        lost = lifecycle.recover_lost(session)
        workers.forget_old(session)
        queues = _unheard(session)
    if lost:
        log.warning("workers were lost; queued again: %s", ", ".join(lost))
    for queue in queues:
        wake(queue)


def _my_turn(session: Session) -> bool:
    """Whether nobody else looked within half a period: several web processes share one database."""
    row = remembered.locked(session, TURN, 0.0)
    if now() - row.value < settings().reaper_s / 2:
        return False
    row.value = now()
    return True


def _suits(run: Waiting, worker: Worker) -> bool:
    return run.queue in worker.queues and workers.fits(worker, run.memory_mb)


def _unheard(session: Session) -> list[str]:
    """The queues to wake, once for each idle worker that could take a run from them."""
    alive = workers.alive(session, settings().lease_s)
    idle = [each for each in alive if not each.current_run and not each.asked]
    served = {queue for worker in idle for queue in worker.queues}
    open_queues = served - set(runs.paused_queues(session))
    unheard = waiting.unheard(session, sorted(open_queues), now() - AGAIN_S, MOST)
    found = []
    for worker in idle:
        mine = next((run for run in unheard if _suits(run, worker)), None)
        if mine is not None:
            unheard.remove(mine)
            found.append(mine.queue)
            waiting.set_published(session, [mine.id])
    return found
