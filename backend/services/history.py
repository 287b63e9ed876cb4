"""Finding runs, and changing what may be changed of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from backend import lifecycle
from backend.services import cursors
from backend.services.acting import need_own
from backend.services.auditing import audit
from backend.services.catalogue import validate
from backend.services.convert import attempt_view, run_view
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.services.launching import params_hash, submit
from backend.services.request_states import delete_runs
from backend.settings import settings
from backend.views import AttemptView, RunPage, RunView
from storage import db, erasures, records, runs
from storage.models import ACTIVE, STATUSES, Run, now
from storage.runs import Sort

MAX_PAGE = 200
PORTION = 50_000
"""Rows that are deleted in one transaction."""
PAUSE_S = 0.02


def row(session: Session, run_id: str) -> Run:
    """The row of a run, for the other services.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Run, run_id)
    if found is None:
        raise NotFound(f"there is no run {run_id!r}; it may have been deleted")
    return found


def get_run(run_id: str) -> RunView:
    with db.reading(settings().database_url) as session:
        return run_view(row(session, run_id))


def find_same(method: str, values: Mapping[str, Any], seed: int) -> RunView | None:
    """The newest run that already succeeded with the same method, settings, seed and code."""
    config = validate(method, values).model_dump(mode="json")
    with db.reading(settings().database_url) as session:
        found = runs.same(session, params_hash(method, config, seed))
        return run_view(found) if found else None


def list_runs(
    *,
    statuses: Sequence[str] = (),
    family: str = "",
    method: str = "",
    text: str = "",
    archived: bool = False,
    sweep: str = "",
    sort: Sort = "created_at",
    descending: bool = True,
    cursor: str | None = None,
    limit: int = 50,
) -> RunPage:
    """One page of runs.

    Args:
        text: every word must occur in the title, the id, the method or the summary.
        sweep: only runs of the sweep with this id; "none": only runs of no sweep.
        cursor: the one the previous page gave.
        limit: 1 to 200.

    Raises:
        ServiceError: a status, a limit or a cursor that does not exist.
    """
    unknown = sorted(set(statuses) - set(STATUSES))
    if unknown:
        raise ServiceError(f"status: {', '.join(STATUSES)} are allowed, got {', '.join(unknown)}")
    if not 1 <= limit <= MAX_PAGE:
        raise ServiceError(f"limit: 1 to {MAX_PAGE} is allowed, got {limit}")
    name = f"runs:{sort}:{'falling' if descending else 'rising'}"
    with db.reading(settings().database_url) as session:
        found, total = runs.listed(
            session,
            statuses=statuses,
            family=family,
            method=method,
            text=text,
            archived=archived,
            sweep=sweep,
            sort=sort,
            descending=descending,
            after=cursors.decode(cursor, name, _held(sort), str) if cursor else None,
            limit=limit + 1,
        )
    more = len(found) > limit
    views = [run_view(run) for run in found[:limit]]
    return RunPage(views, cursors.encode(name, *_place(views[-1], sort)) if more else None, total)


def _held(sort: Sort) -> type:
    return float if sort in ("created_at", "finished_at") else str


def _place(last: RunView, sort: Sort) -> tuple[float | str, str]:
    return getattr(last, sort) or _held(sort)(), last.id


def update_run(
    run_id: str,
    *,
    title: str | None = None,
    pinned: bool | None = None,
    archived: bool | None = None,
    priority: int | None = None,
) -> RunView:
    """Change what is given of a run.

    Raises:
        Conflict: archiving a run that has not ended.
        Forbidden: it would go sooner by age, is somebody else's, and who asks is no admin.
    """
    given = {"title": title, "pinned": pinned, "archived": archived, "priority": priority}
    with db.writing(settings().database_url) as session:
        run = row(session, run_id)
        if archived and run.status in ACTIVE:
            raise Conflict(f"run {run_id} is {run.status}: cancel it before archiving it")
        if _goes_sooner(run, pinned, archived):
            need_own(run.owner, f"run {run_id}")
        for name, value in given.items():
            if value is not None:
                setattr(run, name, value)
        if archived is not None:
            run.archived_at = (run.archived_at or now()) if archived else None
        session.add(run)
    return run_view(run)


