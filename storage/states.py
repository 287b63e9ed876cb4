"""Keeps `PairState` equal to what the `PairStep` rows of a run add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import case, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from storage.db import is_postgres
from storage.typed import PairState, PairStep

LAST = ("step", "hardness", "factor", "gap", "beta", "loss", "weight")
SUMS = ("seen", "kept")


def upsert(session: Session, table: type[SQLModel]) -> Any:
    """An INSERT that can say what to do on conflict; both databases say it alike."""
    return postgresql.insert(table) if is_postgres(session) else sqlite.insert(table)


def note(session: Session, steps: Iterable[Mapping[str, Any]]) -> None:
    """Take rows of `PairStep` that were just written into account; they are later than all that were before."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in steps:
        key = (row["run_id"], row["pair_id"])
        before = found.get(key, {"seen": 0, "kept": 0})
        found[key] = {
            "run_id": row["run_id"],
            "pair_id": row["pair_id"],
            **{name: row[name] for name in LAST},
            "seen": before["seen"] + 1,
            "kept": before["kept"] + bool(row["kept"]),
        }
    if not found:
        return
    statement = upsert(session, PairState)
    new = statement.excluded
    changed = {name: new[name] for name in LAST}
    changed |= {name: getattr(PairState, name) + new[name] for name in SUMS}
    statement = statement.on_conflict_do_update(index_elements=["run_id", "pair_id"], set_=changed)
    # In one order, so that two writers never wait for each other.
    session.execute(statement, [found[key] for key in sorted(found)])


def rebuild(session: Session, run_id: str) -> None:
    """Add up the steps of a run anew, after some of them were deleted."""
    session.execute(delete(PairState).where(col(PairState.run_id) == run_id))
    pair = col(PairStep.pair_id)
    last_first = (col(PairStep.step).desc(), col(PairStep.id).desc())
    kept = func.sum(case((col(PairStep.kept).is_(True), 1), else_=0))
    steps = (
        select(
            col(PairStep.run_id),
            pair,
            *(getattr(PairStep, name) for name in LAST),
            func.count().over(partition_by=pair).label("seen"),
            kept.over(partition_by=pair).label("kept"),
            func.row_number().over(partition_by=pair, order_by=last_first).label("place"),
        )
        .where(col(PairStep.run_id) == run_id)
        .subquery()
    )
    columns = ["run_id", "pair_id", *LAST, *SUMS]
    newest = select(*(steps.c[name] for name in columns)).where(steps.c.place == 1)
    session.execute(insert(PairState).from_select(columns, newest))
