"""Answers in and out, what a run keeps of scores, and what it says of them."""

from __future__ import annotations

import csv
import json

import pytest

from methods.alignment.hallucination.answer_files import Item, read_answers, write_answers
from methods.alignment.hallucination.chair import chair
from methods.alignment.hallucination.remark import UNLIKE, remark_evaluate
from methods.alignment.hallucination.report import answer_rows, figure_rows, metrics
from methods.alignment.hallucination.summary import summary
from methods.base import Finished
from methods.local import LocalContext

ITEMS = [Item(str(i), f"{i}.jpg", "Describe.", {"image_id": i}) for i in range(40)]
TRUTH = {item.id: ["person", "dog"] for item in ITEMS}
CLEAN = {item.id: "A man and a dog." for item in ITEMS}
PHANTOM = {item.id: "A man, a dog and a bus." for item in ITEMS}
SHORT = {item.id: "A man." for item in ITEMS}


@pytest.mark.parametrize(
    "benchmark", ["chair", "object_halbench", "amber_generative", "pope", "mmhal"]
)
def test_what_is_written_can_be_read_again(benchmark):
    rows = {
        "amber_generative": {"id": 7},
        "pope": {"question": "Describe."},
        "mmhal": {"question": "Describe."},
    }
    items = [Item("7", "7.jpg", "Describe.", rows.get(benchmark, {"image_id": 7}))]
    suffix, content = write_answers(benchmark, items, {"7": "a “dog”"})
    assert read_answers(content, f"answers{suffix}", benchmark, items) == {"7": "a “dog”"}


def test_the_captioning_toolkits_layout_is_read():
    content = {"overall": {}, "imgToEval": {"3": {"image_id": 3, "caption": "A dog."}}}
    assert read_answers(json.dumps(content).encode(), "c.json", "chair", ITEMS) == {"3": "A dog."}


@pytest.mark.parametrize(
    ("benchmark", "content", "message"),
    [
        (
            "chair",
            '[{"image_id": 99, "caption": ""}]',
            "row 1: answers item '99', which is not among the 40",
        ),
        (
            "chair",
            '[{"image_id": 1, "caption": ""}, {"image_id": 1, "caption": ""}]',
            "row 2: answers item '1' a second",
        ),
        (
            "chair",
            '[{"image_id": 1, "words": ""}]',
            "row 1: `caption` or `answer` or `text` is missing",
        ),
        ("chair", '[{"image_id": 1, "caption": null}]', "row 1: `caption` must be text, got None"),
        ("pope", '{"answer": "Yes"}', "holds 1 answers to 40 questions"),
    ],
)
def test_answers_that_do_not_fit_are_named(benchmark, content, message):
    with pytest.raises(ValueError, match=message):
        read_answers(content.encode(), "a.json", benchmark, ITEMS)


def test_answers_in_order_must_be_to_the_same_questions():
    content = b'{"question": "Is there a cat?", "answer": "Yes"}'
    with pytest.raises(
        ValueError, match=r"row 1: answers 'Is there a cat.', but question 1 is 'Describe.'"
    ):
        read_answers(content, "a.jsonl", "pope", ITEMS[:1])


@pytest.fixture
def variants(synonyms):
    return {"before": chair(PHANTOM, TRUTH, synonyms), "after": chair(CLEAN, TRUTH, synonyms)}


def test_metrics_stand_with_intervals_before_and_after(variants):
    found = metrics(variants)
    assert next(iter(found)) == "chair_i"
    assert found["chair_i"] == 0
    assert found["chair_i_before"] == pytest.approx(1 / 3)
    assert found["chair_i_change"] == pytest.approx(-1 / 3)
    assert found["chair_i_change_high"] < 0
    assert found["recall_before_low"] > 0.9
    alone = metrics({"answers": variants["before"]})
    assert alone["chair_s"] == 1
    assert not any("before" in name or "change" in name for name in alone)


