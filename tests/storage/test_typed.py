"""Kinds of rows with a table of their own: written, read, sorted and filtered like all others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from storage import db, records, typed
from storage.filters import Filter, Op
from storage.models import Record, Run
from storage.typed import PairRow, PairStep
from tests.toys.pairs import pair, pair_id


def write(url: str, kind: str, rows: list[dict[str, Any]], attempt: int = 1) -> None:
    with db.writing(url) as session:
        records.write(session, [typed.new_row("run", attempt, kind, row) for row in rows])


def positions(url: str, **options: Any) -> list[Any]:
    with db.reading(url) as session:
        return [row["position"] for row in records.rows(session, "run", "pair", **options)[0]]


def test_rows_are_read_as_they_were_written(url: str) -> None:
    rows = [pair(number) for number in range(4)]
    write(url, "pair", rows)
    with db.reading(url) as session:
        assert records.rows(session, "run", "pair") == (rows, 4)
        kept = session.scalars(select(PairRow)).first()
        assert kept is not None
        assert set(kept.data) == {"chosen_pieces", "rejected_pieces", "warnings"}
        assert session.scalar(select(func.count()).select_from(Record)) == 0


def test_what_is_not_known_is_null_and_sorts_last(url: str) -> None:
    rows = [{"position": number, "pair_id": pair_id(number)} for number in range(3)]
    rows[1]["delta"], rows[2]["delta"] = 2, -1.5  # a whole number is a number
    write(url, "pair", rows)
    assert positions(url, sort="delta") == [2, 1, 0]
    assert positions(url, sort="delta", descending=True) == [1, 2, 0]
    with db.reading(url) as session:
        [first, *_], _total = records.rows(session, "run", "pair")
    assert first["delta"] is first["prompt"] is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"position": 0}, "pair row: pair_id must be text, got None"),
        ({"position": None, "pair_id": "a"}, "position must be a whole number, got None"),
        ({"position": 0.5, "pair_id": "a"}, "position must be a whole number, got 0.5"),
        ({"position": True, "pair_id": "a"}, "position must be a whole number, got True"),
        ({"position": 2**63, "pair_id": "a"}, "position must be a whole number"),
        ({"position": 0, "pair_id": "a", "delta": "0.5"}, "delta must be a number, got '0.5'"),
        ({"position": 0, "pair_id": "a", "contested": 1}, "contested must be true or false, got 1"),
        ({"position": 0, "pair_id": "a", "chosen": ["a"]}, r"chosen must be text, got \['a'\]"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_refused(row: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        typed.new_row("run", 1, "pair", row)


def test_texts_that_no_database_keeps_are_mended(url: str) -> None:
    row = {"position": 0, "pair_id": "a", "chosen": "a\0b", "rejected": "\ud83d café 猫"}
    write(url, "pair", [row])
    with db.reading(url) as session:
        [found], _ = records.rows(session, "run", "pair")
    assert (found["chosen"], found["rejected"]) == ("a?b", "? café 猫")


@pytest.mark.parametrize(
    ("field", "op", "value", "keeps"),
    [
        ("delta", "lt", "0", lambda row: row["delta"] < 0),
        ("delta", "ge", "-0.25", lambda row: row["delta"] >= -0.25),
        ("contested", "eq", "true", lambda row: row["contested"]),
        ("contested", "ne", "true", lambda row: not row["contested"]),
        ("level", "in", "easy,hard", lambda row: row["level"] in ("easy", "hard")),
        ("level", "ne", "hard", lambda row: row["level"] != "hard"),
        ("position", "in", "3,5,99", lambda row: row["position"] in (3, 5)),
        ("length_gap", "eq", "-2", lambda row: row["length_gap"] == -2),
        ("chosen", "has", "RED", lambda row: "red" in row["chosen"].lower()),
        ("pair_id", "eq", pair_id(7), lambda row: row["position"] == 7),
        ("warnings", "has", "much longer", lambda row: row["warnings"] != []),
    ],
)
def test_filters_keep_what_a_loop_keeps(
    url: str, field: str, op: Op, value: str, keeps: Any
) -> None:
    rows = [pair(number) for number in range(40)]
    write(url, "pair", rows)
    wanted = [row["position"] for row in rows if keeps(row)]
    assert positions(url, filters=[Filter(field, op, value)]) == wanted


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("delta", "lt", "soon", "delta is a number, got 'soon'"),
        ("delta", "eq", "nan", "delta is a number, got 'nan'"),
        ("delta", "in", "1,", "delta is a number, got ''"),
        ("delta", "has", "1", "delta is no text"),
        ("level", "gt", "1", "level is no number"),
        ("contested", "eq", "yes", "contested is true or false, got 'yes'"),
        ("contested", "ge", "1", "contested is no number"),
    ],
)
def test_a_filter_that_does_not_fit_its_column_is_refused(
    url: str, field: str, op: Op, value: str, words: str
) -> None:
    with db.reading(url) as session, pytest.raises(ValueError, match=words):
        records.rows(session, "run", "pair", filters=[Filter(field, op, value)])


def test_rows_go_with_their_run(url: str) -> None:
    write(url, "pair", [pair(0)])
    write(url, "pair_step", [{"step": 0, "position": 0, "pair_id": pair_id(0)}])
    with db.writing(url) as session:
        session.delete(session.get_one(Run, "run"))
    with db.reading(url) as session:
        for table in (PairRow, PairStep, typed.PairState):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_rows_after_the_checkpoint_are_forgotten_with_a_lost_attempt(url: str) -> None:
    write(url, "pair", [pair(0), pair(1)])
    write(url, "nodes", [{"id": 0}])
    with db.writing(url) as session:
        records.put_checkpoint(session, "run", 1, "c" * 64, 10)
    write(url, "pair", [pair(2)])
    write(url, "nodes", [{"id": 1}])
    with db.writing(url) as session:
        records.drop_after_checkpoint(session, "run")
    write(url, "pair", [pair(2), pair(3)], attempt=2)
    assert positions(url) == [0, 1, 2, 3]
    with db.reading(url) as session:
        assert records.rows(session, "run", "nodes") == ([{"id": 0}], 1)
