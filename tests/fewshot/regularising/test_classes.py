from __future__ import annotations

import numpy as np
import pytest

from methods.base import MethodError
from methods.fewshot.regularising.classes import check_left, read_vetoes, split_classes

NAMES = ("red fox", "grey_wolf", "robin, American robin", "Space: 1999", "cat", "dog")
CLASSES = split_classes(NAMES, frozenset({0, 1, 2}), "")


def test_the_source_says_which_are_base():
    assert CLASSES.base_names == ["red fox", "grey_wolf", "robin, American robin"]
    assert CLASSES.novel_names == ["Space: 1999", "cat", "dog"]


def test_named_classes_are_novel_and_no_base_classes_any_more():
    classes = split_classes(NAMES, frozenset({0, 1, 2}), "Grey wolf\n\n cat ")
    assert classes.novel_names == ["grey_wolf", "cat"]
    assert classes.base_names == ["red fox", "robin, American robin"]


def test_without_a_source_that_says_all_others_are_base():
    classes = split_classes(NAMES, None, "cat\ndog")
    assert classes.base == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("names", "base", "novel", "told"),
    [
        (NAMES, None, "", "name the novel classes, one a line"),
        (NAMES, None, "cat\nlion", "no class 'lion'"),
        (NAMES, None, "cat\nCat", "'cat' is named twice"),
        (NAMES, None, "cat", "5 base and 1 novel"),
        (NAMES, None, "\n".join(NAMES), "0 base and 6 novel"),
        (("cat", "dog", "Cat"), frozenset({0}), "", "base and novel classes of the same name: cat"),
        (("a", "A", "b", "c"), frozenset({0, 1}), "", "base classes are named twice: a"),
    ],
)
def test_what_does_not_part_is_named(names, base, novel, told):
    with pytest.raises(MethodError, match=told):
        split_classes(names, base, novel)


def test_vetoes_strike_out_by_name_whatever_marks_names_have():
    struck = read_vetoes(
        "cat: red fox, Grey wolf\n\nSpace: 1999: robin, American robin\ndog: red_fox", CLASSES
    )
    wanted = np.zeros((6, 3), bool)
    wanted[4, :2] = wanted[3, 2] = wanted[5, 0] = True
    np.testing.assert_array_equal(struck, wanted)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cat: red fox\ncat red fox", "vetoes, line 2: 'cat red fox' is not"),
        ("lion: red fox", "line 1: 'lion' is no novel class; there are: Space: 1999, cat, dog"),
        ("red fox: cat", "'red fox' is no novel class"),
        ("cat: red fox, dog", "'dog' is no base class"),
        ("cat:", "'' is no base class"),
    ],
)
def test_a_veto_that_means_nothing_is_named(text, told):
    with pytest.raises(MethodError, match=told):
        read_vetoes(text, CLASSES)


def test_enough_base_classes_must_be_left():
    struck = read_vetoes("cat: red fox, grey wolf", CLASSES)
    check_left(struck, CLASSES, 1)
    with pytest.raises(
        MethodError, match="2 base classes are asked for, and 'cat' has 1 left after"
    ):
        check_left(struck, CLASSES, 2)
    with pytest.raises(MethodError, match=r"'Space: 1999' has 3 left$"):
        check_left(struck, CLASSES, 4)
