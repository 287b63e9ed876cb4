"""The area under the curve and its interval, by slow loops, by hand and by what an interval must do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.roc import auc


def slow_auc(scores, truth):
    """Every pair of a true and a false one."""
    wins = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high, is_true in zip(scores, truth, strict=True)
        for low, is_other in zip(scores, truth, strict=True)
        if is_true and not is_other
    ]
    return sum(wins) / len(wins)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_the_share_of_pairs_in_order(items):
    scores, truth = zip(*items, strict=True)
    found = auc(scores, truth)
    if len(set(truth)) < 2:
        assert found is None
    else:
        assert found.value == pytest.approx(slow_auc(scores, truth))
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_an_end_of_the_interval_is_where_the_measured_area_is_just_not_surprising():
    found = auc([4, 2, 3, 1], [True, True, False, False])
    assert found.value == 0.75
    for end in (found.low, found.high):
        # two of each: N* = 1; Q1 = a / (2 - a) and Q2 = 2 a^2 / (1 + a) as Hanley and McNeil write them
        q1, q2 = end / (2 - end), 2 * end**2 / (1 + end)
        variance = (end * (1 - end) + (q1 - end**2) + (q2 - end**2)) / 4
        assert abs(0.75 - end) == pytest.approx(1.959964 * variance**0.5)


def test_wholly_apart_is_not_wholly_sure_and_mirrors():
    above = auc([5, 6, 7, 1, 2, 3], [True] * 3 + [False] * 3)
    below = auc([1, 2, 3, 5, 6, 7], [True] * 3 + [False] * 3)
    assert above.value == above.high == 1
    assert 0.4 < above.low < 0.8
    assert below.value == below.low == 0
    assert below.high == pytest.approx(1 - above.low)
    many = auc([*range(100, 200), *range(100)], [True] * 100 + [False] * 100)
    assert many.low > 0.95


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="score 1 is not a number"):
        auc([1.0, float("nan")], [True, False])
