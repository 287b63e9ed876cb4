"""`vitrine workers`: who is meant, and what is said of them."""

from __future__ import annotations

import dataclasses
from types import ModuleType

import pytest

from app import crew
from app.cli import main
from backend.settings import settings
from storage import db
from storage.models import Worker, now


def add(worker_id: str, host: str = "node7", **values: object) -> None:
    with db.writing(settings().database_url) as session:
        session.add(Worker(id=worker_id, host=host, pid=1, device="cpu", queues=["cpu"], **values))


def test_workers_are_meant_by_their_name_their_host_or_all_of_them(studio: ModuleType) -> None:
    add("gpu0@node7:1")
    add("gpu1@node7:2")
    add("cpu@node8:3", "node8")
    everybody = studio.workers()

    def ids(*names: str) -> list[str]:
        return [each.id for each in crew.chosen(everybody, list(names))]

    assert ids("gpu1@node7:2", "node8") == ["gpu1@node7:2", "cpu@node8:3"]
    assert sorted(ids("node7", "gpu0@node7:1")) == ["gpu0@node7:1", "gpu1@node7:2"]
    assert len(ids("all")) == 3
    with pytest.raises(ValueError, match=r"called 'node9'; there are .*gpu0@node7:1"):
        ids("node9")
    with pytest.raises(ValueError, match="which workers"):
        ids()


def test_a_successor_has_the_same_place_and_came_later(studio: ModuleType) -> None:
    add("gpu0@node7:1", started_at=now() - 100)
    [before] = studio.workers()
    assert crew.successor(before, studio.workers()) == ""
    add("gpu0@node7:9")
    add("gpu1@node7:8")
    assert crew.successor(before, studio.workers()) == "", "it is there itself"
    with db.writing(settings().database_url) as session:  # it was killed before it could sign off
        session.get_one(Worker, before.id).heartbeat_at -= 1000
    assert crew.successor(before, studio.workers()) == "gpu0@node7:9"


def test_a_worker_without_a_supervisor_is_its_own_successor(studio: ModuleType) -> None:
    add("cpu@node7:1", started_at=now() - 100)
    [before] = studio.workers()
    assert crew.successor(before, [before]) == ""
    assert crew.successor(before, [dataclasses.replace(before, started_at=now())]) == before.id


def test_a_worker_that_nobody_replaces_is_waited_for_no_longer_than_was_said(
    studio: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("gpu0@node7:1")
    add("gpu1@node7:2")
    looks = []

    def look_again(_seconds: float) -> None:
        looks.append(1)
        if len(looks) == 3:  # its run has ended, and so has it
            with db.writing(settings().database_url) as session:
                session.delete(session.get_one(Worker, "gpu0@node7:1"))

    monkeypatch.setattr(crew.time, "sleep", look_again)
    with pytest.raises(SystemExit) as ended:
        main(["workers", "restart", "gpu0@node7:1", "gpu1@node7:2", "--patience", "0"])
    assert ended.value.code == 1
    assert len(looks) >= 3, "a run takes as long as it takes"
    said = capsys.readouterr().err
    assert said.startswith("vitrine: gpu0@node7:1 has ended and nobody took its place within 0 s")
    assert said.endswith("not asked, and still at work: gpu1@node7:2\n")
    assert {each.id: each.asked for each in studio.workers()} == {"gpu1@node7:2": ""}


def test_the_command_lists_asks_and_refuses(
    studio: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["workers"])
    assert "no worker is running" in capsys.readouterr().out
    add("cpu@node7:1", current_run="abc", memory_total_mb=64_000.0, memory_free_mb=8000.0)
    main(["workers", "stop", "node7", "--no-wait"])
    assert capsys.readouterr().out == "cpu@node7:1: will stop after run abc\n"
    main(["workers"])
    assert capsys.readouterr().out == (
        "cpu@node7:1  run abc, will stop  , 8.0 of 64.0 GB free  cpu\n"
    )
    main(["workers", "stay", "all"])
    assert capsys.readouterr().out == "cpu@node7:1: stays\n"
    with pytest.raises(SystemExit) as ended:
        main(["workers", "stop", "nobody"])
    assert ended.value.code == 2
    assert "no living worker or host is called 'nobody'" in capsys.readouterr().err
