"""The welcome tour: queued once on a new studio, behind everything else, and gone without a trace when removed."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from backend import lifecycle
from backend.context import LostRun, RunContext
from backend.services import welcome
from backend.settings import settings
from methods import METHODS
from methods.base import Demo, MethodError, Preset
from storage import db
from storage.kept import Comparison, Setting
from storage.models import Run
from tests.toys import TOYS

QUICK = {"steps": 2, "seconds_per_step": 0.0}
DEMO = Demo("Two toys", "They count.", (Preset("one", QUICK), Preset("two", {**QUICK, "steps": 3})))
SINGLE = Demo("A file", "It fills.", (Preset("filled", {"megabytes": 1}),))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def toys(studio: ModuleType, woken: list[str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A studio whose tour is made of toys."""
    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, dataclasses.replace(method, demo=None))
    for name, demo in (("toy.steps", DEMO), ("toy.fill", SINGLE)):
        monkeypatch.setitem(METHODS, name, dataclasses.replace(TOYS[name], demo=demo))
    return studio


def everything(studio: ModuleType) -> list[Any]:
    return list(studio.list_runs().runs)


def test_a_new_studio_queues_it_once(toys: ModuleType, woken: list[str]) -> None:
    welcome.start_tour()
    welcome.start_tour()
    assert sorted(run.title for run in everything(toys)) == ["filled", "one", "two"]
    assert woken == ["cpu"] * 3
    [steps, fill] = toys.tour().stops
    assert (steps.title, steps.text) == (DEMO.title, DEMO.text)
    assert [run.title for run in steps.runs] == ["one", "two"]
    assert toys.get_comparison(steps.comparison_id).run_ids == [run.id for run in steps.runs]
    assert fill.comparison_id is None
    assert [item.title for item in toys.list_comparisons().items] == [DEMO.title]


def test_what_a_person_launches_goes_first(toys: ModuleType) -> None:
    welcome.start_tour()
    own = toys.submit("toy.steps", QUICK, title="own")
    assert toys.queue().waiting[0].id == own.id
    assert own.priority > max(run.priority for stop in toys.tour().stops for run in stop.runs)


def test_it_can_be_switched_off_and_on_before_anything_was_run(
    toys: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_DEMO", "0")
    settings.cache_clear()
    welcome.start_tour()
    assert everything(toys) == []
    assert toys.tour() is None
    monkeypatch.setenv("VITRINE_DEMO", "1")
    settings.cache_clear()
    welcome.start_tour()
    assert len(everything(toys)) == 3


def test_processes_that_start_at_once_queue_it_once(
    toys: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    undecided = welcome._decided
    meeting = threading.Barrier(4)

    def look() -> Any:
        found = undecided()
        meeting.wait(60)  # all have seen that nothing was queued yet
        return found

    monkeypatch.setattr(welcome, "_decided", look)
    threads = [threading.Thread(target=welcome.start_tour) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(everything(toys)) == 3
    assert toys.list_comparisons().total == 1


def test_a_studio_in_use_never_gets_it(toys: ModuleType) -> None:
    run = toys.submit("toy.steps", QUICK)
    welcome.start_tour()
    toys.cancel(run.id)
    toys.delete_run(run.id)
    welcome.start_tour()  # empty again, but its owner knows the place
    assert everything(toys) == []


def test_removing_deletes_exactly_what_it_brought(
    toys: ModuleType, works: Callable[[], None]
) -> None:
    welcome.start_tour()
    own = toys.submit("toy.steps", QUICK, title="own")
    works()
    ids = [run.id for run in everything(toys)]
    mixed = toys.create_comparison(ids, "mine")
    toys.remove_tour()
    assert [run.id for run in everything(toys)] == [own.id]
    assert [item.id for item in toys.list_comparisons().items] == [mixed.id]
    assert toys.get_comparison(mixed.id).run_ids == [own.id]
    assert toys.tour() is None
    welcome.start_tour()
    assert [run.id for run in everything(toys)] == [own.id]
    with pytest.raises(toys.NotFound, match="no welcome tour"):
        toys.remove_tour()


def test_a_pinned_run_is_not_removed(toys: ModuleType, works: Callable[[], None]) -> None:
    welcome.start_tour()
    works()
    kept = toys.tour().stops[0].runs[1]
    toys.update_run(kept.id, pinned=True)
    with pytest.raises(toys.Conflict, match="two is pinned: unpin it"):
        toys.remove_tour()
    assert len(everything(toys)) == 3


def test_removing_it_takes_a_run_from_its_worker(toys: ModuleType) -> None:
    welcome.start_tour()
    with db.writing(settings().database_url) as session:
        held = lifecycle.claim(session, "w", ["cpu"], 30, {})
        assert held is not None
        run = session.get_one(Run, held.run_id)
        session.expunge(run)
    context = RunContext(held, run, "cpu")
    context.log(1, value=1.0)
    toys.remove_tour()
    with pytest.raises(LostRun):
        context.flush()
    assert everything(toys) == []


def test_runs_that_were_deleted_one_by_one_are_no_longer_part_of_it(
    toys: ModuleType, works: Callable[[], None]
) -> None:
    welcome.start_tour()
    works()
    for run in everything(toys):
        assert run.id in {run.id for stop in toys.tour().stops for run in stop.runs}
        toys.delete_run(run.id)
    assert toys.tour() is None


def test_nothing_is_remembered_of_a_tour_that_could_not_be_written(
    toys: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Comparison

    def fails(**_: Any) -> Any:
        raise RuntimeError("the power went")

    monkeypatch.setattr(welcome, "Comparison", fails)
    with pytest.raises(RuntimeError):
        welcome.start_tour()
    with db.reading(settings().database_url) as session:
        assert session.get(Setting, welcome.KEY) is None
    assert everything(toys) == []
    monkeypatch.setattr(welcome, "Comparison", real)
    welcome.start_tour()
    assert len(everything(toys)) == 3


def test_a_tour_whose_settings_do_not_hold_keeps_no_studio_from_starting(
    toys: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise MethodError("the weights are missing")

    broken = dataclasses.replace(TOYS["toy.steps"], demo=DEMO, check=refuse)
    monkeypatch.setitem(METHODS, "toy.steps", broken)
    with toys.open_studio():
        assert everything(toys) == []
    assert "the weights are missing" in caplog.text


def test_opening_the_studio_queues_it(toys: ModuleType) -> None:
    with toys.open_studio():
        assert len(everything(toys)) == 3
