"""The method: check, review, convert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from methods import METHODS
from methods.alignment import read_pairs
from methods.alignment.pairs.config import ConvertConfig, PairSettings
from methods.alignment.pairs.opening import find_pairs, open_pairs, scene_pairs
from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from tests.alignment.pairs.conftest import jsonl

METHOD = METHODS["alignment.pairs"]


def rows(count):
    return [
        {"prompt": f"What is {n}?", "chosen": f"It is {n}.", "rejected": f"No {n}.", "level": "a"}
        for n in range(count)
    ]


@pytest.fixture
def context(tmp_path):
    return LocalContext(tmp_path / "out")


def convert(context, path, **settings):
    config = ConvertConfig(pairs=str(path), **settings)
    METHOD.check(config, Path)
    return METHOD.run(config, context)


def test_a_file_is_written_in_another_format(tmp_path, context):
    path = jsonl(tmp_path / "rows.jsonl", *rows(5))
    result = convert(context, path, output_format="ms_swift", container="zip", max_pairs=4)
    written = read_pairs(context.folder / "pairs.zip")
    assert written.format.name == "ms_swift"
    assert [each.id for each in written] == [each.id for each in read_pairs(path)[:4]]
    assert (result.metrics["rows"], result.metrics["pairs"]) == (4, 4)
    assert "4 rows looked at: nothing is wrong." in result.summary
    assert context.steps[-1][:2] == (1, 1)


def test_broken_rows_stop_it_or_are_left_out_and_said(tmp_path, context):
    broken = rows(5)
    broken[1]["chosen"] = ""
    broken[3]["rejected"] = broken[3]["chosen"]
    path = jsonl(tmp_path / "rows.jsonl", *broken)
    message = r"row 1, chosen \(empty_answer\).*row 3, rejected \(same_answer\)"
    with pytest.raises(MethodError, match=message):
        METHOD.check(ConvertConfig(pairs=str(path)), Path)
    with pytest.raises(MethodError, match=message):
        METHOD.run(ConvertConfig(pairs=str(path)), context)
    assert list(context.artefacts) == ["problems.csv"]  # what to mend is there all the same
    context = LocalContext(tmp_path / "again")
    result = convert(context, path, on_problem="skip")
    assert [each.prompt for each in read_pairs(context.folder / "pairs.parquet")] == [
        "What is 0?",
        "What is 2?",
        "What is 4?",
    ]
    assert result.metrics["broken"] == 2
    assert "2 broken" in result.summary
    said = [(each["row"], each["rule"]) for each in context.records["problem"]]
    assert said == [(1, "empty_answer"), (3, "same_answer")]


def test_reviews_flip_drop_and_keep(tmp_path, context):
    path = jsonl(tmp_path / "rows.jsonl", *[row | scores(k) for k, row in enumerate(rows(5))])
    pairs = read_pairs(path)
    reviews = {
        pairs[0].id: {"verdict": "flip", "tags": ["label"], "note": "the wrong way round"},
        pairs[1].id: {"verdict": "drop", "tags": [], "note": ""},
        pairs[2].id: {"verdict": "keep"},
        pairs[3].id: {"verdict": None, "tags": ["later"]},
        "0" * 16: {"verdict": "drop"},
    }
    (tmp_path / "reviews.json").write_text(json.dumps(reviews))
    decided = str(tmp_path / "reviews.json")
    result = convert(context, path, decisions=decided)
    written = read_pairs(context.folder / "pairs.parquet")
    assert [each.prompt for each in written] == [f"What is {n}?" for n in (0, 2, 3, 4)]
    assert (written[0].chosen, written[0].rejected) == ("No 0.", "It is 0.")
    assert (written[0].meta["chosen_logits"], written[0].meta["rejected_logits"]) == ([1.0], [0.0])
    assert written[1].id == pairs[2].id
    assert [result.metrics[name] for name in ("kept", "flipped", "dropped")] == [1, 1, 1]
    assert "1 kept, 1 flipped, 1 dropped, 2 undecided." in result.summary
    assert "1 reviews are of other pairs." in result.summary
    again = LocalContext(tmp_path / "again")
    result = convert(again, path, decisions=decided, which="reviewed")
    assert [each.prompt for each in read_pairs(again.folder / "pairs.parquet")] == [
        "What is 0?",
        "What is 2?",
    ]
    assert "2 undecided and left out" in result.summary


def scores(n):
    return {"chosen_logits": [float(n)], "rejected_logits": [1.0]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "is no JSON"),
        ("[]", "an object of"),
        ('{"a": {"verdict": "maybe"}}', "a: 'maybe'; allowed are keep, flip, drop"),
    ],
)
def test_reviews_that_are_none_are_refused(tmp_path, text, message):
    (tmp_path / "reviews.json").write_text(text)
    config = ConvertConfig(decisions=str(tmp_path / "reviews.json"))
    with pytest.raises(MethodError, match=message):
        METHOD.check(config, Path)


def test_settings_that_cannot_be_carried_out_are_refused_before_a_run_is_queued(tmp_path):
    with pytest.raises(MethodError, match="needs reviews"):
        METHOD.check(ConvertConfig(which="reviewed"), Path)
    with pytest.raises(MethodError, match="there is no file or folder"):
        METHOD.check(ConvertConfig(pairs=str(tmp_path / "none")), Path)
    turns = [{"role": role, "content": role} for role in ("user", "assistant", "user")]
    path = jsonl(tmp_path / "rows.jsonl", {"prompt": turns, "chosen": "a", "rejected": "b"})
    with pytest.raises(MethodError, match=r"row 0, \(row\) \(format\).*hold one question"):
        METHOD.check(ConvertConfig(pairs=str(path), output_format="rlaif_v"), Path)
    METHOD.check(ConvertConfig(pairs=str(path), output_format="llamafactory"), Path)


def test_nothing_left_to_write_is_an_error(tmp_path, context):
    path = jsonl(tmp_path / "rows.jsonl", rows(1)[0] | {"chosen": ""})
    with pytest.raises(MethodError, match="nothing is left to write"):
        METHOD.run(ConvertConfig(pairs=str(path), on_problem="skip"), context)


def test_it_stops_when_asked_while_it_looks_and_while_it_writes(tmp_path):
    path = jsonl(tmp_path / "rows.jsonl", *rows(200))
    for at in (0.3, 0.7):

        def cancel(done, total, _message, at=at):
            if done / total > at:
                raise Cancelled

        context = LocalContext(tmp_path / f"{at}", on_progress=cancel)
        with pytest.raises(Cancelled):
            METHOD.run(ConvertConfig(pairs=str(path)), context)
        assert context.artefacts == {}


# -- pairs as settings name them ---------------------------------------------------------------------


def test_pairs_are_opened_by_what_the_context_opens(tmp_path, context):
    path = jsonl(tmp_path / "rows.jsonl", *rows(3))
    context.save_file("kept.jsonl", path)
    source = open_pairs(PairSettings(pairs="kept.jsonl", max_pairs=2), context)
    assert len(source) == 2
    assert source.name == "kept.jsonl"
    sha256 = context.artefacts["kept.jsonl"].sha256
    assert find_pairs(PairSettings(pairs=sha256), context).name == f"the upload {sha256[:8]}"


def test_opening_looks_at_every_row_unless_told_to_look_at_the_first(tmp_path):
    path = jsonl(tmp_path / "rows.jsonl", *rows(5), rows(1)[0] | {"chosen": ""})
    config = PairSettings(pairs=str(path))
    assert len(open_pairs(config, Path, rows=5)) == 6
    with pytest.raises(MethodError, match=r"row 5, chosen \(empty_answer\).*Check and convert"):
        open_pairs(config, Path)
    assert len(open_pairs(PairSettings(pairs=str(path), max_pairs=5), Path)) == 5


def test_the_small_world_gives_the_same_pairs_every_time_and_a_longer_list_begins_alike():
    few, many = scene_pairs(7), scene_pairs(105)
    assert [each.id for each in few] == [each.id for each in many[:7]]
    assert len({each.id for each in many}) == 105
    assert {each.meta["level"] for each in few} == {"easy", "extra", "colour", "shape", "omit"}
    assert many.problems(decode=True).sound
    noisy = scene_pairs(100, noisy=True)
    assert sum(each.meta["flipped"] for each in noisy) == 20
    turned = next(each for each in noisy if each.meta["flipped"])
    clean = many[turned.position]
    assert (turned.chosen, turned.rejected) == (clean.rejected, clean.chosen)
