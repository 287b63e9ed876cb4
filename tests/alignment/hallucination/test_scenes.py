"""Descriptions of scenes, scored against what the pictures were made from."""

from __future__ import annotations

import pytest

from methods.alignment.hallucination.scenes import describe, score_scenes
from methods.worlds.llava.data import scenes


@pytest.fixture(scope="module")
def some():
    return scenes("test", 40)


def test_true_captions_are_perfect(some):
    found = score_scenes([scene.caption for scene in some], some)
    values = {name: rate.value for name, rate in found.rates.items()}
    objects = sum(len(scene.objects) for scene in some)
    assert values == {
        "chair_i": 0,
        "chair_s": 0,
        "recall": 1,
        "mentions": objects / 40,
        "background_right": 1,
    }
    assert found["chair_i"].denominator == objects
    assert not any(item.hallucinates or item.missed for item in found.items)


def test_a_phantom_a_repeat_and_an_omission_count_as_they_should(some):
    scene = next(each for each in some if len(each.objects) == 2)
    first, second = scene.objects
    absent = next(
        name for name in ("red star", "blue ring", "green heart") if name not in scene.objects
    )
    text = f"There is a small {first}. There is a large {absent.upper()}. There is a {first}."
    found = score_scenes([text], [scene])
    assert (found["chair_i"].numerator, found["chair_i"].denominator) == (1, 3)
    assert found["chair_s"].value == 1
    assert (found["recall"].numerator, found["recall"].denominator) == (1, 2)
    assert found["background_right"].value == 0
    item = found.items[0]
    assert item.missed == (second,)
    assert [(text[m.start : m.end].lower(), m.node, m.correct) for m in item.mentions] == [
        (first, first, True),
        (absent, absent, False),
        (first, first, True),
    ]
    assert item.mentions[0].start < item.mentions[1].start < item.mentions[2].start


def test_an_empty_answer_names_nothing_and_divides_by_nothing(some):
    found = score_scenes([""], some[:1])
    assert found["chair_i"].value is None
    assert found["chair_i"].low is None
    assert found["chair_s"].value == 0
    assert found["recall"].value == 0
    assert describe("", some[0]).missed == some[0].objects


def test_texts_and_scenes_must_match(some):
    with pytest.raises(ValueError, match="1 descriptions of 2 scenes"):
        score_scenes([""], some[:2])
    with pytest.raises(ValueError, match="no answers"):
        score_scenes([], [])
