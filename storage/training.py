"""What training runs did with pairs, step by step, and which runs know the same pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage import runs
from storage.lists import End
from storage.models import Run
from storage.records import whole
from storage.typed import PairRow, PairState, PairStep

STEP_FIELDS = ("step", "gap", "beta", "kept", "loss", "weight", "factor", "hardness")


def steps(session: Session, training: str, pair_id: str, limit: int) -> list[dict[str, Any]]:
    """What each step of a training run did with a pair, in their order; the newest `limit` of them."""
    query = (
        select(*(getattr(PairStep, name) for name in STEP_FIELDS))
        .where(col(PairStep.run_id) == training, col(PairStep.pair_id) == pair_id)
        .order_by(col(PairStep.step).desc(), col(PairStep.id).desc())
        .limit(limit)
    )
    found = [dict(zip(STEP_FIELDS, row, strict=True)) for row in session.execute(query)]
    return found[::-1]


def heaviest(session: Session, training: str, window: int, limit: int) -> list[dict[str, Any]]:
    """The pairs with the most gradient weight in the last `window` steps, and their share of all weight there."""
    last = session.scalar(
        select(func.max(col(PairStep.step))).where(col(PairStep.run_id) == training)
    )
    if last is None:
        return []
    recent = (col(PairStep.run_id) == training, col(PairStep.step) > last - window)
    total = session.scalar(select(func.sum(col(PairStep.weight))).where(*recent)) or 0.0
    weight = func.sum(col(PairStep.weight))
    heavy = (
        select(col(PairStep.pair_id), weight.label("weight"))
        .where(*recent, col(PairStep.weight) > 0)
        .group_by(col(PairStep.pair_id))
        .order_by(weight.desc(), col(PairStep.pair_id))
        .limit(limit)
        .subquery()
    )
    query = (
        select(heavy.c.pair_id, heavy.c.weight, PairState)
        .join(PairState, col(PairState.pair_id) == heavy.c.pair_id)
        .where(col(PairState.run_id) == training)
        .order_by(heavy.c.weight.desc(), heavy.c.pair_id)
    )
    return [
        {
            "pair_id": pair_id,
            "weight": summed,
            "share": summed / total,
            "gap": state.gap,
            "beta": state.beta,
            "kept_share": state.kept / state.seen,
            "seen": state.seen,
        }
        for pair_id, summed, state in session.execute(query)
    ]


def described(session: Session, pair_ids: Sequence[str], first: str) -> dict[str, dict[str, Any]]:
    """A row of each of these pairs, by pair: of the run `first` where it has it, else of the newest run that has."""
    query = (
        select(col(PairRow.pair_id), col(PairRow.id), col(PairRow.run_id))
        .where(col(PairRow.pair_id).in_(pair_ids))
        .order_by((col(PairRow.run_id) == first).asc(), col(PairRow.id))
    )
    chosen = {pair_id: (row, run_id) for pair_id, row, run_id in session.execute(query)}
    rows = whole(session, PairRow, [row for row, _ in chosen.values()])
    runs = [run_id for _, run_id in chosen.values()]
    return {row["pair_id"]: row | {"run": run_id} for row, run_id in zip(rows, runs, strict=True)}


def knowing(
    session: Session, run_id: str, limit: int, after: End | None = None
) -> list[tuple[Run, int]]:
    """The training runs that saw pairs of a run, newest first, and how many pairs each saw in all."""
    shared = (
        select(1)
        .select_from(PairState)
        .join(PairRow, col(PairRow.pair_id) == col(PairState.pair_id))
        .where(col(PairState.run_id) == col(Run.id), col(PairRow.run_id) == run_id)
        .exists()
    )
    return _with_counts(session, PairState, shared, limit, after)


def sets(session: Session, limit: int, after: End | None = None) -> list[tuple[Run, int]]:
    """The runs that recorded pairs, newest first, and how many each."""
    some = select(1).where(col(PairRow.run_id) == col(Run.id)).exists()
    return _with_counts(session, PairRow, some, limit, after)


def _with_counts(
    session: Session,
    table: type[PairRow | PairState],
    having: Any,
    limit: int,
    after: End | None,
) -> list[tuple[Run, int]]:
    found = runs.newest(session, having, limit, after)
    counts = (
        select(col(table.run_id), func.count().label("pairs"))
        .where(col(table.run_id).in_([run.id for run in found]))
        .group_by(col(table.run_id))
    )
    numbers = {each.run_id: each.pairs for each in session.execute(counts)}
    return [(run, numbers[run.id]) for run in found]
