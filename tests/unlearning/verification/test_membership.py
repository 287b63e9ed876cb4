"""The three attacks by hand, and when the rows compared are too few or unlike."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from methods.unlearning import membership
from methods.unlearning.verification.answers import Scored
from methods.unlearning.verification.membership import (
    Side,
    compressed,
    matching,
    min_k_score,
    privleak,
    unlike,
)


def scored(*log_probs):
    return Scored(np.array(log_probs), (0,) * len(log_probs), (0,) * len(log_probs))


def test_each_attack_looks_at_its_own_thing():
    # Losses 1 and 2: below the others' 3 and 1.5 in three of four pairs.
    members, others = [scored(-1, -1), scored(-2, -2)], [scored(-3, -3), scored(-0.1, -2.9)]
    found = membership(members, others, ["a", "b"], ["c", "d"])
    assert (found.loss.value, found.members, found.others) == (0.75, 2, 2)
    # The least likely token: -1 and -2 against -3 and -2.9: all four pairs.
    assert found.min_k.value == 1
    # All texts are of one length once compressed, so that zlib changes nothing ...
    assert found.zlib.value == found.loss.value
    # ... until the surprising member is the longer text: 2 / long is below 1.5 / short.
    longer = "once upon a time there was a quick brown fox"
    assert membership(members, others, ["a", longer], ["c", "d"]).zlib.value == 1


def test_ties_count_half():
    row = scored(-1.0, -2.0)
    found = membership([row], [row], ["a"], ["a"])
    assert found.loss.value == found.min_k.value == found.zlib.value == 0.5
    assert found.loss.low < 0.1
    assert found.loss.high > 0.9


def test_min_k_takes_one_token_at_least():
    values = np.array([-5.0, -1.0, -4.0, -2.0, -3.0, -6.0, -1.5, -2.5, -3.5, -0.5])
    assert min_k_score(values, 0.2) == -5.5
    assert min_k_score(values, 0.01) == -6
    assert min_k_score(values, 1.0) == pytest.approx(values.mean())
    assert compressed("straße") == len(zlib.compress("straße".encode()))


def test_privleak_is_zero_at_the_retrain_and_negative_beyond():
    assert privleak(0.6, 0.6) == 0
    assert privleak(0.3, 0.6) == pytest.approx(-0.5)
    assert privleak(0.3, 0.0) is None


@pytest.mark.parametrize(
    ("members", "others", "texts", "k", "named"),
    [
        (0, 1, (0, 1), 0.2, "got 0 and 1"),
        (1, 1, (1, 0), 0.2, "2 rows need as many texts"),
        (1, 1, (1, 1), 0.0, "k must lie above 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(members, others, texts, k, named):
    row = scored(-1.0)
    with pytest.raises(ValueError, match=named):
        membership([row] * members, [row] * others, ["a"] * texts[0], ["a"] * texts[1], k)


def test_rows_of_one_law_are_not_called_unlike():
    side = Side([""] * 40, [3, 4] * 20, [1.0, 2.0] * 20)
    assert unlike(side, side) == []


def test_what_tells_the_sides_apart_without_the_adapter_is_said():
    few, kinds = Side(["private"] * 5, [3] * 5), Side(["", "wrong"] * 20, [3] * 40)
    small, lacking = unlike(few, kinds)
    assert small.startswith("5 rows against 40")
    assert lacking == "no row never trained on is of kind 'private'"
    long = unlike(Side([""] * 40, [9] * 40), Side([""] * 40, [3] * 40))
    assert len(long) == 1
    assert "lengths of their answers alone" in long[0]
    assert "AUC 1.00" in long[0]
    losses = unlike(Side([""] * 40, [3] * 40, [0.5] * 40), Side([""] * 40, [3] * 40, [2.0] * 40))
    assert len(losses) == 1
    assert "base model" in losses[0]
    # direction does not matter: lower loss is apart as well
    assert "AUC 1.00" in losses[0]


def test_matching_takes_the_kinds_that_are_asked_for_in_their_shares():
    there = ["", "private", "", "wrong", "private", "", "private"]
    assert matching(["private", "private"], there) == [1, 4, 6]
    # one private, one plain: as many of each, so three of each
    assert matching(["private", ""], there) == [0, 1, 2, 4, 5, 6]
    # two wrong for each private: one wrong and half a private, but one at least
    assert matching(["wrong", "wrong", "private"], there) == [1, 3]
    assert matching(["other"], there) == list(range(7))
    assert matching([""], ["", ""]) == [0, 1]
