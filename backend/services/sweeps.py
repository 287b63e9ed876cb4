"""Sweeps: many ordinary runs that are launched, followed and concluded from as one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

from pydantic import ValidationError
from sqlmodel import Session

from backend import lifecycle
from backend.services.acting import need_own
from backend.services.auditing import audit
from backend.services.convert import run_view
from backend.services.directions import better
from backend.services.errors import Conflict, NotFound
from backend.services.history import thin_out
from backend.services.launching import Launch, new_row, publish
from backend.services.request_states import delete_runs
from backend.services.room import check_room
from backend.services.sweep_plans import SweepRequest, plan_sweep
from backend.settings import settings
from backend.sweep_views import LeftOut, SweepCell, SweepItem, SweepRun, SweepView
from backend.views import RunView
from methods import METHODS
from methods.base import Finding, Finished
from methods.intervals import Mean, mean_of
from storage import db, erasures, sweeps
from storage.lists import End
from storage.models import ACTIVE, RUNNING, SUCCEEDED, Run, Sweep, new_id

PRIORITY = -100
"""A sweep fills the time that nobody else wants: every other run goes first."""
WOKEN = 32
"""Workers go on from run to run by themselves, so a sweep need not wake one for each of its runs."""


def launch_sweep(request: SweepRequest) -> SweepView:
    """Queue all runs of a sweep, or none.

    Raises:
        MethodError: as `plan_sweep`; nothing was written.
    """
    plan = plan_sweep(request)
    check_room()
    sweep = Sweep(
        id=new_id(),
        title=plan.title,
        method=request.method,
        config=dict(request.config),
        axes={name: list(values) for name, values in request.axes.items()},
        seeds=list(request.seeds),
        left_out=[{"reason": item.reason, "count": item.count} for item in plan.left_out],
    )
    # Seed by seed, so that every cell has its first figure early, and runs of one noise follow one another: a worker
    # remembers what they share.
    launches = [
        Launch(request.method, cell.config, seed, cell.title, None, sweep.id, cell.cell)
        for seed in request.seeds
        for cell in plan.cells
    ]
    rows = [new_row(launch, PRIORITY, "") for launch in launches]
    with db.writing(settings().database_url) as session:
        session.add(sweep)
        for place, row in enumerate(rows):
            row.created_at += place * 1e-4
        session.add_all(rows)
    publish(rows[:WOKEN])
    return get_sweep(sweep.id)


def _row(session: Session, sweep_id: str) -> Sweep:
    found = session.get(Sweep, sweep_id)
    if found is None:
        raise NotFound(f"there is no sweep {sweep_id!r}; it may have been deleted")
    return found


def get_sweep(sweep_id: str) -> SweepView:
    """A sweep with its cells as they stand now.

    Raises:
        NotFound: there is no such sweep.
    """
    with db.reading(settings().database_url) as session:
        sweep = _row(session, sweep_id)
        runs = [run_view(run) for run in sweeps.runs_of(session, sweep_id)]
    runs = _current(runs)
    item = _item(sweep, Counter(run.status for run in runs))
    cells = _cells(runs)
    return SweepView(
        **vars(item),
        config=sweep.config,
        axes=sweep.axes,
        seeds=sweep.seeds,
        left_out=[LeftOut(**each) for each in sweep.left_out],
        fraction=fmean([_fraction(run) for run in runs]) if runs else 1.0,
        seconds_left=_seconds_left(runs),
        cells=cells,
        findings=_findings(sweep.method, runs) if item.finished else [],
        directions={name: better(name) for cell in cells for name in cell.metrics},
    )


def _key(run: RunView) -> str:
    return json.dumps(run.config, sort_keys=True)


def _current(runs: Sequence[RunView]) -> list[RunView]:
    """One run for each cell and seed: one that succeeded, else the newest, since a run may have been run again."""
    found: dict[tuple[str, int], RunView] = {}
    for run in runs:  # oldest first
        place = (_key(run), run.seed)
        if place not in found or found[place].status != SUCCEEDED:
            found[place] = run
    return list(found.values())


def _fraction(run: RunView) -> float:
    return 1.0 if run.finished else run.fraction


def _seconds_left(runs: Sequence[RunView]) -> float | None:
    took = [
        run.finished_at - run.started_at
        for run in runs
        if run.status == SUCCEEDED and run.finished_at and run.started_at
    ]
    left = sum(1 - _fraction(run) for run in runs)
    if not took or not left:
        return None
    return fmean(took) * left / max(1, sum(run.status == RUNNING for run in runs))


def _cells(runs: Sequence[RunView]) -> list[SweepCell]:
    groups: dict[str, list[RunView]] = {}
    for run in runs:
        groups.setdefault(_key(run), []).append(run)
    return [
        SweepCell(
            cell=group[0].sweep_cell or {},
            title=group[0].title,
            config=group[0].config,
            runs=[SweepRun(run.id, run.seed, run.status, run.error) for run in group],
            metrics=_means([run for run in group if run.status == SUCCEEDED]),
        )
        for group in groups.values()
    ]


def _means(runs: Sequence[RunView]) -> dict[str, Mean]:
    """Mean and interval over the seeds of each metric but the ends of the runs' own intervals."""
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    return {
        name: mean_of([run.metrics[name] for run in runs if name in run.metrics])
        for name in names
        if not name.endswith(("_low", "_high"))
    }


