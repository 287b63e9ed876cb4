"""Scores, delta and data factor, by numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.alignment.evidence.config import OFFICIAL_MEAN
from methods.alignment.evidence.scores import (
    data_factor,
    pair_delta,
    precomputed_delta,
    shares,
)

cosines = st.lists(st.floats(-1, 1), min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("delta", "factor"),
    [(-1, 0.525), (-0.5, 0.737), (0, 0.976), (OFFICIAL_MEAN, 1), (0.5, 1.216), (1, 1.428)],
)
def test_the_data_factor_at_the_published_mean(delta, factor):
    assert float(data_factor(delta, OFFICIAL_MEAN)) == pytest.approx(factor, abs=5e-4)


def test_the_data_factor_is_one_at_the_mean_rises_and_stays_below_its_bound():
    deltas = np.linspace(-40, 40, 801)
    factors = data_factor(deltas, 0.3)
    assert float(data_factor(0.3, 0.3)) == 1.0
    assert (factors > 0).all()
    assert (np.diff(factors[200:600]) > 0).all()
    assert factors.max() <= (1 + math.exp(-0.3)) * (1 + 1e-12)
    assert np.isfinite(data_factor([-1e4, 1e4], 0.3)).all()


def test_the_factor_of_the_mean_is_not_the_mean_of_the_factor():
    deltas = np.array([-3.0, 0.0, 9.0])
    by_hand = 1 / (1 + np.exp(-deltas)) * (1 + math.exp(-2.0))
    assert data_factor(deltas, float(deltas.mean())) == pytest.approx(by_hand)


def test_joint_softmax_by_hand():
    # weights e^0, e^1, e^0 with tau = 10: shares 1/(2+e), e/(2+e), 1/(2+e)
    total = 2 + math.e
    assert shares([0.2, 0.3, 0.2], 10) == pytest.approx([1 / total, math.e / total, 1 / total])
    assert pair_delta([0.2, 0.3, 0.2], 2, "joint_softmax", 10) == pytest.approx(math.e / total)


def test_cosine_scores_by_hand():
    cos = [0.2, 0.4, 0.1]
    assert pair_delta(cos, 2, "mean_cos", 100) == pytest.approx(0.2)
    assert pair_delta(cos, 2, "sum_cos", 100) == pytest.approx(0.5)


def test_equal_evidence_shows_the_length_bias_of_each_score():
    cos = [0.25] * 4  # three sub-sentences against one, none better than another
    assert pair_delta(cos, 3, "joint_softmax", 100) == pytest.approx(0.5)
    assert pair_delta(cos, 3, "sum_cos", 100) == pytest.approx(0.5)
    assert pair_delta(cos, 3, "mean_cos", 100) == pytest.approx(0)


def test_only_the_mean_holds_an_added_falsehood_against_an_answer():
    cos = [0.3, 0.3, 0.05]  # the rejected answer repeats the chosen one and adds what is not there
    assert -1e-9 < pair_delta(cos, 1, "joint_softmax", 100) < 0
    assert pair_delta(cos, 1, "sum_cos", 100) < 0
    assert pair_delta(cos, 1, "mean_cos", 100) == pytest.approx(0.125)


@given(cosines, st.data(), st.sampled_from(["joint_softmax", "mean_cos", "sum_cos"]))
def test_swapping_the_answers_negates_delta(cos, data, score):
    chosen = data.draw(st.integers(1, len(cos) - 1))
    delta = pair_delta(cos, chosen, score, 100)
    swapped = pair_delta(cos[chosen:] + cos[:chosen], len(cos) - chosen, score, 100)
    assert delta == pytest.approx(-swapped, abs=1e-12)
    if score == "joint_softmax":
        of_chosen = shares(cos, 100)[:chosen].sum()
        assert delta == pytest.approx(2 * of_chosen - 1, abs=1e-12)
        assert -1 - 1e-12 <= delta <= 1 + 1e-12


def test_given_scores_are_summed_and_subtracted():
    assert precomputed_delta([0.25, 0.5], [0.125]) == 0.625


@pytest.mark.parametrize(("chosen", "rejected"), [([], [1.0]), ([1.0], []), ([math.nan], [1.0])])
def test_given_scores_are_present_and_finite(chosen, rejected):
    with pytest.raises(ValueError, match="scores must be one or more finite numbers"):
        precomputed_delta(chosen, rejected)


def test_what_has_no_delta_is_refused():
    with pytest.raises(ValueError, match="both answers need a sub-sentence: 2 of 2"):
        pair_delta([0.1, 0.2], 2, "joint_softmax", 100)
    with pytest.raises(ValueError, match="score must be joint_softmax"):
        pair_delta([0.1, 0.2], 1, "precomputed", 100)