def test_the_table_says_what_each_figure_divides(variants, tmp_path):
    context = LocalContext(tmp_path)
    context.save_table("figures.csv", figure_rows(variants))
    with (tmp_path / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    first = next(row for row in rows if row["metric"] == "chair_i" and row["variant"] == "before")
    assert (first["numerator"], first["denominator"], first["answers"]) == ("40.0", "120.0", "40")
    assert first["extractor"] == "synonym list, rule-based singulars"
    assert {row["variant"] for row in rows} == {"before", "after", "difference"}
    assert next(row for row in rows if row["metric"] == "mentions")["unit"] == "mean"


def test_each_item_has_its_answers_after_each_other_and_says_what_became_of_it(synonyms):
    before = {"0": PHANTOM["0"], "1": PHANTOM["1"], "2": CLEAN["2"], "3": CLEAN["3"]}
    after = {"0": CLEAN["0"], "1": PHANTOM["1"], "2": PHANTOM["2"], "3": CLEAN["3"]}
    texts = {"before": before, "after": after}
    scores = {name: chair(each, TRUTH, synonyms) for name, each in texts.items()}
    rows = list(answer_rows(ITEMS[:4], texts, scores, {"0": "pictures-00000.zip/a.webp"}))
    assert [(row["item"], row["variant"]) for row in rows[:3]] == [
        ("0", "before"),
        ("0", "after"),
        ("1", "before"),
    ]
    assert [row["change"] for row in rows[::2]] == ["fixed", "still", "broken", "clean"]
    assert [row["change"] for row in rows[1::2]] == ["fixed", "still", "broken", "clean"]
    assert (rows[0]["image"], rows[2]["image"]) == ("pictures-00000.zip/a.webp", "")
    marked = rows[0]["mentions"][-1]
    assert rows[0]["text"][marked["start"] : marked["end"]] == "bus"
    assert not marked["correct"]
    assert rows[0]["hallucinated"] == 1
    alone = list(answer_rows(ITEMS[:1], {"answers": before}, {"answers": scores["before"]}, {}))
    assert [row["change"] for row in alone] == ["hallucinates"]
    json.dumps(rows)


def test_unscored_answers_have_rows_too():
    rows = list(answer_rows(ITEMS[:1], {"answers": CLEAN}, {}, {}))
    assert (rows[0]["text"], rows[0]["change"], rows[0]["mentions"]) == (CLEAN["0"], "", [])


def test_the_summary_tells_gain_from_silence(synonyms, variants):
    said = summary(variants, 0)
    assert "CHAIR_i 33.3% before, 0.0% after (-33.3 points" in said
    assert (
        "Fewer hallucinations, beyond chance. It names fewer objects, but no fewer of those" in said
    )
    shorter = {"before": variants["before"], "after": chair(SHORT, TRUTH, synonyms)}
    assert "says less of what is there: recall 100.0% to 50.0%, mentions 3.00 to 1.00." in summary(
        shorter, 0
    )
    turned = {"before": variants["after"], "after": variants["before"]}
    assert "More hallucinations, beyond chance." in summary(turned, 0)
    same = {"before": variants["before"], "after": variants["before"]}
    assert "No difference beyond chance in either. It does not say less" in summary(same, 0)
    alone = summary({"answers": variants["before"]}, 3)
    assert "CHAIR_i 33.3%" in alone
    assert "3 answers were cut" in alone
    assert "objects by synonym list" in alone


def finished(title, **values):
    config = {"benchmark": "chair", "judge": ""}
    config.update({name: values.pop(name) for name in list(values) if name in config})
    return Finished(title, config, 0, {"answers": 40.0, **values})


def test_runs_side_by_side():
    good = finished("Good", chair_i=0.1, chair_i_low=0.05, chair_i_high=0.15, recall=0.5)
    bad = finished("Bad", chair_i=0.3, chair_i_low=0.2, chair_i_high=0.4, recall=0.8)
    near = finished("Near", chair_i=0.12, chair_i_low=0.06, chair_i_high=0.2, recall=0.4)
    assert remark_evaluate([good]) == ""
    said = remark_evaluate([bad, good])
    assert "“Good” has the best CHAIR_i on CHAIR, 0.1, and its interval lies apart" in said
    assert "It also says less: recall 0.5 against 0.8" in said
    assert "may be chance" in remark_evaluate([good, near])
    assert remark_evaluate([good, finished("Other", benchmark="pope", accuracy=1.0)]) == UNLIKE
    assert "do not compare" in remark_evaluate([good, finished("J", judge="gpt", chair_i=0.5)])
    assert "nothing to compare" in remark_evaluate([good, finished("Empty")])
