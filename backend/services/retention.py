"""Runs that go by age: which, when and why not, said before; then deleted in small portions.

A run is old when it ended `retention_days` ago, or was archived `archived_days` ago. Pinned runs stay, and so does what
something else needs (`backend.holders`). When the settings begin to say so, or say something else, a day passes before the
first run goes, so that nobody finds a studio emptied that he had no chance to look at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from backend import holders
from backend.house_views import Going, RetentionView
from backend.services.auditing import audit
from backend.services.history import thin_out
from backend.services.request_states import delete_runs
from backend.settings import settings
from storage import comparisons, db, remembered, runs
from storage.kept import Comparison, Setting
from storage.models import TERMINAL, Run, Sweep, now

DAY_S = 86_400.0
HORIZON = 30
"""Days that a plan looks ahead."""
NOTICE_S = DAY_S
PORTION = 20
"""Runs that are deleted in one transaction."""
NAMED = 3
RULE = "retention:rule"
PINNED = "pinned"


@dataclass(frozen=True)
class _Old:
    id: str
    title: str
    pinned: bool
    due: float


def note_rule() -> None:
    """Remember since when the settings say what they say; from then on the day of notice counts."""
    rule = _rule()
    with db.writing(settings().database_url) as session:
        row = remembered.locked(session, RULE, None)
        if not isinstance(row.value, dict) or row.value.get("rule") != rule:
            row.value = {"rule": rule, "since": now()}


def _rule() -> list[float]:
    return [settings().retention_days, settings().archived_days]


def plan() -> RetentionView:
    """What goes on which of the coming days, and what is old enough and stays. Deletes nothing."""
    config = settings()
    with db.reading(config.database_url) as session:
        old = _old(session, _not_before(session), now() + HORIZON * DAY_S)
        held = holders.held(session, [each.id for each in old if not each.pinned])
        going = [each for each in old if not each.pinned and each.id not in held]
        days = _days(session, going)
    staying = Counter(held.values())
    staying[PINNED] = sum(each.pinned for each in old)
    return RetentionView(config.retention_days, config.archived_days, days, dict(+staying))


def _not_before(session: Session) -> float:
    row = session.get(Setting, RULE)
    noted = row is not None and isinstance(row.value, dict) and row.value.get("rule") == _rule()
    return (row.value["since"] if row is not None and noted else now()) + NOTICE_S


def _old(
    session: Session, not_before: float, until: float, among: Sequence[str] | None = None
) -> list[_Old]:
    """The runs that are old by `until`, the first due first; `among` looks at these alone."""
    config = settings()
    # A run that came from another studio is as old as it is here.
    taken_in = func.coalesce(col(Run.env)["bundle"]["taken_at"].as_float(), 0.0)
    ended = func.coalesce(col(Run.finished_at), col(Run.created_at))
    columns = (Run.id, Run.title, Run.pinned, Run.archived, Run.archived_at)
    query = select(*(col(each) for each in columns), ended, taken_in).where(
        col(Run.status).in_(TERMINAL)
    )
    if not config.retention_days and not config.archived_days:
        return []
    if not config.retention_days:
        query = query.where(col(Run.archived).is_(True))
    if among is not None:
        query = query.where(col(Run.id).in_(among))
    found = []
    for run_id, title, pinned, archived, archived_at, ended_at, taken_at in session.execute(query):
        since = max(ended_at, taken_at)
        dues = [since + config.retention_days * DAY_S] if config.retention_days else []
        if archived and config.archived_days:
            dues.append(max(since, archived_at or since) + config.archived_days * DAY_S)
        if dues and (due := max(min(dues), not_before)) <= until:
            found.append(_Old(run_id, title, pinned, due))
    return sorted(found, key=lambda each: (each.due, each.id))


def _days(session: Session, going: Sequence[_Old]) -> list[Going]:
    at = now()
    of_day: defaultdict[int, list[_Old]] = defaultdict(list)
    day_of = {each.id: max(0, int((each.due - at) // DAY_S)) for each in going}
    for each in going:
        of_day[day_of[each.id]].append(each)
    sizes: Counter[int] = Counter()
    for size, owners in holders.freed(session, day_of) if day_of else ():
        sizes[max(day_of[owner] for owner in owners)] += size
    return [
        Going(day, some[0].due, len(some), sizes[day], [each.title for each in some[:NAMED]])
        for day, some in sorted(of_day.items())
    ]


def retire(*, notice: bool = True) -> Iterator[int]:
    """Delete what is old, a portion each time that a number is asked for: how many went.

    Args:
        notice: keep the day of notice; without, what is old by the settings goes now.
    """
    looked_at = now()
    with db.reading(settings().database_url) as session:
        old = _old(session, _not_before(session) if notice else 0.0, looked_at)
        ids = [each.id for each in old if not each.pinned]
        held = holders.held(session, ids)
    ids = [run_id for run_id in ids if run_id not in held]
    for start in range(0, len(ids), PORTION):
        yield _retire(ids[start : start + PORTION], looked_at)


def _retire(ids: list[str], looked_at: float) -> int:
    with db.reading(settings().database_url) as session:
        ids = [run.id for run in _still_old(session, ids, looked_at)]
    thin_out(ids)
    with db.writing(settings().database_url) as session:
        runs.lock(session, ids)
        gone = _still_old(session, ids, looked_at)
        for run in gone:
            audit(session, "run.retire", run.id, title=run.title, method=run.method)
        delete_runs(session, gone)
        session.flush()
        _drop_empty(session, {run.id for run in gone}, {run.sweep_id for run in gone})
    return len(gone)


def _still_old(session: Session, ids: Sequence[str], looked_at: float) -> list[Run]:
    """Those that nobody has pinned or taken back from the archive, and nothing has come to need, since they were looked for."""
    held = holders.held(session, ids, since=looked_at - DAY_S)
    old = {each.id for each in _old(session, 0.0, looked_at, ids) if not each.pinned}
    return runs.by_ids(session, [each for each in ids if each in old and each not in held])


def _drop_empty(session: Session, gone: set[str], sweeps: set[str | None]) -> None:
    """Delete comparisons and sweeps of which nothing is left."""
    for comparison in comparisons.among(session, gone):
        if not comparisons.statuses(session, comparison.run_ids):
            session.execute(delete(Comparison).where(col(Comparison.id) == comparison.id))
    left = set(session.scalars(select(col(Run.sweep_id)).where(col(Run.sweep_id).in_(sweeps))))
    empty: list[Any] = [each for each in sweeps if each and each not in left]
    session.execute(delete(Sweep).where(col(Sweep.id).in_(empty)))
