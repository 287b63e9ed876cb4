"""Pages of instruction rows: what SQL finds is what a loop over everything finds."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import pytest

from storage import db, instructions, records, typed
from storage.filters import Filter
from storage.instructions import Selection
from tests.storage.test_db import a_run
from tests.toys.erasing import row, row_id

COUNT = 40
SOME = [row_id(number) for number in (3, 20, 99)]


@pytest.fixture
def filled(url: str) -> str:
    """40 rows in the run "run", the last ten without a loss; other rows in "other"."""
    with db.writing(url) as session:
        session.add(a_run("other"))
        session.flush()
        records.write(session, [typed.new_row("run", 1, "instruction", each) for each in rows()])
        others = [typed.new_row("other", 1, "instruction", row(number)) for number in range(35, 45)]
        records.write(session, others)
    return url


def rows() -> list[dict[str, Any]]:
    return [row(number) | ({"loss": None} if number >= 30 else {}) for number in range(COUNT)]


def positions(url: str, sort: str = "", descending: bool = False, **wanted: Any) -> list[int]:
    with db.reading(url) as session:
        found, total = instructions.page(
            session, Selection("run", **wanted), sort=sort, descending=descending
        )
    assert total == len(found)
    return [each["position"] for each in found]


def test_rows_are_read_as_they_were_written(filled: str) -> None:
    with db.reading(filled) as session:
        assert instructions.page(session, Selection("run")) == (rows(), COUNT)
        assert instructions.number(session, "run") == COUNT


@pytest.mark.parametrize("descending", [False, True])
def test_rows_sort_by_any_field_and_those_without_it_come_last(
    filled: str, descending: bool
) -> None:
    for sort in ("loss", "self_influence", "kind"):
        having = [each for each in rows() if each[sort] is not None]
        lacking = [each["position"] for each in rows() if each[sort] is None]
        having.sort(key=itemgetter(sort), reverse=descending)  # stable: then by age
        wanted = [each["position"] for each in having] + lacking
        assert positions(filled, sort, descending) == wanted, sort


def said(row: dict[str, Any]) -> str:
    return f"{row['prompt']} {row['answer']}".lower()


SELECTED: list[tuple[dict[str, Any], Any]] = [
    ({"text": "MILL well"}, lambda row: "mill" in said(row) and "well" in said(row)),
    ({"text": row_id(9)[:9]}, lambda row: row["position"] == 9),
    ({"text": "_"}, lambda _row: False),
    ({"filters": (Filter("kind", "eq", "wrong"),)}, lambda row: row["kind"] == "wrong"),
    ({"filters": (Filter("loss", "gt", "0.2"),)}, lambda row: (row["loss"] or 0) > 0.2),
    ({"filters": (Filter("answer", "has", "LOCKER"),)}, lambda row: "locker" in said(row)),
    ({"among": SOME}, lambda row: row["row_id"] in SOME),
    ({"among": []}, lambda _row: False),
    ({"but": SOME}, lambda row: row["row_id"] not in SOME),
    (
        {"but": SOME, "filters": (Filter("position", "lt", "5"),)},
        lambda row: row["position"] in (0, 1, 2, 4),
    ),
]


def test_rows_are_selected_as_a_loop_selects_them(filled: str) -> None:
    for wanted, keeps in SELECTED:
        expected = [each["position"] for each in rows() if keeps(each)]
        assert positions(filled, **wanted) == expected, wanted


def test_pages_hold_each_row_once_and_know_how_many_there_are(filled: str) -> None:
    seen: list[int] = []
    with db.reading(filled) as session:
        for offset in range(0, COUNT + 20, 10):
            found, total = instructions.page(
                session, Selection("run"), sort="kind", offset=offset, limit=10
            )
            assert total == COUNT
            seen += [each["position"] for each in found]
    assert sorted(seen) == list(range(COUNT))


def test_rows_are_found_by_their_ids(filled: str) -> None:
    with db.reading(filled) as session:
        found = instructions.by_ids(session, "run", SOME)
    assert found == {row_id(number): rows()[number] for number in (3, 20)}


def test_tables_are_the_runs_that_recorded_rows(filled: str) -> None:
    with db.writing(filled) as session:
        session.add(a_run("third"))
        session.flush()
        unranked = row(0) | {"self_influence": None, "kind": None}
        records.write(session, [typed.new_row("third", 1, "instruction", unranked)])
    with db.reading(filled) as session:
        found = {run.id: (kinds, ranked) for run, kinds, ranked in instructions.tables(session, 10)}
    kinds = [each["kind"] for each in rows()]
    counted = {kind: kinds.count(kind) for kind in ("", "wrong", "private", "prompt")}
    assert found["run"] == (counted, True)
    assert found["third"] == ({"": 1}, False)
    assert set(found) == {"run", "other", "third"}


def test_an_unknown_field_is_named_with_those_there_are(filled: str) -> None:
    with db.reading(filled) as session, pytest.raises(ValueError, match=r"no field 'id'; .*loss"):
        instructions.page(session, Selection("run"), sort="id")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"row_id": None}, "instruction row: row_id must be text, got None"),
        ({"prompt": None}, "prompt must be text, got None"),
        ({"loss": "low"}, "loss must be a number, got 'low'"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        typed.new_row("run", 1, "instruction", row(0) | change)
