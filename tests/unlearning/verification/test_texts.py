"""Extraction strength against decoding prefix by prefix, ROUGE-L against all subsequences, the rest by hand."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.unlearning import extraction_strength
from methods.unlearning.verification.texts import (
    Rouge,
    common_length,
    matched,
    rouge_l,
    token_accuracy,
)

tokens = st.integers(0, 2)


@pytest.mark.parametrize(
    ("predicted", "strength", "accuracy", "same"),
    [
        ([1, 2, 3, 4], 1.0, 1.0, 4),
        ([9, 2, 3, 4], 0.75, 0.75, 0),
        ([1, 9, 3, 4], 0.5, 0.75, 1),
        ([1, 2, 3, 9], 0.0, 0.75, 3),
        ([9, 9, 9, 9], 0.0, 0.0, 0),
    ],
)
def test_by_hand(predicted, strength, accuracy, same):
    answer = [1, 2, 3, 4]
    assert extraction_strength(predicted, answer) == strength
    assert token_accuracy(predicted, answer) == accuracy
    assert matched(predicted, answer) == same


@given(
    st.dictionaries(st.lists(tokens, max_size=4).map(tuple), tokens),
    st.lists(tokens, min_size=1, max_size=5),
)
def test_extraction_is_what_decoding_from_each_prefix_finds(table, answer):
    """A model that says `table[what came before]`: decode from every prefix, and take the shortest that works."""

    def say(before):
        return table.get(tuple(before), 0)

    def regenerated(prefix):
        text = list(prefix)
        while len(text) < len(answer):
            text.append(say(text))
        return text

    shortest = next(k for k in range(len(answer) + 1) if regenerated(answer[:k]) == answer)
    predicted = [say(answer[:place]) for place in range(len(answer))]
    assert extraction_strength(predicted, answer) == pytest.approx(1 - shortest / len(answer))
    assert (extraction_strength(predicted, answer) == 1) == (regenerated([]) == answer)
    assert regenerated([])[: matched(predicted, answer)] == answer[: matched(predicted, answer)]


@given(st.lists(tokens, max_size=6), st.lists(tokens, max_size=6))
def test_the_longest_common_subsequence_by_trying_all(first, second):
    def subsequences(of):
        return {each for count in range(len(of) + 1) for each in combinations(of, count)}

    longest = max(len(each) for each in subsequences(first) & subsequences(second))
    assert common_length(first, second) == longest


def test_rouge_by_hand():
    found = rouge_l("The baker's shop opens at nine.", "the shop-door: opens at NINE?")
    assert found.recall == pytest.approx(
        5 / 7
    )  # the, shop, opens, at, nine; "baker's" is two words
    assert found.precision == pytest.approx(5 / 6)
    assert found.f1 == pytest.approx(2 * 5 / 13)
    assert rouge_l("", "!") == Rouge(1, 1, 1)
    assert rouge_l("word", "") == Rouge(0, 0, 0)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="got 1 and 2"):
        extraction_strength([1], [1, 2])
    with pytest.raises(ValueError, match="got 0 and 0"):
        token_accuracy([], [])
