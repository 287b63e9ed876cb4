"""Real workers that are killed, stopped, frozen and flooded: every run ends once, with every point once."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import suppress
from typing import Any

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import crew
from backend.celery_app import wake
from backend.settings import settings
from storage import db
from storage.models import Run
from tests.conftest import wait_for
from tests.faults.conftest import House
from tests.faults.processes import (
    gone,
    kill,
    pid_of,
    wait_for_points,
    wait_for_status,
    wait_for_workers,
)


def assert_every_point_once(house: House, run_id: str, steps: int) -> None:
    assert house.services.series(run_id) == {"value": [(n, float(n)) for n in range(steps)]}
    rows = house.services.records(run_id, "steps", limit=1000).rows
    assert [row["step"] for row in rows] == list(range(steps))
    assert len(house.services.artefacts(run_id)) == 1


def outcomes(house: House, run_id: str) -> list[str]:
    return [attempt.outcome for attempt in house.services.attempts(run_id)]


def test_300_short_runs_on_two_workers_are_300_executions(house: House) -> None:
    submit = house.services.submit
    values = house.steps(steps=1, seconds_per_step=0.0)
    made = [submit("toy.steps", values, seed=seed, title="one of many") for seed in range(300)]
    succeeded = {"statuses": ["succeeded"], "text": "many", "limit": 1}
    wait_for(lambda: house.services.list_runs(**succeeded).total >= 300, 180, every=0.5)
    ended = [house.services.get_run(run.id) for run in made]
    assert {(run.status, run.attempt) for run in ended} == {("succeeded", 1)}
    assert sorted(house.executions(), key=int) == [str(seed) for seed in range(300)]
    assert len({run.worker_id for run in ended}) == 2, "both workers had their share"


def test_a_run_woken_six_times_is_executed_once(house: House) -> None:
    run = house.services.submit("toy.steps", house.steps(steps=20, seconds_per_step=0.02), seed=7)
    for _ in range(6):
        wake("cpu")
    wait_for_status(house.services, run.id, "succeeded")
    wait_for_workers(house.services, 2)
    wait_for(lambda: not house.unheard(), 60)  # every wake-up has been heard
    assert house.executions() == ["7"]
    assert outcomes(house, run.id) == ["succeeded"]
    assert_every_point_once(house, run.id, 20)


def test_a_run_whose_worker_is_killed_succeeds_on_another_with_every_point_once(
    house: House,
) -> None:
    values = house.steps(steps=60, seconds_per_step=0.05, checkpoint_every=10)
    run = house.services.submit("toy.steps", values, seed=1)
    wait_for_points(house.services, run.id, 15)
    first = house.services.get_run(run.id).worker_id
    kill(pid_of(house.services, first), signal.SIGKILL)
    ended = wait_for_status(house.services, run.id, "succeeded", timeout=90)
    assert outcomes(house, run.id) == ["lost", "succeeded"]
    assert ended.worker_id != first
    assert ended.metrics == {"sum": float(sum(range(60)))}
    assert_every_point_once(house, run.id, 60)
    assert house.executions() == ["1", "1"]
    assert any("was lost; attempt 2 of 3" in e.message for e in house.services.events(run.id))


def is_free(house: House, run_id: str) -> bool:
    """Whether nobody holds a lock that others need to settle a run: SQLite's only one, PostgreSQL's of the row."""
    if house.place != "embedded":
        with db.writing(settings().database_url) as session, suppress(OperationalError):
            session.scalars(select(Run).where(Run.id == run_id).with_for_update(nowait=True)).one()
            return True
        return False
    database = sqlite3.connect(settings().root / "vitrine.db", timeout=0, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        database.close()
    return True


def frozen(house: House, run_id: str) -> int:
    """Freeze the worker of a run, but not while it holds a lock; its process id."""
    pid = pid_of(house.services, house.services.get_run(run_id).worker_id)

    def freeze() -> bool:
        kill(pid, signal.SIGSTOP)
        if is_free(house, run_id):
            return True
        kill(pid, signal.SIGCONT)
        return False

    wait_for(freeze, 30, every=0.01)
    return pid


def test_a_frozen_worker_that_wakes_up_late_writes_nothing_more(house: House) -> None:
    values = house.steps(steps=50, seconds_per_step=0.1)
    run = house.services.submit("toy.steps", values, seed=2)
    wait_for_points(house.services, run.id, 12)
    first = house.services.get_run(run.id).worker_id
    pid = frozen(house, run.id)
    try:
        wait_for(lambda: house.services.get_run(run.id).attempt == 2, 60)
        wait_for_points(house.services, run.id, 11)
    finally:
        kill(pid, signal.SIGCONT)  # now both work on it; only one has it
    ended = wait_for_status(house.services, run.id, "succeeded", timeout=90)
    assert ended.worker_id != first
    assert outcomes(house, run.id) == ["lost", "succeeded"]
    assert_every_point_once(house, run.id, 50)
    workers = wait_for_workers(house.services, 2)
    assert pid in [worker.pid for worker in workers], "it discards the run and goes on"
    assert_every_point_once(house, run.id, 50)


def test_a_stopped_worker_hands_its_run_back_and_another_finishes_it(house: House) -> None:
    values = house.steps(steps=40, seconds_per_step=0.05)
    run = house.services.submit("toy.steps", values, seed=3)
    wait_for_points(house.services, run.id, 12)
    pid = pid_of(house.services, house.services.get_run(run.id).worker_id)
    process = psutil.Process(pid)
    kill(pid, signal.SIGTERM)
    wait_for(lambda: gone([process]), 30)
    ended = wait_for_status(house.services, run.id, "succeeded", timeout=90)
    assert outcomes(house, run.id) == ["handed back", "succeeded"]
    assert ended.max_attempts == 4  # being stopped is not the run's fault
    assert_every_point_once(house, run.id, 40)
    assert pid not in [worker.pid for worker in house.services.workers()], "it signed off"


def test_workers_are_restarted_one_after_another_and_no_run_is_interrupted(house: House) -> None:
    values = house.steps(steps=40, seconds_per_step=0.05)
    made = [house.services.submit("toy.steps", values, seed=seed) for seed in range(4)]
    wait_for_points(house.services, made[0].id, 2)
    before = wait_for(lambda: [each for each in house.services.workers() if each.alive], 30)
    said = list(crew.asked("restart", before, wait=True))
    ended = [wait_for_status(house.services, run.id, "succeeded") for run in made]
    assert {run.attempt for run in ended} == {1}
    assert sorted(house.executions()) == ["0", "1", "2", "3"]
    after = wait_for_workers(house.services, 2)
    assert not {each.pid for each in before} & {each.pid for each in after}
    ready = [line.removesuffix(" is ready") for line in said if line.endswith(" is ready")]
    assert sorted(ready) == sorted(each.id for each in after)


def test_a_run_that_takes_every_worker_with_it_fails_after_its_attempts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_MAX_ATTEMPTS", "2")
    settings.cache_clear()
    try:
        run = house.services.submit("toy.die", {"log_file": str(house.log)})
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    ended = wait_for_status(house.services, run.id, "failed", timeout=120)
    assert ended.error_type == "WorkerLost"
    assert "lost 2 times" in ended.error
    assert outcomes(house, run.id) == ["lost", "lost"]
    assert len(set(house.executions())) == 2
    after = house.services.submit("toy.steps", {"steps": 1, "seconds_per_step": 0.0})
    wait_for_status(house.services, after.id, "succeeded", timeout=120)  # they were started again


def test_a_queued_run_that_is_cancelled_never_starts(house: House) -> None:
    house.services.pause("cpu")
    try:
        run = house.services.submit("toy.steps", house.steps(steps=1))
        assert house.services.cancel(run.id).status == "cancelled"
    finally:
        house.services.resume("cpu")
    after = house.services.submit("toy.steps", house.steps(steps=1), seed=9)
    wait_for_status(house.services, after.id, "succeeded")
    assert house.executions() == ["9"]
    assert house.services.attempts(run.id) == []


def test_a_running_run_that_is_cancelled_stops_and_its_worker_lives_on(house: House) -> None:
    values = house.steps(steps=1000, seconds_per_step=0.05)
    run = house.services.submit("toy.steps", values)
    wait_for_points(house.services, run.id, 3)
    worker = house.services.get_run(run.id).worker_id
    pid = pid_of(house.services, worker)
    assert house.services.cancel(run.id).status == "cancelling"
    ended = wait_for_status(house.services, run.id, "cancelled")
    assert ended.done < 1000
    assert outcomes(house, run.id) == ["cancelled"]
    assert pid in [each.pid for each in wait_for_workers(house.services, 2)]


@pytest.mark.parametrize("options", [{}, {"hard": True}], ids=["after the grace", "at once"])
def test_a_deaf_method_is_ended_with_its_worker_and_another_worker_starts(
    house: House, options: dict[str, Any]
) -> None:
    run = house.services.submit("toy.deaf", {"seconds": 600})
    wait_for_status(house.services, run.id, "running")
    process = psutil.Process(pid_of(house.services, house.services.get_run(run.id).worker_id))
    house.services.cancel(run.id, **options)
    wait_for_status(house.services, run.id, "cancelled")
    wait_for(lambda: gone([process]), 30)
    assert outcomes(house, run.id) == ["cancelled"]
    said = [event.message for event in house.services.events(run.id)]
    assert said == ["the method did not stop in the time it was given, so its worker was ended"]
    workers = wait_for_workers(house.services, 2)
    assert process.pid not in [worker.pid for worker in workers]


def test_a_method_that_reports_nothing_keeps_its_run_as_long_as_it_works(house: House) -> None:
    run = house.services.submit("toy.deaf", {"seconds": 7})  # more than two leases
    ended = wait_for_status(house.services, run.id, "succeeded")
    assert outcomes(house, run.id) == ["succeeded"]
    assert ended.attempt == 1


def test_what_a_killed_worker_had_started_ends_with_it(house: House) -> None:
    note = house.folder / "child"
    note.unlink(missing_ok=True)
    run = house.services.submit("toy.spawn", {"pid_file": str(note)})
    wait_for(lambda: note.exists() and note.read_text(), 60)
    child = psutil.Process(int(note.read_text()))
    assert child.is_running()
    kill(pid_of(house.services, house.services.get_run(run.id).worker_id), signal.SIGKILL)
    wait_for(lambda: gone([child]), 30)
    house.services.cancel(run.id)


def test_a_lost_message_costs_a_moment_and_no_run(house: House) -> None:
    house.services.pause("cpu")
    run = house.services.submit("toy.steps", house.steps(steps=1), seed=4)
    wait_for(lambda: not house.unheard(), 60)  # heard, and nothing could be taken
    house.services.resume("cpu")
    wait_for_status(house.services, run.id, "succeeded")
    assert house.executions() == ["4"]
