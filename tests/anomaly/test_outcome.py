from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.outcome import percentiles_of, rank_correlation


def test_percentiles_count_what_is_below_and_half_of_what_ties() -> None:
    got = percentiles_of(np.array([3.0, 1.0, 3.0, 7.0]))
    assert got.tolist() == [0.5, 0.125, 0.5, 0.875]
    assert percentiles_of(np.zeros(3)).tolist() == [0.5, 0.5, 0.5]


def test_the_rank_correlation_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    chance = np.random.default_rng(0)
    first = chance.integers(0, 9, 50).astype(float)  # with ties
    second = first + chance.normal(size=50)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, np.ones(50)) == 0
