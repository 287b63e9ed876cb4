"""Intervals over pictures and draws against a slow loop, and what they come to at their limits."""

from __future__ import annotations

import numpy as np
import pytest

from methods.fewshot.episodes.paired import paired_bootstrap
from methods.fewshot.evaluating import figures
from methods.fewshot.evaluating.figures import Resampling, accuracies, changes
from methods.intervals import wilson_interval


def test_a_slow_loop_gives_the_same_interval(monkeypatch):
    monkeypatch.setattr(figures, "DRAWS", 150)  # more than one chunk
    values = np.random.default_rng(1).random((2, 3, 7))
    found = Resampling(3, 7, seed=4).intervals(values)
    generator = np.random.default_rng(4)
    means = [[], []]
    for size in (100, 50):  # each chunk draws its draws, then its pictures
        of_draws = generator.multinomial(3, np.full(3, 1 / 3), size)
        of_pictures = generator.multinomial(7, np.full(7, 1 / 7), size)
        for draws, pictures in zip(of_draws, of_pictures, strict=True):
            for figure in range(2):
                total = sum(
                    draws[s] * pictures[n] * values[figure, s, n]
                    for s in range(3)
                    for n in range(7)
                )
                means[figure].append(total / 21)
    for figure in range(2):
        assert found[figure].mean == pytest.approx(values[figure].mean())
        ends = np.quantile(means[figure], [0.025, 0.975])
        assert [found[figure].low, found[figure].high] == pytest.approx(list(ends))


def test_one_draw_is_the_bootstrap_over_pictures():
    draw = np.random.default_rng(2)
    first, second = draw.random((2, 1, 400)) < np.array([0.6, 0.7])[:, None, None]
    [change] = changes(first, second[None], Resampling(1, 400, seed=0))
    plain = paired_bootstrap(first[0], second[0], seed=0)
    assert change.difference.mean == pytest.approx(plain.mean)
    assert change.difference.low == pytest.approx(plain.low, abs=0.012)
    assert change.difference.high == pytest.approx(plain.high, abs=0.012)


def test_draws_that_differ_widen_the_interval():
    same = np.tile(np.arange(100) < 50, (4, 1))
    differing = np.stack([np.arange(100) < part for part in (20, 40, 60, 80)])
    narrow, wide = accuracies(np.stack([same, differing]), Resampling(4, 100, seed=0))
    assert narrow.mean == wide.mean == 0.5
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_all_right_is_not_certain():
    [all_right, none] = accuracies(
        np.stack([np.ones((2, 30), bool), np.zeros((2, 30), bool)]), Resampling(2, 30, seed=0)
    )
    assert (all_right.low, all_right.high) == wilson_interval(30, 30)
    assert (none.low, none.high) == wilson_interval(0, 30)


def test_fixed_and_broken_are_pictures_and_not_answers():
    """Four pictures in two draws: fixed in both, fixed in one, broken in one, changed both ways."""
    before = np.array([[0, 0, 1, 1], [0, 1, 1, 0]], bool)
    after = np.array([[1, 1, 1, 0], [1, 1, 0, 1]], bool)
    [change] = changes(before, after[None], Resampling(2, 4, seed=0))
    assert (change.fixed, change.broken) == (2, 1)
    assert change.p == 1.0  # 2 against 1, two-sided: P(X >= 2) + P(X <= 1) = 1
    assert change.difference.mean == 2 / 8
    [six] = changes(np.zeros((1, 6), bool), np.ones((1, 1, 6), bool), Resampling(1, 6, seed=0))
    assert six.p == pytest.approx(2 / 2**6)


def test_no_change_in_few_pictures_is_no_proof_of_none():
    same = np.ones((2, 30), bool)
    [change] = changes(same, same[None], Resampling(2, 30, seed=0))
    assert change.difference.high == -change.difference.low == wilson_interval(0, 30)[1]
    assert (change.fixed, change.broken, change.p) == (0, 0, 1.0)
