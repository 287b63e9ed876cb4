"""Means over a few values and shares: against the tables and another library, and by hand."""

from __future__ import annotations

import math

import pytest
from scipy.stats import t as student

from methods.intervals import mean_of, student_t, wilson_interval


@pytest.mark.parametrize(
    ("freedom", "printed"), [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (30, 2.042)]
)
def test_students_t_is_that_of_the_printed_tables(freedom: int, printed: float) -> None:
    assert round(student_t(freedom), 3) == printed


def test_students_t_is_that_of_another_library() -> None:
    for freedom in range(1, 200):
        assert math.isclose(student_t(freedom), student.ppf(0.975, freedom), rel_tol=1e-12)


def test_a_mean_of_three_by_hand() -> None:
    # Deviations -1, 0, 1: s = 1, so half the interval is 4.3027 / sqrt(3).
    found = mean_of([4.0, 5.0, 6.0])
    assert (found.mean, found.n) == (5.0, 3)
    assert found.low == pytest.approx(5 - 4.302653 / math.sqrt(3), abs=1e-6)
    assert found.high == pytest.approx(5 + 4.302653 / math.sqrt(3), abs=1e-6)


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    found = mean_of([2.5])
    assert (found.mean, found.low, found.high, found.n) == (2.5, None, None, 1)
    with pytest.raises(ValueError, match="at least one"):
        mean_of([])
    with pytest.raises(ValueError, match="1 or more, got 0"):
        student_t(0)


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (99, 100, 0.9455, 0.9982),
    ],
)
def test_wilson_interval_of_known_shares(
    successes: int, total: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, total) == pytest.approx((low, high), abs=1e-4)


def test_wilson_interval_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="got 3 of 2"):
        wilson_interval(3, 2)
