"""The one Celery task: claim the best queued run and execute it."""

from __future__ import annotations

import logging
import shutil
import traceback as tracebacks
from typing import Any

from backend import lifecycle, worker
from backend.celery_app import app
from backend.context import Interrupted, LostRun, RunContext
from backend.lifecycle import Claim
from backend.settings import settings
from methods import METHODS
from methods.base import Cancelled, MethodError, Result
from storage import db
from storage.artefacts import StorageError
from storage.models import CANCELLED, FAILED, SUCCEEDED, Run

log = logging.getLogger(__name__)


@app.task(name="vitrine.execute_next")  # type: ignore[untyped-decorator]
def execute_next(_queue: str) -> None:
    """Execute the best queued run that this worker may take, if there is one."""
    me = worker.this_worker()
    with db.writing(settings().database_url) as session:
        held = lifecycle.claim(session, me.id, me.queues, settings().lease_s, me.environment())
    if held is not None:
        execute(held)


def execute(held: Claim) -> None:
    """Run a claimed run to its end, whatever that is, and write it down."""
    url = settings().database_url
    with db.reading(url) as session:
        run = session.get_one(Run, held.run_id)
    log.info("run %s (%s), attempt %d: starting", run.id, run.method, held.attempt)
    me = worker.this_worker()
    context = me.context = RunContext(held, run, me.device)
    try:
        ending = _attempt(run, context)
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
    with db.writing(url) as session:
        lifecycle.finish(session, held, **ending)
    log.info("run %s: %s", run.id, ending["outcome"])


def _attempt(run: Run, context: RunContext) -> dict[str, Any]:
    """How the run ended, as arguments of `lifecycle.finish`."""
    try:
        method = METHODS[run.method]
        result: Result = method.run(method.config.model_validate(run.config), context)
        context.flush()
    except Cancelled:
        return {"outcome": CANCELLED}
    except (MethodError, StorageError) as error:
        return {"outcome": FAILED, "error_type": type(error).__name__, "error": str(error)}
    # The one place where everything is caught: whatever a method does, its run says so and the worker lives on.
    except Exception as error:
        log.exception("run %s failed", run.id)
        return {
            "outcome": FAILED,
            "error_type": type(error).__name__,
            "error": str(error) or repr(error),
            "traceback": "".join(tracebacks.format_exception(error)),
        }
    return {"outcome": SUCCEEDED, "metrics": result.metrics, "summary": result.summary}
