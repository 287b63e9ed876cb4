"""Correlation, area under the curve, levels and histogram, by slow loops and hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.alignment.evidence.diagnostics import auc, correlation, histogram, level_rows


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


def test_the_interval_of_an_area_by_hand():
    # area 3/4 of two true and two false: Hanley and McNeil's Q1 = .6, Q2 = 9/14
    found = auc([4, 2, 3, 1], [True, True, False, False])
    variance = (0.75 * 0.25 + (0.6 - 0.5625) + (9 / 14 - 0.5625)) / 4
    assert found.value == 0.75
    assert found.low == pytest.approx(0.75 - 1.959964 * variance**0.5)
    assert found.high == 1.0


def test_correlation_where_there_is_one():
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert correlation([1, 2, 3], [1, 0, 1]) == pytest.approx(0)
    assert correlation([1, 2, 3], [5, 5, 5]) is None
    assert correlation([1], [1]) is None


def test_levels_in_the_order_of_their_first_pair():
    delta = np.array([0.5, -0.1, 0.1, 0.7])
    first, second = level_rows(["easy", "hard", "hard", "easy"], delta, delta + 1)
    assert first["level"] == "easy"
    assert first["pairs"] == 2
    assert first["delta_mean"] == pytest.approx(0.6)
    assert first["delta_low"] == pytest.approx(
        0.6 - 12.7062 * 0.1, abs=1e-3
    )  # t with one degree of freedom
    assert second["contested_share"] == 0.5
    assert second["data_factor_mean"] == pytest.approx(1.0)


def test_the_histogram_counts_every_pair_once():
    delta = np.concatenate([np.linspace(-1, 1, 101), [0.3] * 9])
    figure = histogram(delta, 0.1)
    contested, agreed = figure["data"]
    assert sum(contested["y"]) + sum(agreed["y"]) == 110
    assert max(contested["x"]) < 0 <= min(agreed["x"])
    assert figure["layout"]["shapes"][0]["x0"] == 0.1
