"""Margins by hand, and what the two of them have to do with each other."""

from __future__ import annotations

import math

import pytest
import torch

from methods.fewshot.vcr.margins import cosines, entropies, least_sure, margins, surest


def test_cosines_and_margins_by_hand() -> None:
    views = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    scores = cosines(views, torch.tensor([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]]))
    torch.testing.assert_close(scores, torch.tensor([[0.6, 0.8, 1.0], [0.0, 1.0, 0.8]]))
    torch.testing.assert_close(margins(scores, "cosine"), torch.tensor([0.2, 0.2]))


def test_with_two_classes_the_probability_is_a_tanh_of_the_cosine() -> None:
    scores = 0.3 + 0.05 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0)).double()
    small = margins(scores, "cosine")
    torch.testing.assert_close(
        margins(scores, "prob"), torch.tanh(50 * small), rtol=1e-12, atol=1e-14
    )
    assert surest(scores, "prob") == surest(scores, "cosine")
    assert least_sure(scores, "prob") == least_sure(scores, "cosine")


def test_with_three_classes_they_may_choose_otherwise() -> None:
    # The first leads its second by more, the second leaves nothing to all the others.
    scores = torch.tensor([[0.310, 0.300, 0.300, 0.300], [0.309, 0.300, 0.1, 0.1]])
    assert surest(scores, "cosine") == 0
    assert surest(scores, "prob") == 1


def test_probabilities_that_tie_are_told_apart_by_their_cosines() -> None:
    scores = torch.tensor([[0.5, 0.0], [0.9, 0.0], [0.7, 0.0]])
    assert margins(scores, "prob").tolist() == [1, 1, 1]
    assert surest(scores, "prob") == 1
    assert least_sure(scores, "prob") == 0
    assert surest(scores[[0, 0]], "prob") == surest(scores[[0, 0]], "cosine") == 0


@pytest.mark.parametrize("classes", [2, 7])
def test_entropy_of_equals_is_the_logarithm_of_their_number(classes: int) -> None:
    scores = torch.full((1, classes), 0.3)
    assert float(entropies(scores)) == pytest.approx(math.log(classes))
    scores[0, 0] = 1.0
    assert 0 <= float(entropies(scores)) < 1e-20
