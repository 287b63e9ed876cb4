"""The reaper: lost runs are found, and a message that was lost is sent again, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import ModuleType

import pytest
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend import lifecycle, reaper
from backend.settings import settings
from storage import db
from storage.kept import Setting
from storage.models import Run, Worker, now

STEPS = {"steps": 2, "seconds_per_step": 0.0}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def add_worker(worker_id: str, *queues: str, silent_s: float = 0.0, run: str | None = None) -> None:
    with db.writing(settings().database_url) as session:
        session.add(
            Worker(
                id=worker_id,
                host="here",
                pid=1,
                device="cpu",
                queues=list(queues),
                current_run=run,
                heartbeat_at=now() - silent_s,
            )
        )


def grow_old(seconds: float = 10.0) -> None:
    """Let the queued runs wait, and the reaper's last turn be over."""
    with db.writing(settings().database_url) as session:
        for run in session.scalars(select(Run)):
            run.created_at -= seconds
            if run.published_at is not None:
                run.published_at -= seconds
        turn = session.get(Setting, reaper.TURN)
        if turn is not None:
            turn.value -= seconds


def test_each_idle_worker_is_woken_once_for_the_runs_that_wait(
    studio: ModuleType, woken: list[str]
) -> None:
    for _ in range(3):
        studio.submit("toy.steps", STEPS)
    woken.clear()
    add_worker("w1", "cpu")
    add_worker("w2", "cpu", "gpu")
    add_worker("busy", "cpu", run="another")
    add_worker("other", "gpu")
    add_worker("silent", "cpu", silent_s=1000)
    reaper.look()
    assert woken == []  # the messages may still be under way
    grow_old()
    reaper.look()
    assert woken == ["cpu", "cpu"]
    grow_old(1.5)
    woken.clear()
    reaper.look()
    assert woken == ["cpu"]  # the third run; the first two were published just now


def test_a_worker_is_woken_only_for_what_it_may_take(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    add_worker("leaving", "cpu")
    add_worker("small", "cpu")
    studio.ask_worker("leaving", "stop")
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run.id).memory_mb = 2000.0
        session.get_one(Worker, "small").memory_total_mb = 1000.0
    woken.clear()
    grow_old()
    reaper.look()
    assert woken == []
    add_worker("large", "cpu")
    with db.writing(settings().database_url) as session:
        session.get_one(Worker, "large").memory_total_mb = 3000.0
    grow_old()
    reaper.look()
    assert woken == ["cpu"]


def test_a_paused_queue_wakes_nobody(studio: ModuleType, woken: list[str]) -> None:
    studio.submit("toy.steps", STEPS)
    add_worker("w1", "cpu")
    studio.pause("cpu")
    woken.clear()
    grow_old()
    reaper.look()
    assert woken == []


def test_a_lost_run_is_queued_again_and_its_queue_woken(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    add_worker("lost", "cpu", silent_s=1000)
    with db.writing(settings().database_url) as session:
        lifecycle.claim(session, "lost", ["cpu"], 30, {})
        session.get_one(Run, run.id).lease_until = 1.0
    woken.clear()
    add_worker("idle", "cpu")
    grow_old()
    reaper.look()
    assert studio.get_run(run.id).status == "queued"
    assert woken == ["cpu"]


def test_two_reapers_share_the_turns(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    reaper.look()
    with db.writing(settings().database_url) as session:
        lifecycle.claim(session, "lost", ["cpu"], 30, {})
        session.get_one(Run, run.id).lease_until = 1.0
    reaper.look()  # too soon after the other
    assert studio.get_run(run.id).status == "running"
    grow_old()
    reaper.look()
    assert studio.get_run(run.id).status == "queued"


def test_workers_that_have_been_silent_for_an_hour_are_forgotten(
    studio: ModuleType, woken: list[str]
) -> None:
    add_worker("gone", "cpu", silent_s=2 * 3600)
    add_worker("late", "cpu", silent_s=1000)
    reaper.look()
    assert [(each.id, each.alive) for each in studio.workers()] == [("late", False)]


@pytest.mark.parametrize(
    "error", [BrokerError("refused"), OSError("full"), IntegrityError("INSERT", {}, Exception())]
)
def test_the_reaper_goes_on_after_a_failure(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch, eventually: object, error: Exception
) -> None:
    monkeypatch.setenv("VITRINE_REAPER_S", "0.01")
    settings.cache_clear()
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise error

    monkeypatch.setattr(reaper, "look", look)
    with studio.open_studio():
        eventually(lambda: len(looks) > 3, timeout=30)  # type: ignore[operator]


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_chore_that_breaks_does_not_end_the_watch(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_REAPER_S", "0.02")
    settings.cache_clear()
    monkeypatch.setattr(reaper.cleaning, "HOUR_S", 0.0)
    tried = threading.Semaphore(0)

    def broken() -> Iterator[object]:
        tried.release()
        yield 1 / 0

    watch = reaper.Reaper(broken)
    watch.start()
    try:
        for _ in range(2):
            assert tried.acquire(timeout=30)
    finally:
        watch.stop()
