"""What a training run last said of each pair equals what its steps add up to, whatever happened to its workers."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from storage import db, records, states, typed
from storage.typed import PairState, PairStep
from tests.storage.test_db import a_run
from tests.toys.pairs import pair_id


def steps(numbers: range, seed: int = 0) -> list[dict[str, Any]]:
    """Four pairs a step out of nine, one of them perhaps twice."""
    draw = random.Random(seed)
    return [
        {
            "step": step,
            "position": number,
            "pair_id": pair_id(number),
            "gap": draw.gauss(0, 1),
            "beta": draw.random(),
            "kept": draw.choice([True, False, None]),
            "weight": draw.random(),
        }
        for step in numbers
        for number in draw.choices(range(9), k=4)
    ]


def write(url: str, rows: list[dict[str, Any]], attempt: int = 1, run: str = "run") -> None:
    with db.writing(url) as session:
        new = [typed.new_row(run, attempt, "pair_step", row) for row in rows]
        records.write(session, new)


def added_up(url: str) -> dict[str, tuple[Any, ...]]:
    """The slow way: a loop over all steps."""
    found: dict[str, tuple[Any, ...]] = {}
    with db.reading(url) as session:
        query = select(PairStep).where(PairStep.run_id == "run").order_by(PairStep.id)
        for row in session.scalars(query):
            *_, seen, kept = found.get(row.pair_id, (0, 0))
            last = (row.step, row.gap, row.beta, row.weight)
            found[row.pair_id] = (*last, seen + 1, kept + (row.kept is True))
    return found


def stated(url: str) -> dict[str, tuple[Any, ...]]:
    with db.reading(url) as session:
        rows = session.scalars(select(PairState).where(PairState.run_id == "run"))
        return {
            row.pair_id: (row.step, row.gap, row.beta, row.weight, row.seen, row.kept)
            for row in rows
        }


def test_the_state_is_the_sum_of_the_steps_however_they_are_written(url: str) -> None:
    rows = steps(range(12))
    for start, end in ((0, 1), (1, 14), (14, 14), (14, 48)):
        write(url, rows[start:end])
    assert len(added_up(url)) == 9
    assert stated(url) == added_up(url)


@pytest.mark.parametrize("checkpoint_at", [0, 5, 12])
def test_a_lost_attempt_leaves_no_trace_in_the_state(url: str, checkpoint_at: int) -> None:
    write(url, steps(range(checkpoint_at)))
    with db.writing(url) as session:
        records.put_checkpoint(session, "run", 1, "c" * 64, 10)
    before = stated(url)
    write(url, steps(range(checkpoint_at, 12), seed=1))
    with db.writing(url) as session:
        records.drop_after_checkpoint(session, "run")
    assert stated(url) == added_up(url) == before
    write(url, steps(range(checkpoint_at, 15), seed=2), attempt=2)
    assert stated(url) == added_up(url)
    with db.reading(url) as session:
        newest = session.scalar(select(PairStep).order_by(PairStep.id.desc()))
        assert newest is not None
        assert newest.attempt == 2


def test_runs_do_not_mix(url: str) -> None:
    with db.writing(url) as session:
        session.add(a_run("other"))
    write(url, steps(range(5)))
    write(url, steps(range(3), seed=1), run="other")
    with db.writing(url) as session:
        states.rebuild(session, "other")
    assert stated(url) == added_up(url)
    with db.writing(url) as session:
        records.drop_after_checkpoint(session, "other")  # nothing was kept: all of it goes
    assert stated(url) == added_up(url)
    with db.reading(url) as session:
        assert session.scalars(select(PairState).where(PairState.run_id == "other")).all() == []
