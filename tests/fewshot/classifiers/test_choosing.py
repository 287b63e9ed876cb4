"""Alpha and beta: leave-one-out by a slow loop, and what must not be looked at."""

from __future__ import annotations

import pytest
import torch

from methods.fewshot.classifiers.choosing import (
    ALPHA,
    BETA,
    Grid,
    leave_one_out,
    on_validation,
    search,
)
from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import tip_logits

ALPHAS, BETAS = (0.1, 1.0, 4.0, 20.0), (0.1, 2.0, 9.0)


def slowly(text, support, alpha, beta, balanced):
    """Share of judged pictures named right, each by a support without it."""
    right = []
    for place, label in enumerate(support.labels.tolist()):
        count = int(support.counts[label])
        if count == 1:
            continue
        rest = [k for k in range(len(support.labels)) if k != place]
        values = support.values(balanced)[rest].clone()
        values[:, label] *= count / (count - 1)
        logits = tip_logits(
            support.asked[place : place + 1], text, support.keys[:, rest], values, alpha, beta
        )
        right.append(int(logits.argmax()) == label)
    return sum(right) / len(right)


@pytest.mark.parametrize("balanced", [False, True])
def test_leave_one_out_by_a_slow_loop(task, balanced):
    text, support, _ = task
    text = text.roll(1, dims=0)  # texts that say little, so that the cache decides
    found = leave_one_out(support, text, ALPHAS, BETAS, balanced=balanced)
    wanted = [[slowly(text, support, alpha, beta, balanced) for alpha in ALPHAS] for beta in BETAS]
    assert found.map.tolist() == [pytest.approx(row) for row in wanted]
    assert len({value for row in wanted for value in row}) > 1  # the map tells something
    assert "leave-one-out (9 of 10 pictures)" in found.tuned_on
    flat = [
        (value, beta, alpha)
        for row, beta in zip(wanted, BETAS, strict=True)
        for value, alpha in zip(row, ALPHAS, strict=True)
    ]
    best = max(value for value, *_ in flat)
    assert (found.accuracy, found.beta, found.alpha) == next(
        each for each in flat if each[0] == best
    )
    assert found.ties == sum(value == best for value, *_ in flat)


def test_where_every_picture_is_the_only_one_of_its_class_nothing_is_chosen(task):
    text, support, _ = task
    singles = Support(support.views[:, [0, 6]], torch.tensor([0, 1]), 2)
    found = leave_one_out(singles, text, ALPHAS, BETAS)
    assert (found.alpha, found.beta, found.accuracy, found.map) == (ALPHA, BETA, None, None)
    assert found.tuned_on.startswith("nothing: no class has a second picture")


def test_of_equals_the_smallest_beta_then_the_smallest_alpha_is_taken():
    zero = torch.tensor([[1.0, 0.0]])
    found = search(zero, lambda _: torch.zeros(1, 2), torch.tensor([0]), ALPHAS, BETAS, "x")
    assert (found.beta, found.alpha, found.ties, found.accuracy) == (0.1, 0.1, 12, 1.0)
    assert found.at_the_end == ()
    # Only beta = 9 with alpha = 20 turns it over.
    found = search(
        zero,
        lambda beta: torch.tensor([[0.0, 0.1 * (beta == 9)]]),
        torch.tensor([1]),
        ALPHAS,
        BETAS,
        "x",
    )
    assert (found.beta, found.alpha, found.ties) == (9.0, 20.0, 1)
    assert found.at_the_end == ("alpha", "beta")


def test_the_grid_is_tip_adapters():
    grid = Grid(most_beta=7, most_alpha=3)
    assert len(grid.betas) == 200
    assert len(grid.alphas) == 20
    assert grid.betas[:2] == pytest.approx((0.1, 0.1 + 6.9 / 200))
    assert grid.alphas[-1] == pytest.approx(0.1 + 19 * 2.9 / 20)


def test_a_validation_set_is_searched_instead(task):
    text, support, queries = task
    labels = torch.arange(20) % 4
    found = on_validation(support, text, (queries, labels), ALPHAS, BETAS)
    for row, beta in zip(found.map, BETAS, strict=True):
        for value, alpha in zip(row, ALPHAS, strict=True):
            logits = tip_logits(queries, text, support.keys, support.values(), alpha, beta)
            assert float(value) == pytest.approx(
                float((logits.argmax(1) == labels).double().mean())
            )
    assert found.tuned_on == "the validation set (20 pictures)"
