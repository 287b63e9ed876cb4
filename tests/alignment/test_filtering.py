"""The filter's draw against torch.multinomial, its limits, and its widths worked by hand."""

from __future__ import annotations

import pytest
import torch

from methods.alignment.filtering import draw_keep, filter_width, kept_count


def test_kept_counts_do_not_suffer_from_binary_fractions():
    assert [kept_count(10, share / 10) for share in range(10)] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_far_gaps_do_not_break_the_draw():
    gaps = torch.tensor([100.0, 101.0, 102.0, 103.0, 500.0])
    assert float(torch.exp(-((gaps[0] - 0) ** 2) / 2)) == 0  # what the published draw would get
    for seed in range(20):
        keep = draw_keep(gaps, 0.0, drop=0.2, generator=torch.Generator().manual_seed(seed))
        assert keep.tolist() == [True, True, True, True, False]


def test_the_draw_has_the_law_of_draws_without_replacement():
    gaps, drop, rounds = torch.tensor([-1.0, 0.0, 0.4, 1.5, 2.5]), 0.4, 3000
    weights = torch.exp(-(gaps.double() ** 2) / 2)
    generator = torch.Generator().manual_seed(0)
    mine = sum(draw_keep(gaps, 0.0, drop=drop, generator=generator).double() for _ in range(rounds))
    drawn = torch.multinomial(weights.expand(rounds, 5), 3, generator=generator)
    theirs = torch.bincount(drawn.flatten(), minlength=5)
    assert (mine / rounds - theirs / rounds).abs().max() < 0.05  # four standard errors


def test_without_information_the_draw_is_uniform():
    zero, rounds = torch.zeros(8), 2000
    generator = torch.Generator().manual_seed(0)
    counts = sum(
        draw_keep(zero, 0.0, drop=0.2, generator=generator).double() for _ in range(rounds)
    )
    assert (counts / rounds - 6 / 8).abs().max() < 0.04


def test_the_same_seed_draws_the_same_mask():
    gaps = torch.randn(16, generator=torch.Generator().manual_seed(3))
    masks = [
        draw_keep(gaps, 0.0, drop=0.2, generator=torch.Generator().manual_seed(seed))
        for seed in (5, 5, 6)
    ]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_the_widths_of_a_filter():
    gaps = torch.tensor([1.0, 2.0, 3.0, 6.0])
    assert filter_width("unit", gaps, 2.5) == 1
    assert filter_width("running_std", gaps, 2.5) == 2.5
    # torch's median of 1, 2, 3, 6 is the lower middle, 2; distances 1, 0, 1, 4, of which it is 1.
    assert filter_width("mad", gaps, 2.5) == pytest.approx(1.4826)
    assert filter_width("mad", torch.zeros(4), 2.5) > 0
