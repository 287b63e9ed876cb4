"""What is learnt from, tuned on and tested: apart from each other, the same for all that is compared, blind to tested labels."""

from __future__ import annotations

from collections import Counter

import pytest

from methods.base import MethodError
from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.evaluating.drawing import ALL_SHOTS, draw
from methods.fewshot.sets.labelled import Item, LabelledSet


def unread():
    raise AssertionError("drawing reads no picture")


def items(part, counts):
    return tuple(
        Item(f"{part}/{label}/{number}", label, f"{part} {label} {number}", unread)
        for label, count in enumerate(counts)
        for number in range(count)
    )


def labelled(**parts):
    return LabelledSet("toys", ("a", "b", "c"), parts)


def names(some):
    return [item.name for item in some]


def supports(drawn):
    return [{drawn.train[place].name for place in places} for places in drawn.supports]


def test_shuffled_labels_of_the_test_change_nothing_that_is_drawn():
    found = labelled(train=items("train", (9, 9, 9)), test=items("test", (20, 20, 20)))
    other = [
        Item(item.name, (item.label * 7 + place) % 3, item.mark, unread)
        for place, item in enumerate(reversed(found.parts["test"]))
    ]
    shuffled = labelled(train=found.parts["train"], test=other)
    config = EvaluateConfig(shots=2, draws=3, test_pictures=30)
    one, two = draw(found, config, seed=5), draw(shuffled, config, seed=5)
    assert names(one.test) == names(two.test)
    assert supports(one) == supports(two)
    assert [item.label for item in one.test] != [item.label for item in two.test]
    assert len(one.test) == 30
    assert names(draw(found, config, seed=6).test) != names(one.test)


def test_draws_differ_and_have_as_many_of_each_class():
    found = labelled(train=items("train", (9, 9, 9)), test=items("test", (2, 2, 2)))
    drawn = draw(found, EvaluateConfig(shots=2, draws=4), seed=10)
    assert drawn.seeds == (10, 11, 12, 13)
    assert len({frozenset(each) for each in supports(drawn)}) == 4
    for places in drawn.supports:
        assert Counter(drawn.train[place].label for place in places) == {0: 2, 1: 2, 2: 2}
    assert {place for places in drawn.supports for place in places} == set(range(len(drawn.train)))
    # A draw is what its seed says, whatever stands beside it.
    again = draw(found, EvaluateConfig(shots=2, draws=1), seed=12)
    assert supports(again) == [supports(drawn)[2]]


def test_an_undivided_set_is_divided_and_no_part_meets_another():
    found = labelled(all=items("all", (12, 5, 1)))
    for validation in ("loo", "val"):
        config = EvaluateConfig(shots=3, draws=5, validation=validation, test_pictures=99)
        drawn = draw(found, config, seed=0)
        parts = [set(names(each)) for each in (drawn.train, drawn.val, drawn.test)]
        assert sum(map(len, parts)) == len(set.union(*parts))
        assert bool(parts[1]) == (validation == "val")
        # A class of 12 gives 6 to learn from, of 5 it gives the 3 shots; a single picture is tested.
        left = {"loo": {0: 6, 1: 2, 2: 1}, "val": {0: 3, 1: 1, 2: 1}}[validation]
        assert Counter(item.label for item in drawn.test) == left
        assert "classes with fewer than 3 shots: c (0)" in drawn.notes


def test_a_class_may_have_fewer_shots_and_equal_draws_are_made_once():
    found = labelled(train=items("train", (2, 1, 0)), test=items("test", (2, 2, 0)))
    drawn = draw(found, EvaluateConfig(shots=2, draws=3), seed=0)
    assert len(drawn.supports) == 1
    assert ALL_SHOTS in drawn.notes
    assert "classes with fewer than 2 shots: b (1), c (0)" in drawn.notes
    assert "classes without a test picture, which can only be answered wrongly: c" in drawn.notes


def test_no_shots_need_no_picture_to_learn_from():
    found = labelled(test=items("test", (2, 2, 2)))
    drawn = draw(found, EvaluateConfig(shots=0, draws=3), seed=0)
    assert (drawn.train, drawn.supports) == ((), ((),))
    with pytest.raises(MethodError, match="shots: toys has no picture to learn from"):
        draw(found, EvaluateConfig(shots=1), seed=0)
    with pytest.raises(MethodError, match="validation: toys has no validation pictures"):
        draw(found, EvaluateConfig(shots=0, validation="val"), seed=0)
