"""Tables of instruction rows in every format, what is wrong with them, and writing them back."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from methods.unlearning.rows.formats import FORMATS
from methods.unlearning.rows.problems import RULES, BrokenRows
from methods.unlearning.rows.reading import read_rows, table_of
from methods.unlearning.rows.row import Row, Turn, table_sha
from methods.unlearning.rows.writing import write_rows

TALLREC = Path(__file__).parents[4] / "shared/data/unlearning/tallrec_book"


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SAME = {
    "alpaca": {"instruction": "When?", "output": "At seven."},
    "completion": {"prompt": "When?", "completion": "At seven."},
    "chat": {
        "messages": [
            {"role": "user", "content": "When?"},
            {"role": "assistant", "content": "At seven."},
        ]
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "When?"},
            {"from": "gpt", "value": "At seven."},
        ]
    },
}


@pytest.mark.parametrize("name", SAME)
def test_every_format_is_told_by_its_columns_and_gives_the_same_row(name, tmp_path):
    table = read_rows(jsonl(tmp_path / "rows.jsonl", SAME[name] | {"kind": "wrong"}))
    assert table.format is FORMATS[name]
    [row] = table
    assert (row.turns, row.answer, row.prompt) == ((Turn("user", "When?"),), "At seven.", "When?")
    assert row.meta["kind"] == "wrong"
    content = '[["user","When?"],"At seven."]'
    assert row.id == sha256(content.encode()).hexdigest()[:16] == table.ids[0]


def test_the_small_print_of_the_formats():
    def one(**row):
        return table_of([row])[0]

    alpaca = one(
        instruction="Say", input="a b", output="c", system="Be brief.", history=[["q", "a"]]
    )
    assert [turn.role for turn in alpaca.turns] == ["system", "user", "assistant", "user"]
    assert alpaca.prompt == "Say\na b"
    assert alpaca.meta == {"instruction": "Say", "input": "a b"}
    assert one(question="Who?", answer="Nobody.").answer == "Nobody."  # TOFU's
    said = [{"role": "user", "content": "Who?"}]
    trl = one(prompt=said, completion=[{"role": "assistant", "content": "Nobody."}])
    assert (trl.prompt, trl.answer) == ("Who?", "Nobody.")
    parts = [{"type": "text", "text": "Wh"}, {"type": "text", "text": "o?"}]
    messages = [{"role": "user", "content": parts}, {"role": "assistant", "content": "X"}]
    assert one(messages=messages).prompt == "Who?"


def test_rows_of_the_same_content_have_ids_of_their_own():
    row = SAME["alpaca"]
    first, second, third = table_of([row, row, row]).ids
    content = '[["user","When?"],"At seven."]'
    assert second == sha256(f"{content}#1".encode()).hexdigest()[:16]
    assert len({first, second, third}) == 3


def test_json_lists_and_parquet_are_read_too(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [SAME["alpaca"], SAME["alpaca"] | {"output": "At eight."}]
    (tmp_path / "rows.json").write_text(json.dumps(rows, indent=2))
    folder = tmp_path / "shards"
    folder.mkdir()
    for place, row in enumerate(rows):
        pq.write_table(pa.Table.from_pylist([row]), folder / f"{place}.parquet")
    ids = list(table_of(rows).ids)
    for path in (tmp_path / "rows.json", folder):
        table = read_rows(path)
        assert list(table.ids) == ids
        assert [row.position for row in table[-2:]] == [0, 1]
        assert table[-1].answer == "At eight."


BROKEN = [
    ({"instruction": "a", "output": 3}, "output", "columns"),
    ({"instruction": "a", "output": " "}, "answer", "empty_answer"),
    ({"instruction": " ", "output": "b"}, "prompt", "prompt"),
    ({"instruction": "a", "output": "b" * 100_001}, "answer", "too_long"),
    ({"instruction": "\ud800", "output": "b"}, "user", "json"),
    ({"instruction": "a", "output": "b", "history": [["q"]]}, "history[0]", "columns"),
    ({"instruction": "a", "output": "b", "row_id": "7"}, "row_id", "row_id"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0]", "roles"),
    ({"messages": [{"role": "user", "content": "x"}]}, "messages", "roles"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "turns", "roles"),
    ({"conversations": [{"from": "human", "value": None}]}, "conversations[0].value", "columns"),
]


@pytest.mark.parametrize(("row", "field", "rule"), BROKEN)
def test_a_broken_row_is_named_with_field_and_rule(row, field, rule):
    good = SAME[next(name for name in FORMATS if FORMATS[name].fits(row))]
    with pytest.raises(BrokenRows) as caught:
        table_of([good, row])
    [problem] = caught.value.problems
    assert (problem.row, problem.field, problem.rule) == (1, field, rule)
    assert rule in RULES
    assert f"row 1, {field} ({rule})" in str(caught.value)


def test_all_broken_rows_are_counted_and_the_first_are_told(tmp_path):
    rows = [SAME["alpaca"], *[{"instruction": "a", "output": None}] * 300]
    with pytest.raises(BrokenRows, match=r"300 of 301 rows.*and 295 more") as caught:
        read_rows(jsonl(tmp_path / "rows.jsonl", *rows))
    assert len(caught.value.problems) == 100
    (tmp_path / "rows.jsonl").write_text('{"instruction": "a", "output": "b"}\n{"instruction"\n')
    with pytest.raises(BrokenRows, match=r"row 1, \(row\) \(json\)"):
        read_rows(tmp_path / "rows.jsonl")


def test_what_is_no_table_is_said(tmp_path):
    with pytest.raises(ValueError, match="there is no file"):
        read_rows(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match=r"columns b, text are of no known format.*Alpaca"):
        table_of([{"text": "a", "b": 1}])
    with pytest.raises(ValueError, match="allowed are auto, chat"):
        table_of([SAME["alpaca"]], "csv")
    with pytest.raises(ValueError, match="holds no rows"):
        table_of([])
    twice = SAME["chat"] | {"row_id": "0" * 16}
    with pytest.raises(BrokenRows, match=r"row 1, row_id.*an earlier row"):
        table_of([twice, twice])


def test_rows_are_written_and_read_back_exactly(tmp_path):
    rows = [
        Row("0123456789abcdef", 0, (Turn("user", "a\n\u2028é"),), " b\n", {"kind": "x", "n": 1.5}),
        Row("f" * 16, 1, (Turn("system", "s"), Turn("user", "q")), "a", {}),
        table_of([SAME["alpaca"] | {"input": "further"}])[0].edited(answer="new"),
    ]
    rows[2] = replace(rows[2], position=2)
    file = write_rows(rows, tmp_path / "rows.jsonl")
    again = read_rows(file)
    assert list(again) == rows
    assert again.format.name == "chat"
    assert table_sha(again) == table_sha(rows)
    assert file.read_bytes() == write_rows(again, tmp_path / "again.jsonl").read_bytes()


def test_an_edited_row_keeps_its_id_and_makes_another_table():
    [row] = table_of([SAME["alpaca"]])
    edited = row.edited(prompt="Where?")
    assert (edited.id, edited.prompt, edited.answer) == (row.id, "Where?", row.answer)
    assert row.edited() is row
    assert table_sha([edited]) != table_sha([row])


@pytest.mark.skipif(not TALLREC.is_dir(), reason="the rows of TALLRec are not here")
def test_the_rows_of_tallrec_are_read_whole():
    table = read_rows(TALLREC / "test.json")
    raw = json.loads((TALLREC / "test.json").read_text())
    assert len(table) == len(raw) > 1000
    assert table.format.name == "alpaca"
    assert {row.answer for row in table} == {"Yes.", "No."}
    for place in (0, len(raw) - 1):
        assert table[place].prompt == f"{raw[place]['instruction']}\n{raw[place]['input']}"
