"""Rules that whole pairs may break."""

from __future__ import annotations

import pytest

from methods.alignment import read_pairs
from methods.alignment.pairs.problems import RULES, WARNINGS, Problem
from tests.alignment.pairs.conftest import encoded, jsonl

GOOD = {"prompt": "What?", "chosen": "A dog.", "rejected": "A cat."}


def user(text):
    return {"role": "user", "content": text}


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"chosen": " \n"}, "chosen", "empty_answer"),
        ({"rejected": None}, "rejected", "empty_answer"),
        ({"rejected": "A dog."}, "rejected", "same_answer"),
        ({"prompt": " "}, "prompt", "prompt"),
        ({"prompt": [user("a"), user("b")]}, "prompt", "roles"),
        ({"prompt": [{"role": "assistant", "content": "a"}]}, "prompt", "roles"),
        ({"prompt": [{"role": "system", "content": "a"}]}, "prompt", "roles"),
        ({"prompt": [user("a"), {"role": "system", "content": "a"}]}, "prompt", "roles"),
        ({"prompt": []}, "prompt", "roles"),
        ({"chosen": "A <image> dog."}, "chosen", "image_in_answer"),
        ({"chosen": "A dog.</s>"}, "chosen", "end_token"),
        ({"rejected": "A cat. "}, "rejected", "spaces"),
        ({"chosen": "x" * 100_001}, "chosen", "too_long"),
        ({"chosen": "\ud83d"}, "chosen", "json"),
        ({"image": "text.png"}, "images[0]", "image_unreadable"),
        ({}, "(row)", "duplicate"),
    ],
)
def test_each_rule_names_row_and_field(tmp_path, change, field, rule):
    (tmp_path / "text.png").write_text("no picture")
    report = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD, GOOD | change)).problems()
    assert report.counts == {rule: 1}
    (problem,) = report.problems
    assert (problem.row, problem.field, problem.rule) == (1, field, rule)
    assert report.sound == (rule in WARNINGS)
    assert report.broken == ([] if rule in WARNINGS else [1])


def test_bytes_that_are_no_picture_are_said_in_words(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD | {"image": "text.png"}))
    for decode in (False, True):
        (problem,) = source.problems(decode=decode).problems
        assert problem.message == "text.png: its 10 bytes are no picture in a known format"


def test_an_image_that_is_cut_off_is_found_by_decoding_only(tmp_path):
    data = encoded(size=(200, 200), kind="JPEG")
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD | {"image": "a.jpg"}))
    assert source.problems().sound
    report = source.problems(decode=True)
    assert report.counts == {"image_unreadable": 1}
    assert "a.jpg" in report.problems[0].message


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    from methods import image_files

    monkeypatch.setattr(image_files, "MAX_PIXELS", 40)
    (tmp_path / "a.png").write_bytes(encoded(size=(8, 6)))
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD | {"image": "a.png"}))
    for decode in (False, True):
        assert source.problems(decode=decode).counts == {"image_unreadable": 1}


def test_problems_are_kept_up_to_a_limit_and_all_are_counted(tmp_path):
    bad = [GOOD | {"chosen": "", "rejected": f"{n}"} for n in range(30)]
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", *bad, GOOD))
    report = source.problems(limit=4)
    assert report.counts == {"empty_answer": 30}
    assert [each.row for each in report.problems] == [0, 1, 2, 3]
    assert report.broken == list(range(30))
    assert report.sentence() == "31 rows looked at: 30 broken (empty_answer 30)."
    assert source.select([30]).problems().sentence() == "1 row looked at: nothing is wrong."
    first = source.problems(rows=10)
    assert (first.rows, first.total) == (10, 31)
    assert first.sentence().startswith("10 of 31 rows looked at: 10 broken")


def test_several_rules_broken_by_one_row_are_all_said_and_the_row_counts_once(tmp_path):
    bad = {"prompt": "", "chosen": "</s>", "rejected": "</s>"}
    report = read_pairs(jsonl(tmp_path / "rows.jsonl", bad)).problems()
    assert report.counts == {"prompt": 1, "end_token": 2, "same_answer": 1}
    assert report.broken == [0]


def test_a_problem_reads_as_a_sentence_and_every_rule_says_what_it_asks_for():
    problem = Problem(3, "chosen", "empty_answer", "chosen has no text")
    assert str(problem) == "row 3, chosen (empty_answer): chosen has no text"
    assert set(WARNINGS) < set(RULES)
    assert all(text.endswith(".") for text in RULES.values())
