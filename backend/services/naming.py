"""Runs by what a person calls them, and what several runs are doing, in one short answer."""

from __future__ import annotations

from collections.abc import Sequence

from backend.services.convert import run_view
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.settings import settings
from backend.views import RunState, RunView
from storage import db, runs
from storage.models import TERMINAL, Run

LAST = "last"
MAX_STATES = 64
SHOWN = 5


def find_run(name: str) -> RunView:
    """The run that is meant by its id, by a beginning of it that no other has, or by "last": the newest.

    Raises:
        NotFound: there is none.
        Conflict: the beginning is that of several.
    """
    with db.reading(settings().database_url) as session:
        exact = session.get(Run, name)
        if exact is not None:
            return run_view(exact)
        found = runs.called(session, "" if name == LAST else name, SHOWN + 1)
        if not found:
            raise NotFound(f"there is no run {name!r:.80}; it may have been deleted")
        if len(found) > 1 and name != LAST:
            shown = ", ".join(run.id for run in found[:SHOWN])
            more = " and more" if len(found) > SHOWN else ""
            raise Conflict(f"{name!r:.80} begins the ids of several runs: {shown}{more}")
        return run_view(found[0])


def run_states(run_ids: Sequence[str]) -> list[RunState]:
    """Where these runs are: for who waits for their end; runs that are gone are left out.

    Raises:
        ServiceError: too many are asked for.
    """
    if len(run_ids) > MAX_STATES:
        raise ServiceError(f"run: up to {MAX_STATES} are allowed, got {len(run_ids)}")
    with db.reading(settings().database_url) as session:
        return [
            RunState(id, title or method, status, status in TERMINAL, finished_at)
            for id, title, method, status, finished_at in runs.states(session, run_ids)
        ]
