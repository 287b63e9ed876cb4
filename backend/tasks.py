"""The one Celery task: claim the best queued run and execute it, for as long as there is one."""

from __future__ import annotations

import logging
import math
import shutil
import time
import traceback as tracebacks
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import OperationalError

from backend import lifecycle, worker
from backend.celery_app import app
from backend.context import Interrupted, LostRun, RunContext
from backend.lifecycle import Claim
from backend.references import with_names
from backend.settings import settings
from backend.stored import trim_copies
from methods import METHODS
from methods.base import Cancelled, MethodError, Result
from storage import db, workers
from storage.artefacts import StorageError
from storage.models import CANCELLED, FAILED, SUCCEEDED, Run

log = logging.getLogger(__name__)
WRITE_TRIES = 10


@app.task(name="vitrine.execute_next")  # type: ignore[untyped-decorator]
def execute_next(_queue: str) -> None:
    """Execute queued runs that this worker may take, best first, until there is none.

    Going on to the next run by itself, a worker needs no message for each: a lost one costs nothing while it is busy.
    """
    while (held := _claim()) is not None:
        execute(held)


def _claim() -> Claim | None:
    me = worker.this_worker()
    if me.stopping:
        return None
    with db.writing(settings().database_url) as session:
        if workers.asked(session, me.id):  # to leave
            return None
        environment, room = me.environment(), me.room_mb()
        return lifecycle.claim(session, me.id, me.queues, settings().lease_s, environment, room)


def execute(held: Claim) -> None:
    """Run a claimed run to its end, whatever that is, and write it down."""
    url = settings().database_url
    with db.reading(url) as session:
        run = session.get_one(Run, held.run_id)
    log.info("run %s (%s), attempt %d: starting", run.id, run.method, held.attempt)
    me = worker.this_worker()
    context = me.context = RunContext(held, run, me.device)
    context.interrupted = me.stopping  # the signal may have come between the claim and here
    try:
        ending = _attempt(run, context)
        if ending["outcome"] != SUCCEEDED:
            with suppress(StorageError):  # what it reported last often shows why it ended
                context.flush()
    except LostRun:
        log.warning("run %s is no longer this worker's; its results are discarded", run.id)
        return
    except Interrupted:
        with db.writing(url) as session:
            lifecycle.hand_back(session, held)
        log.info("run %s goes back into the queue: this worker is being stopped", run.id)
        return
    finally:
        me.context = None
        context.close()
        shutil.rmtree(context.workdir, ignore_errors=True)
        trim_copies()
    _write_down(held, ending)
    log.info("run %s: %s", run.id, ending["outcome"])


def _write_down(held: Claim, ending: dict[str, Any]) -> None:
    """Say how the run ended. A database that is away or full for a moment must not cost the result."""
    for tries_left in range(WRITE_TRIES - 1, -1, -1):
        try:
            with db.writing(settings().database_url) as session:
                lifecycle.finish(session, held, **ending)
            return
        except OperationalError as error:
            if not tries_left:
                raise
            log.warning("run %s: its end cannot be written yet: %s", held.run_id, error.orig)
            time.sleep(1)


def _attempt(run: Run, context: RunContext) -> dict[str, Any]:
    """How the run ended, as arguments of `lifecycle.finish`."""
    try:
        context.open_workdir()
        method = METHODS[run.method]
        result: Result = method.run(method.config.model_validate(run.config), context)
        metrics = _finite(result.metrics, context)
        context.flush()
    except Cancelled:
        return {"outcome": CANCELLED}
    except (MethodError, StorageError) as error:
        return {
            "outcome": FAILED,
            "error_type": type(error).__name__,
            "error": with_names(str(error)),
        }
    # The one place where everything is caught: whatever a method does, its run says so and the worker lives on.
    except Exception as error:
        log.exception("run %s failed", run.id)
        return {
            "outcome": FAILED,
            "error_type": type(error).__name__,
            "error": str(error) or repr(error),
            "traceback": "".join(tracebacks.format_exception(error)),
        }
    return {"outcome": SUCCEEDED, "metrics": metrics, "summary": result.summary}


def _finite(metrics: Mapping[str, float], context: RunContext) -> dict[str, float]:
    """The metrics that are numbers; an event says which are not, as a diverged training has them."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            context.event("warning", f"{name} is {value} at the end")
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
