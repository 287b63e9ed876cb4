"""Correlation, levels and histogram, by slow loops and hand."""

from __future__ import annotations

import numpy as np
import pytest

from methods.alignment.evidence.diagnostics import correlation, histogram, level_rows


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
