"""What goes by age: nothing that somebody pinned, shows, compares or reads; all of it said before."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from backend.services import keeping, retention
from backend.services.acting import Person, as_person
from backend.settings import settings
from storage import db
from storage.accounts import Audit
from storage.kept import Comparison, Erasure, ErasureEvent, Setting
from storage.models import Artefact, Run, now

Works = Callable[[], None]
STEPS = {"steps": 1, "seconds_per_step": 0.0}


BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the settings, noted so long ago that the day of notice is over."""

    def rule(noted_days_ago: float = 2.0, **variables: float) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"VITRINE_{name}", str(value))
        settings.cache_clear()
        retention.note_rule()
        with db.writing(settings().database_url) as session:
            row = session.get_one(Setting, retention.RULE)
            row.value = {**row.value, "since": now() - noted_days_ago * retention.DAY_S}

    return rule


def old(studio: ModuleType, works: Works, days: float, title: str = "old", **more: Any) -> str:
    """A run that ended so many days ago."""
    run = studio.submit("toy.steps", {**STEPS, **more}, title=title)
    works()
    age(run.id, days)
    run_id: str = run.id
    return run_id


def age(run_id: str, days: float) -> None:
    with db.writing(settings().database_url) as session:
        run = session.get_one(Run, run_id)
        run.created_at -= days * retention.DAY_S
        run.finished_at = (run.finished_at or now()) - days * retention.DAY_S


def there(studio: ModuleType) -> set[str]:
    return {run.title for run in studio.list_runs().runs + studio.list_runs(archived=True).runs}


def test_without_a_rule_runs_are_kept_for_ever(studio: ModuleType, works: Works, rule: Any) -> None:
    old(studio, works, 5000)
    rule()
    assert studio.retention_plan().going == []
    assert list(retention.retire()) == []
    assert there(studio) == {"old"}


