"""A request names samples once, that exist, and says one thing of each."""

from __future__ import annotations

import numpy as np
import pytest

from methods.unlearning import Request


def test_what_is_left_and_what_takes_whose_place():
    request = Request(remove=[3, 0], replace={2: "C"})
    assert request.marked == (0, 2, 3)
    assert len(request) == 3
    assert request.retained(5) == [1, 4]
    assert request.edited(["a", "b", "c", "d", "e"]) == ["b", "C", "e"]
    request.check(5)


def test_positions_of_numpy_are_whole_numbers():
    assert Request(remove=np.array([4, 1])).remove == (4, 1)


@pytest.mark.parametrize(
    ("remove", "replace", "words"),
    [
        ((1, 2, 1), {}, "sample 1 is given twice"),
        ((1,), {1: "x"}, "sample 1 is to be removed and replaced"),
        ((1.0,), {}, "whole number from 0; got 1.0"),
        ((True,), {}, "got True"),
        ((), {"row": "x"}, "replace: .* got 'row'"),
    ],
)
def test_contradictions_are_named(remove, replace, words):
    with pytest.raises(ValueError, match=words):
        Request(remove, replace)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request((7,)), "sample 7 does not exist: the data set has 5 samples, 0 to 4"),
        (Request((-1,)), "sample -1 does not exist"),
        (Request((), {5: "x"}), "sample 5 does not exist"),
        (Request(range(5)), "all 5 samples are to be removed"),
    ],
)
def test_a_request_must_fit_the_data(request_, words):
    with pytest.raises(ValueError, match=words):
        request_.check(5)