def _findings(name: str, runs: Sequence[RunView]) -> list[Finding]:
    method = METHODS.get(name)
    if method is None or method.conclude is None:
        return []
    finished = [
        Finished(run.title, run.config, run.seed, run.metrics)
        for run in runs
        if run.status == SUCCEEDED
    ]
    try:
        return list(method.conclude(finished))
    except ValidationError:
        text = "These runs are of an earlier version, whose settings are not understood any more."
        return [Finding("note", text)]


def _family(method: str) -> str:
    return method.split(".")[0]


def list_sweeps(limit: int = 50, after: End | None = None) -> list[SweepItem]:
    """The newest sweeps; `after` is (created_at, id) of the last one seen."""
    with db.reading(settings().database_url) as session:
        found = sweeps.newest(session, limit, after)
        counts = sweeps.counts(session, [sweep.id for sweep in found])
    return [_item(sweep, counts.get(sweep.id, {})) for sweep in found]


def _item(sweep: Sweep, counts: Mapping[str, int]) -> SweepItem:
    return SweepItem(
        id=sweep.id,
        title=sweep.title,
        method=sweep.method,
        family=_family(sweep.method),
        created_at=sweep.created_at,
        counts=dict(counts),
        runs=sum(counts.values()),
        finished=not any(counts.get(status) for status in ACTIVE),
        url=f"/sweep?id={sweep.id}",
    )


def cancel_sweep(sweep_id: str) -> SweepView:
    """Cancel every run of a sweep that has not ended.

    Raises:
        Conflict: all have ended.
    """
    with db.writing(settings().database_url) as session:
        _row(session, sweep_id)
        grace = settings().cancel_grace_s
        active = [run.id for run in sweeps.runs_of(session, sweep_id) if run.status in ACTIVE]
        if not active:
            raise Conflict(f"every run of sweep {sweep_id} has ended")
        for run_id in active:
            lifecycle.request_cancel(session, run_id, grace)
        audit(session, "sweep.cancel", sweep_id, runs=len(active))
    return get_sweep(sweep_id)


def rename_sweep(sweep_id: str, title: str) -> SweepView:
    """Give a sweep another title."""
    with db.writing(settings().database_url) as session:
        sweep = _row(session, sweep_id)
        sweep.title = title
        session.add(sweep)
    return get_sweep(sweep_id)


def delete_sweep(sweep_id: str) -> None:
    """Delete a sweep with its runs; those that are pinned, or kept by a request, stay as runs of no sweep.

    Raises:
        Conflict: some of its runs have not ended.
        Forbidden: some of its runs are somebody else's, and who asks is no admin.
    """
    with db.reading(settings().database_url) as session:
        going, _ = _parted(session, sweep_id)
    thin_out([run.id for run in going])
    with db.writing(settings().database_url) as session:
        going, staying = _parted(session, sweep_id)
        for run in staying:
            run.sweep_id = run.sweep_cell = None
            session.add(run)
        sweep = _row(session, sweep_id)
        audit(session, "sweep.delete", sweep_id, title=sweep.title, runs=len(going))
        delete_runs(session, going)
        session.delete(sweep)


def _parted(session: Session, sweep_id: str) -> tuple[list[Run], list[Run]]:
    """The runs of a sweep that go with it, and those that stay."""
    _row(session, sweep_id)
    runs = sweeps.runs_of(session, sweep_id)
    active = [run for run in runs if run.status in ACTIVE]
    for owner in {run.owner for run in runs}:
        need_own(owner, f"sweep {sweep_id}")
    if active:
        raise Conflict(f"{len(active)} of its runs have not ended: cancel the sweep first")
    kept = erasures.still_kept(session, [run.id for run in runs])
    parted: dict[bool, list[Run]] = {True: [], False: []}
    for run in runs:
        parted[run.pinned or run.id in kept].append(run)
    return parted[False], parted[True]
