"""What runs report, row by row: on both databases where the SQL could differ."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from storage import db, records, runs
from storage.filters import Filter, Op
from storage.models import Artefact, Blob, Metric, Record
from tests.storage.test_db import a_run


def report(url: str, rows: list[dict[str, Any]]) -> None:
    with db.writing(url) as session:
        for row in rows:
            session.add(Record(run_id="run", attempt=1, kind="nodes", data=row))


def page(url: str, **options: Any) -> list[Any]:
    with db.reading(url) as session:
        return [row["id"] for row in records.rows(session, "run", "nodes", **options)[0]]


ROWS = [
    {"id": 0, "score": 3, "name": "bee", "flagged": True},
    {"id": 1, "score": 20.5, "name": "ant", "flagged": False},
    {"id": 2, "score": None, "name": "Ape"},
    {"id": 3, "score": 0.1, "name": "ant", "flagged": True},
]


def test_rows_come_in_the_order_they_were_reported(url: str) -> None:
    report(url, ROWS)
    assert page(url) == [0, 1, 2, 3]
    with db.reading(url) as session:
        found, total = records.rows(session, "run", "nodes", offset=1, limit=2)
        assert found == ROWS[1:3]
        assert total == 4
        assert records.rows(session, "run", "pairs") == ([], 0)


def test_rows_sort_as_numbers_where_they_are_and_go_last_where_they_lack_the_field(
    url: str,
) -> None:
    report(url, ROWS)
    assert page(url, sort="score") == [3, 0, 1, 2]
    assert page(url, sort="score", descending=True) == [1, 0, 3, 2]


def test_the_first_row_may_lack_the_number(url: str) -> None:
    report(url, [{"id": 0}, {"id": 1, "score": 9}, {"id": 2, "score": 10}])
    assert page(url, sort="score") == [1, 2, 0]


def test_rows_sort_by_text_and_then_by_age(url: str) -> None:
    report(url, ROWS)
    assert page(url, sort="name")[-3:] in ([1, 3, 0], [3, 2, 0])  # capitals sort by collation
    assert [row for row in page(url, sort="name") if row != 2] == [1, 3, 0]


def test_rows_sort_by_yes_and_no(url: str) -> None:
    report(url, ROWS)
    assert page(url, sort="flagged") == [1, 0, 3, 2]


@pytest.mark.parametrize("name", ["no such field", "a.b", "$", "'; DROP TABLE run; --", "[0]"])
def test_a_field_that_is_not_there_sorts_nothing(url: str, name: str) -> None:
    report(url, ROWS)
    assert page(url, sort=name) == [0, 1, 2, 3]


def add_points(url: str, steps: range, attempt: int) -> None:
    with db.writing(url) as session:
        for step in steps:
            session.add(Metric(run_id="run", attempt=attempt, name="loss", step=step, value=step))


def put(url: str, sha256: str, name: str) -> None:
    with db.writing(url) as session:
        artefact = Artefact(run_id="run", attempt=1, sha256=sha256, role="file", name=name)
        records.put_artefact(session, artefact, 1, "text/plain")


def test_what_came_after_the_checkpoint_is_forgotten_and_the_rest_is_kept(url: str) -> None:
    add_points(url, range(3), attempt=1)
    put(url, "a" * 64, "before.txt")
    with db.writing(url) as session:
        records.put_checkpoint(session, "run", 1, "c" * 64, 10)
    add_points(url, range(3, 6), attempt=1)
    put(url, "b" * 64, "after.txt")
    report(url, [{"id": 0}])
    with db.writing(url) as session:
        records.drop_after_checkpoint(session, "run")
    add_points(url, range(3, 5), attempt=2)
    with db.reading(url) as session:
        assert [step for step, _ in records.series(session, "run")["loss"]] == [0, 1, 2, 3, 4]
        assert [artefact.name for artefact, _ in records.artefacts(session, "run")] == [
            "before.txt"
        ]
        assert records.rows(session, "run", "nodes") == ([], 0)


def test_without_a_checkpoint_everything_is_forgotten(url: str) -> None:
    add_points(url, range(3), attempt=1)
    with db.writing(url) as session:
        records.drop_after_checkpoint(session, "run")
    with db.reading(url) as session:
        assert records.series(session, "run") == {}


def test_an_artefact_saved_again_replaces_the_one_of_its_name(url: str) -> None:
    put(url, "a" * 64, "preview.webp")
    put(url, "b" * 64, "preview.webp")
    put(url, "b" * 64, "other.webp")
    with db.reading(url) as session:
        found = [
            (artefact.name, blob.sha256) for artefact, blob in records.artefacts(session, "run")
        ]
        assert found == [("preview.webp", "b" * 64), ("other.webp", "b" * 64)]
        assert session.scalar(select(func.count()).select_from(Blob)) == 2


def test_runs_that_save_the_same_content_at_once_both_have_it(url: str) -> None:
    barrier = threading.Barrier(4)

    def save(number: int) -> None:
        for sha256 in ("d" * 64, "e" * 64, "f" * 64):
            barrier.wait(30)
            put(url, sha256, f"{number}-{sha256[0]}.txt")

    savers = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join(60)
    with db.reading(url) as session:
        assert len(records.artefacts(session, "run")) == 12
        assert session.scalar(select(func.count()).select_from(Blob)) == 3


def test_a_cursor_gives_each_point_once(url: str) -> None:
    seen: list[int] = []
    cursor = 0
    for first in range(0, 9, 3):
        add_points(url, range(first, first + 3), attempt=1)
        with db.reading(url) as session:
            found, cursor = records.metrics_after(session, "run", cursor)
        seen += [step for step, _ in found["loss"]]
    with db.reading(url) as session:
        assert records.metrics_after(session, "run", cursor) == ({}, cursor)
    assert seen == list(range(9))


def test_curves_come_in_order_of_their_steps(url: str) -> None:
    add_points(url, range(3, 5), attempt=1)
    add_points(url, range(3), attempt=1)
    with db.reading(url) as session:
        assert [step for step, _ in records.series(session, "run", ["loss"])["loss"]] == [*range(5)]
        assert records.series(session, "run", ["other"]) == {}


def test_pages_of_runs_hold_each_run_once_whatever_they_are_sorted_by(url: str) -> None:
    with db.writing(url) as session:
        for number in range(6):
            run = a_run(f"run{number}")
            run.title = "same" if number % 2 else "other"
            run.finished_at = None if number < 3 else float(number)
            session.add(run)
    for sort, value in (
        ("created_at", lambda run: run.created_at),
        ("title", lambda run: run.title),
        ("status", lambda run: run.status),
        ("finished_at", lambda run: run.finished_at or 0.0),
    ):
        for descending in (True, False):
            seen, after = [], None
            while True:
                with db.reading(url) as session:
                    found, total = runs.listed(
                        session, sort=sort, descending=descending, after=after, limit=2
                    )
                if not found:
                    break
                seen += found
                after = (value(found[-1]), found[-1].id)
            assert total == 7
            keys = [value(run) for run in seen]
            assert len({run.id for run in seen}) == len(seen) == 7
            if sort != "title":  # PostgreSQL sorts text by its own collation
                assert keys == sorted(keys, reverse=descending)


def test_every_word_looked_for_must_occur_somewhere(url: str) -> None:
    with db.writing(url) as session:
        for title in ("Small world, 10% fewer steps", "small world", "Large"):
            run = a_run(title[:12].replace(" ", "_"))
            run.title = title
            session.add(run)

    def found(words: str) -> int:
        with db.reading(url) as session:
            return runs.listed(session, text=words)[1]

    assert found("SMALL") == 2
    assert found("small 10%") == 1
    assert found("small large") == 0
    assert found("%") == 1  # no wildcard
    assert found("toy.steps") == 4


def kept(url: str, *filters: tuple[str, Op, str]) -> list[Any]:
    return page(url, filters=[Filter(*each) for each in filters])


MIXED = [
    *ROWS,
    {"id": 4, "score": "20.5", "name": "20.5", "tags": ["ant", "Small Bee"], "flagged": None},
    {"id": 5, "score": [1], "name": "true", "tags": []},
]


@pytest.mark.parametrize(
    ("field", "op", "value", "ids"),
    [
        ("score", "lt", "3", [3]),
        ("score", "le", "3", [0, 3]),
        ("score", "gt", "3", [1]),
        ("score", "ge", "3.0", [0, 1]),
        ("score", "eq", "3", [0]),
        ("score", "eq", "20.5", [1, 4]),  # the number, and the text that looks like it
        ("score", "ne", "3", [1, 3, 4, 5]),
        ("score", "in", "3,0.1", [0, 3]),
        ("name", "eq", "ant", [1, 3]),
        ("name", "ne", "ant", [0, 2, 4, 5]),
        ("name", "in", "bee,Ape", [0, 2]),
        ("name", "has", "A", [1, 2, 3]),
        ("name", "has", "%", []),
        ("name", "gt", "1", []),
        ("tags", "has", "bee", [4]),
        ("flagged", "eq", "true", [0, 3]),
        ("flagged", "eq", "false", [1]),
        ("flagged", "ne", "true", [1]),
        ("name", "eq", "true", [5]),
        ("no such", "ne", "1", []),
        ("'; DROP TABLE run; --", "eq", "1", []),
        ("a.b[0]", "eq", "1", []),
    ],
)
def test_rows_are_filtered_by_what_their_json_holds(
    url: str, field: str, op: Op, value: str, ids: list[int]
) -> None:
    report(url, MIXED)
    assert kept(url, (field, op, value)) == ids


def test_every_filter_must_hold(url: str) -> None:
    report(url, MIXED)
    assert kept(url, ("name", "eq", "ant"), ("score", "gt", "1")) == [1]
    with db.reading(url) as session:
        filters = [Filter("name", "eq", "ant")]
        found, total = records.rows(session, "run", "nodes", filters=filters, limit=1)
    assert (found, total) == ([ROWS[1]], 2)


def test_a_number_is_asked_for_as_one(url: str) -> None:
    with db.reading(url) as session, pytest.raises(ValueError, match="score is a number, got 'x'"):
        records.rows(session, "run", "nodes", filters=[Filter("score", "lt", "x")])
