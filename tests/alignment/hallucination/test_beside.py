"""Descriptions of several models beside each other: rebuilt from what runs kept, paired as before and after are."""

from __future__ import annotations

import pytest

from methods.alignment.hallucination.answer_files import Item
from methods.alignment.hallucination.beside import beside
from methods.alignment.hallucination.report import answer_rows
from methods.alignment.hallucination.scenes import score_scenes
from methods.alignment.hallucination.scores import ALL, changes
from methods.worlds.llava.data import scenes


def kept(texts, some):
    """The rows that a run keeps of these descriptions, and their scores."""
    scores = score_scenes(texts, some)
    items = [Item(each.item, each.image, "Describe.") for each in scores.items]
    said = {item.id: text for item, text in zip(items, texts, strict=True)}
    return list(answer_rows(items, {"after": said}, {"after": scores}, {})), scores


def test_figures_from_kept_rows_are_those_of_the_descriptions_and_differences_are_paired():
    some = scenes("test", 30)
    true = [scene.caption for scene in some]
    made_up = [
        text.replace("There", "There is a small purple ring. There", 1) if place % 3 else text[:40]
        for place, text in enumerate(true)
    ]
    plain, before = kept(made_up, some)
    better, after = kept(true, some)
    rows = beside([plain, better[::-1]])  # in whatever order they were kept
    assert [row["metric"] for row in rows] == list(before.rates)
    expected = changes(before, after)[ALL]
    for row in rows:
        first, second = row["values"]
        assert first["difference"] is None
        for shown, rate in ((first, before[row["metric"]]), (second, after[row["metric"]])):
            assert (shown["numerator"], shown["denominator"]) == (rate.numerator, rate.denominator)
            assert (shown["value"], shown["low"], shown["high"]) == (
                rate.value,
                rate.low,
                rate.high,
            )
        change = expected[row["metric"]]
        assert second["difference"] == {
            "value": change.value,
            "low": change.low,
            "high": change.high,
        }
    chair = next(row for row in rows if row["metric"] == "chair_i")
    assert chair["values"][1]["difference"]["high"] < 0


def test_other_scenes_do_not_pair():
    some = scenes("test", 4)
    rows, _ = kept([scene.caption for scene in some], some)
    with pytest.raises(ValueError, match="the same scenes"):
        beside([rows, rows[:3]])
