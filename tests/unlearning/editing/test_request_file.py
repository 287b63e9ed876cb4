"""A request file names rows by id; whatever is wrong with it is named before anything starts."""

from __future__ import annotations

import json

import pytest

from methods.base import MethodError
from methods.unlearning.editing.request_file import (
    asked_of_kinds,
    check_request,
    edited,
    parse_request,
    read_request,
    request_bytes,
)
from methods.unlearning.rows.row import Row, Turn


def row(position, prompt="p", answer="a", **meta):
    return Row(
        f"id{position}",
        position,
        (Turn("user", f"{prompt}{position}"),),
        f"{answer}{position}",
        meta,
    )


ROWS = [row(position) for position in range(6)]


def asked(**content):
    return parse_request(json.dumps({"version": 1, **content}).encode(), "request.json")


def test_what_is_written_is_read_again(tmp_path):
    content = request_bytes(
        remove=["id2", "id0"],
        prompts={"id1": "é"},
        answers={"id1": "x", "id3": "y"},
        id="7",
        title="t",
        note="n",
    )
    (tmp_path / "request.json").write_bytes(content)
    found = read_request(tmp_path / "request.json")
    assert (found.remove, found.prompts, found.answers) == (
        ("id0", "id2"),
        {"id1": "é"},
        {"id1": "x", "id3": "y"},
    )
    assert (found.id, found.title, found.note, found.content) == ("7", "t", "n", content)
    assert found.tasks == {"id0": "remove", "id2": "remove", "id1": "both", "id3": "answer"}


def test_the_order_of_marking_does_not_change_the_file():
    one = request_bytes(remove=["a", "b"], answers={"c": "1", "d": "2"})
    assert one == request_bytes(remove=["b", "a"], answers={"d": "2", "c": "1"})


def test_rows_as_the_request_wants_them():
    found = asked(remove=["id0"], prompts={"id1": "new"}, answers={"id1": "right", "id2": "other"})
    assert edited(found, ROWS[0]) is None
    both = edited(found, ROWS[1])
    assert (both.id, both.prompt, both.answer) == ("id1", "new", "right")
    assert (edited(found, ROWS[2]).prompt, edited(found, ROWS[2]).answer) == ("p2", "other")
    assert edited(found, ROWS[3]) == ROWS[3]
    assert set(check_request(found, ROWS)) == {"id0", "id1", "id2"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "asks nothing"),
        ({"remove": "id0"}, "remove is a list"),
        ({"remove": ["id0", "id1", "id0"]}, "row id0 is named twice"),
        ({"remove": ["id0"], "answers": {"id0": "x"}}, "row id0 is removed and edited at once"),
        ({"answers": {"id0": "  "}}, "answers: row id0: some text is needed"),
        ({"prompts": {"id0": 3}}, "prompts: row id0"),
        ({"prompts": ["id0"]}, "prompts maps row ids"),
        ({"version": 2, "remove": ["id0"]}, "version is 1, got 2"),
        ({"delete": ["id0"]}, "unknown field 'delete'"),
        ({"title": 4, "remove": ["id0"]}, "title is text"),
    ],
)
def test_a_broken_file_is_refused_by_field(content, said):
    with pytest.raises(MethodError, match=said):
        asked(**content)


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"\xff", b'{"version": 1, "remove": [], "remove": ["a"]}']
)
def test_what_is_no_request_is_refused(content):
    with pytest.raises(MethodError, match=r"no JSON|JSON object|stands twice"):
        parse_request(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"remove": ["id9"]}, "row id9 is not among the 6 rows"),
        ({"remove": ["id7", "id8"]}, "rows id7, id8 are not among"),
        ({"answers": {"id2": "a2"}}, "row id2 is to be changed into what it is already"),
        ({"prompts": {"id2": "p2"}, "answers": {"id2": "a2"}}, "row id2 is to be changed"),
        ({"answers": {"id2": "x" * 100_001}}, r"row id2: answer \(too_long\): 100,001 characters"),
        ({"prompts": {"id2": "\ud800"}}, "row id2: user .*half of a character"),
        ({"remove": [each.id for each in ROWS]}, "all 6 rows are removed"),
    ],
)
def test_a_request_that_does_not_fit_the_rows_is_refused_by_row(content, said):
    with pytest.raises(MethodError, match=said):
        check_request(asked(**content), ROWS)


def test_requests_of_the_small_world_come_from_what_its_rows_say():
    rows = [row(0)]
    rows += [row(k, kind="wrong", right=f"r{k}", right_prompt="") for k in range(1, 5)]
    rows += [row(5, kind="private"), row(6, kind="prompt", right="a6", right_prompt="meant")]
    assert asked_of_kinds(rows, "wrong").answers == {f"id{k}": f"r{k}" for k in range(1, 5)}
    assert asked_of_kinds(rows, "private").remove == ("id5",)
    assert asked_of_kinds(rows, "prompts").prompts == {"id6": "meant"}
    mixed = asked_of_kinds(rows, "mixed")
    assert mixed.tasks == {"id1": "answer", "id4": "answer", "id5": "remove", "id6": "prompt"}
    with pytest.raises(MethodError, match="request of the small world"):
        asked_of_kinds(ROWS, "wrong")