def _goes_sooner(run: Run, pinned: bool | None, archived: bool | None) -> bool:
    """Whether a change lets the housekeeping delete a run that it would have left longer: that is to delete it, later."""
    config = settings()
    unpinned = run.pinned and pinned is False and (config.retention_days or config.archived_days)
    return bool(unpinned or (archived and not run.archived and config.archived_days))


def cancel(run_id: str, *, hard: bool = False) -> RunView:
    """Cancel a queued run at once; ask a running one to stop, and see that it does.

    Args:
        hard: do not wait for the method: its worker is ended and another started.

    Raises:
        Conflict: it had already ended.
    """
    with db.writing(settings().database_url) as session:
        run = row(session, run_id)
        if not lifecycle.request_cancel(
            session, run_id, 0.0 if hard else settings().cancel_grace_s
        ):
            raise Conflict(f"run {run_id} has already {run.status}")
        audit(session, "run.cancel", run_id, hard=hard)
        session.refresh(run)
    return run_view(run)


def cancel_all(except_run: str | None = None) -> int:
    """Cancel every run that has not ended, except one; returns how many."""
    with db.writing(settings().database_url) as session:
        ended = lifecycle.cancel_waiting(session, except_run or "")
        running = [run.id for run in runs.running(session) if run.id != except_run]
        grace = settings().cancel_grace_s
        ended += [each for each in running if lifecycle.request_cancel(session, each, grace)]
        for run_id in ended:
            audit(session, "run.cancel", run_id, hard=False)
        return len(ended)


def rerun(run_id: str) -> RunView:
    """Queue a run again as a new run with the same settings and seed.

    Raises:
        MethodError: its settings no longer hold.
    """
    old = get_run(run_id)
    return submit(
        old.method,
        old.config,
        seed=old.seed,
        title=old.title,
        parent_id=old.id,
        sweep_id=old.sweep_id,
        sweep_cell=old.sweep_cell,
    )


def delete_run(run_id: str) -> None:
    """Delete a run with all it reported; files that no other run has go with the next clean-up.

    Raises:
        Conflict: it has not ended, is pinned, or a request keeps its edit.
        Forbidden: it is somebody else's, and who asks is no admin.
    """
    with db.reading(settings().database_url) as session:
        _deletable(session, run_id)
    thin_out([run_id])
    with db.writing(settings().database_url) as session:
        runs.lock(session, [run_id])
        run = _deletable(session, run_id)
        audit(session, "run.delete", run_id, title=run.title, method=run.method)
        delete_runs(session, [run])


def _deletable(session: Session, run_id: str) -> Run:
    run = row(session, run_id)
    need_own(run.owner, f"run {run_id}")
    if run.status in ACTIVE:
        raise Conflict(f"run {run_id} is {run.status}: cancel it before deleting it")
    if run.pinned:
        raise Conflict(f"run {run_id} is pinned: unpin it before deleting it")
    keeping = erasures.still_kept(session, [run_id]).get(run_id)
    if keeping:
        raise Conflict(f"run {run_id} is kept by request {keeping.id}: undo that first")
    return run


def thin_out(run_ids: Sequence[str]) -> None:
    """Delete most of what runs reported, where that is very much, in portions: a database is not kept from others for as
    long as a million rows take. Who is stopped in the middle leaves a run with fewer rows, which can be deleted again."""
    for run_id in run_ids:
        while True:
            with db.writing(settings().database_url) as session:
                if not records.has_more(session, run_id, PORTION):
                    break
                records.thin(session, run_id, PORTION)
            time.sleep(PAUSE_S)


def attempts(run_id: str) -> list[AttemptView]:
    """Every worker's try at a run."""
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        return [attempt_view(each) for each in runs.attempts(session, run_id)]
