"""Requests in the database: one of two who change the same state wins, and the trail has one line a change."""

from __future__ import annotations

import threading

from storage import db, erasures
from storage.kept import Erasure
from tests.storage.test_db import a_run

FILES = ("1" * 64, "2" * 64)


def add(url: str, erasure_id: str, file: str | None = None) -> None:
    with db.writing(url) as session:
        session.add(
            Erasure(
                id=erasure_id, method="toy.erase", table_run="run", source={}, items={}, file=file
            )
        )


def test_of_several_who_saw_the_same_state_one_changes_it(url: str) -> None:
    add(url, "a")
    together, won = threading.Barrier(4), []

    def change(name: str) -> None:
        with db.reading(url) as session:
            seen = session.get_one(Erasure, "a")
        together.wait(30)
        with db.writing(url) as session:
            if erasures.change(session, seen, "renamed", f"by {name}", {}, title=name):
                won.append(name)

    people = [threading.Thread(target=change, args=(name,)) for name in "wxyz"]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    with db.reading(url) as session:
        row = session.get_one(Erasure, "a")
        [line] = erasures.trail(session, "a")
    assert [row.title] == won
    assert (line.text, row.revision) == (f"by {won[0]}", 1)
    assert row.updated_at == line.at


def test_runs_belong_to_the_request_whose_file_they_read(url: str) -> None:
    add(url, "a", FILES[0])
    add(url, "b", FILES[1])
    add(url, "c")
    with db.writing(url) as session:
        for place, (method, asked) in enumerate(
            [
                ("toy.erase", FILES[0]),
                ("toy.erase", FILES[1]),
                ("toy.erase", FILES[0]),
                ("toy.other", FILES[0]),
                ("toy.erase", None),
            ]
        ):
            run = a_run(f"run{place}")
            run.method, run.config, run.created_at = method, {"request": asked}, float(place)
            session.add(run)
    with db.reading(url) as session:
        rows = erasures.listed(session, "run", 10)
        found = erasures.runs_of(session, rows)
        assert {key: [run.id for run in runs] for key, runs in found.items()} == {
            "a": ["run0", "run2"],
            "b": ["run1"],
        }
        assert erasures.answered(session, [run for runs in found.values() for run in runs]) == {
            "run0": "a",
            "run1": "b",
            "run2": "a",
        }
        assert erasures.listed(session, "elsewhere", 10) == []
        assert erasures.runs_of(session, []) == {}


def test_requests_that_keep_a_run_are_found(url: str) -> None:
    add(url, "a")
    with db.writing(url) as session:
        seen = session.get_one(Erasure, "a")
        assert erasures.change(session, seen, "kept", "kept", {"run": "x"}, kept_run="x")
    with db.reading(url) as session:
        assert {run: each.id for run, each in erasures.keeping(session, ["x", "y"]).items()} == {
            "x": "a"
        }
