"""Queues, on SQLite and on PostgreSQL: in the order of starting, by an index and not by sorting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlmodel import Session

from storage import db, runs, waiting
from storage.models import Run

MODEL = {"method": "toy.steps", "family": "toy", "config": {}, "params_hash": "0", "seed": 0}
COUNT = 3000
"""So many that a plan which sorts is no longer the cheaper one."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Runs that wait in two queues, more urgent ones among them, and one that needs much memory."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path_factory.mktemp('waiting') / 'vitrine.db'}"
    else:
        found = request.getfixturevalue("postgresql_server").empty_database()
    db.upgrade(found)
    rows = [row(n) for n in range(COUNT)]
    rows += [row(COUNT, id="urgent", queue="gpu", priority=5)]
    rows += [row(COUNT + 1, id="large", queue="cpu", priority=9, memory_mb=5000.0)]
    rows += [row(COUNT + 2, id="ended", queue="cpu", priority=10, status="succeeded")]
    with db.writing(found) as session:
        session.execute(insert(Run), rows)
        session.execute(text("ANALYZE"))
    yield found
    db.engine(found).dispose()


def row(number: int, **values: Any) -> dict[str, Any]:
    queue = "cpu" if number % 3 else "gpu"
    who = {"id": f"r{number:05d}", "queue": queue, "created_at": float(number), "priority": 0}
    made = Run(**{**MODEL, "code_version": "0", **who, **values})
    return made.model_dump()


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    with db.reading(url) as opened:
        yield opened


def by_hand(session: Session) -> list[Run]:
    """Every waiting run, sorted in Python."""
    rows = session.scalars(text("SELECT id FROM run WHERE status = 'queued'")).all()
    return sorted(
        runs.by_ids(session, rows), key=lambda run: (-run.priority, run.created_at, run.id)
    )


def test_the_first_of_all_queues_are_those_that_sorting_gives(session: Session) -> None:
    expected = [run.id for run in by_hand(session)]
    assert expected[:3] == ["large", "urgent", "r00000"]
    assert [run.id for run in waiting.head(session, 7)] == expected[:7]
    of_cpu = [run.id for run in by_hand(session) if run.queue == "cpu"]
    assert [slot.id for slot in waiting.places(session, "cpu")] == of_cpu
    assert waiting.sizes(session) == {"cpu": len(of_cpu), "gpu": len(expected) - len(of_cpu)}


def test_queues_come_in_the_turn_of_their_first_run_that_fits(session: Session) -> None:
    assert waiting.in_turn(session, ["cpu", "gpu", "none"], 1e6) == ["cpu", "gpu"]
    assert waiting.in_turn(session, ["cpu", "gpu"], 100.0) == ["gpu", "cpu"]
    assert waiting.in_turn(session, ["none"], 1e6) == waiting.in_turn(session, [], 1e6) == []


def test_a_place_in_the_queue_counts_those_that_start_before(session: Session) -> None:
    slots = waiting.places(session, "gpu")
    for place in (0, 1, 500, len(slots) - 1):
        [run] = runs.by_ids(session, [slots[place].id])
        assert waiting.place_in_queue(session, run) == place


def test_who_was_not_heard_of_lately_is_told_in_the_order_of_starting(session: Session) -> None:
    found = waiting.unheard(session, ["cpu", "gpu"], COUNT + 10.0, 4)
    assert [each.id for each in found] == [run.id for run in by_hand(session)[:4]]
    assert [each.memory_mb for each in found[:2]] == [5000.0, 0.0]
    assert waiting.unheard(session, ["cpu"], 1.0, 4) == []  # created since


def test_claiming_reads_the_index_and_sorts_nothing(session: Session) -> None:
    query = str(
        waiting.first("cpu", 1e6, Run.id).compile(
            session.get_bind(), compile_kwargs={"literal_binds": True}
        )
    )
    explain = "EXPLAIN " if db.is_postgres(session) else "EXPLAIN QUERY PLAN "
    plan = " ".join(str(line) for line in session.execute(text(explain + query)))
    assert "ix_run_start" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