def test_what_goes_is_said_before_and_then_goes(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    old(studio, works, 100, "long ago")
    old(studio, works, 86.5, "soon")
    old(studio, works, 10, "young")
    studio.submit("toy.steps", STEPS, title="waits")
    rule(RETENTION_DAYS=90)
    today, later = studio.retention_plan().going
    assert (today.days, today.runs, today.titles) == (0, 1, ["long ago"])
    assert (later.days, later.runs, later.titles) == (3, 1, ["soon"])
    # All three wrote the same sum.txt, which the young one keeps.
    assert today.bytes == later.bytes == 0
    assert list(retention.retire()) == [1]
    assert there(studio) == {"soon", "young", "waits"}
    with db.reading(settings().database_url) as session:
        line = session.scalars(select(Audit).where(col(Audit.action) == "run.retire")).one()
    assert line.data["title"] == "long ago"


def test_a_file_counts_for_the_day_on_which_its_last_owner_goes(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    old(studio, works, 100, "a", steps=3)
    old(studio, works, 95, "b", steps=3)
    rule(RETENTION_DAYS=100.5)
    first, second = studio.retention_plan().going
    assert (first.bytes, second.bytes) == (0, len(b"3.0"))


def test_a_new_rule_gives_a_day_of_notice(studio: ModuleType, works: Works, rule: Any) -> None:
    old(studio, works, 100)
    rule(noted_days_ago=0.0, RETENTION_DAYS=90)
    assert list(retention.retire()) == []
    assert [day.days for day in studio.retention_plan().going] in ([0], [1])
    rule(noted_days_ago=5.0, RETENTION_DAYS=90)
    rule_changed = {"RETENTION_DAYS": 30}
    rule(noted_days_ago=0.0, **rule_changed)
    assert list(retention.retire()) == []
    assert sum(retention.retire(notice=False)) == 1


def test_archived_runs_go_by_the_time_they_were_archived(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    put_away = old(studio, works, 100, "put away")
    old(studio, works, 100, "in the list")
    studio.update_run(put_away, archived=True)
    rule(ARCHIVED_DAYS=7)
    assert list(retention.retire()) == []
    with db.writing(settings().database_url) as session:
        session.get_one(Run, put_away).archived_at = now() - 8 * retention.DAY_S
    studio.update_run(put_away, archived=True)  # again: it is no younger for that
    studio.update_run(put_away, title="still put away")
    assert [day.titles for day in studio.retention_plan().going] == [["still put away"]]
    studio.update_run(put_away, archived=False)
    assert studio.retention_plan().going == []
    studio.update_run(put_away, archived=True)
    assert [day.days for day in studio.retention_plan().going] == [6]


def test_what_goes_by_age_is_put_away_and_unpinned_by_its_owner_alone(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    with as_person(Person("ada", "editor")):
        run_id = old(studio, works, 1)
    with as_person(Person("bo", "editor")):
        studio.update_run(run_id, pinned=True)
        studio.update_run(run_id, pinned=False, archived=True)
        studio.update_run(run_id, pinned=True, archived=False)
        rule(ARCHIVED_DAYS=7)
        for change in ({"archived": True}, {"pinned": False}):
            with pytest.raises(studio.Forbidden, match="is ada's"):
                studio.update_run(run_id, **change)
        studio.update_run(run_id, title="read", pinned=True, archived=False)
    with as_person(Person("ada", "editor")):
        assert studio.update_run(run_id, pinned=False, archived=True).archived
    with as_person(Person("bo", "editor")):
        studio.update_run(run_id, archived=True)  # it is already


def test_a_run_that_is_taken_back_from_the_archive_at_the_last_moment_stays(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    run_id = old(studio, works, 100)
    studio.update_run(run_id, archived=True)
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run_id).archived_at = now() - 8 * retention.DAY_S
    rule(RETENTION_DAYS=365, ARCHIVED_DAYS=7)
    looked_at = now()
    with db.reading(settings().database_url) as session:
        assert [run.id for run in retention._still_old(session, [run_id], looked_at)] == [run_id]
    studio.update_run(run_id, archived=False)  # it is not a year old
    assert retention._retire([run_id], looked_at) == 0
    assert there(studio) == {"old"}


def test_pinned_runs_stay_and_so_does_what_somebody_pins_at_the_last_moment(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    pinned, late = old(studio, works, 100, "pinned"), old(studio, works, 100, "late")
    studio.update_run(pinned, pinned=True)
    rule(RETENTION_DAYS=90)
    assert studio.retention_plan().staying == {"pinned": 1}
    retiring = retention.retire()
    studio.update_run(late, pinned=True)
    assert list(retiring) == []  # it looks when it begins
    studio.update_run(late, pinned=False)
    assert retention._retire([pinned, late], now()) == 1
    assert there(studio) == {"pinned"}


@BOTH
def test_what_somebody_shows_or_compares_stays(studio: ModuleType, works: Works, rule: Any) -> None:
    shown, revoked = old(studio, works, 100, "shown"), old(studio, works, 100, "revoked")
    studio.create_share("run", shown, 7)
    studio.revoke_share(studio.create_share("run", revoked, 7).id)
    compared, beside = old(studio, works, 100, "compared"), old(studio, works, 100, "beside")
    studio.create_comparison([compared, beside])
    launched, _ = studio.submit_many([studio.Launch("toy.steps", STEPS, title="launched")])
    works()
    age(launched.run_ids[0], 100)
    in_link = old(studio, works, 100, "in a shared comparison")
    of_link = studio.create_comparison([in_link])
    with db.writing(settings().database_url) as session:
        for each in (launched.id, of_link.id):
            session.get_one(Comparison, each).created_at -= 100 * retention.DAY_S
    studio.create_share("comparison", of_link.id, 7)
    rule(RETENTION_DAYS=90)
    assert studio.retention_plan().staying == {
        "shown by a link that works": 2,
        "in a saved comparison": 2,
    }
    assert sum(retention.retire()) == 2
    assert there(studio) == {"shown", "compared", "beside", "in a shared comparison"}
    # Of the launch nothing is left: its comparison went with it.
    with pytest.raises(studio.NotFound):
        studio.get_comparison(launched.id)


def test_a_run_that_another_reads_stays_as_long_as_that_one(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    made = old(studio, works, 100, "made a file")
    by_name = old(studio, works, 100, "reads by name", log_file=f"{made}/sum.txt")
    sha256 = studio.artefacts(made)[0].sha256
    rule(RETENTION_DAYS=90)
    assert studio.retention_plan().going[0].runs == 2  # what goes, goes together
    reader = studio.submit("toy.steps", {**STEPS, "log_file": f"{by_name}/sum.txt"}, title="new")
    assert studio.retention_plan().staying == {"another run reads what it made": 2}
    studio.cancel(reader.id)
    studio.delete_run(reader.id)
    by_content = studio.submit("toy.steps", {**STEPS, "log_file": sha256}, title="new")
    assert studio.retention_plan().staying == {"another run reads what it made": 1}
    assert list(retention.retire()) == [1]  # the one that only read
    assert retention._retire([made], now()) == 0  # also where it was found before
    studio.cancel(by_content.id)
    studio.delete_run(by_content.id)
    assert list(retention.retire()) == [1]


@BOTH
def test_erasures_keep_their_runs_and_certificates_never_go(
    studio: ModuleType, works: Works, rule: Any
) -> None:
    table, adapter = old(studio, works, 100, "table"), old(studio, works, 100, "adapter")
    certified = old(studio, works, 100, "certified")
    kept, answers = old(studio, works, 100, "kept"), old(studio, works, 100, "answers")
    with db.writing(settings().database_url) as session:
        request = Erasure(
            method="toy.erase",
            table_run=table,
            source={"adapter": f"{adapter}/adapter.zip"},
            items={},
            kept_run=kept,
            file="f" * 64,
        )
        session.add(request)
        run = session.get_one(Run, answers)
        run.config = {**run.config, "request": "f" * 64}
        paper = session.scalars(select(Artefact).where(col(Artefact.run_id) == certified)).one()
        paper.name = "certificate.json"
    rule(RETENTION_DAYS=90)
    assert studio.retention_plan().staying == {
        "part of a request to erase": 4,
        "holds a certificate of an erasure": 1,
    }
    assert list(retention.retire()) == []
    with db.reading(settings().database_url) as session:
        assert session.scalars(select(ErasureEvent)).all() == []


def test_a_sweep_of_which_nothing_is_left_goes(studio: ModuleType, works: Works, rule: Any) -> None:
    request = studio.SweepRequest("toy.steps", STEPS, {"steps": [1, 2]}, [0])
    sweep = studio.launch_sweep(request)
    for _ in range(2):
        works()
    first, second = runs_of(sweep.id)
    age(first, 100)
    rule(RETENTION_DAYS=90)
    assert sum(retention.retire()) == 1
    assert studio.get_sweep(sweep.id).id == sweep.id
    age(second, 100)
    assert sum(retention.retire()) == 1
    with pytest.raises(studio.NotFound):
        studio.get_sweep(sweep.id)


def runs_of(sweep_id: str) -> list[str]:
    with db.reading(settings().database_url) as session:
        return list(session.scalars(select(col(Run.id)).where(col(Run.sweep_id) == sweep_id)))


def test_the_chores_do_it_once_a_day_in_steps(
    studio: ModuleType, works: Works, rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    for _ in range(2):
        old(studio, works, 100)
    rule(RETENTION_DAYS=90)
    assert list(keeping.chores()) == [1, 1, (0, 0)]
    old(studio, works, 100)
    assert list(keeping.chores()) == [(0, 0)]  # another process, the same day
    assert there(studio) == {"old"}
    with db.reading(settings().database_url) as session:
        actors = session.scalars(select(col(Audit.actor))).all()
    assert actors == ["studio", "studio"]
