"""Schedules: which cells of the (step, block, module) grid are reused."""

from __future__ import annotations

import pytest
import torch

from methods.caching import interval_mask, odd_first_half_mask, steps_mask


def reused_steps(mask):
    return [step for step in range(len(mask)) if mask[step].all()]


def test_interval_counts_from_the_first_step():
    mask = interval_mask(20, 28, 2)
    assert mask.shape == (20, 28, 2)
    assert mask.dtype == torch.bool
    assert reused_steps(mask) == list(range(1, 20, 2))


def test_interval_four_reuses_three_quarters():
    mask = interval_mask(20, 28, 4)
    assert int(mask.sum()) == 840
    assert not mask[::4].any()


def test_interval_one_reuses_nothing():
    assert not interval_mask(20, 3, 1).any()
    assert not interval_mask(20, 3, 1, phase="fora").any()


@pytest.mark.parametrize(
    ("steps", "interval", "share"), [(20, 2, 0.45), (20, 3, 0.60), (20, 4, 0.70), (250, 3, 0.664)]
)
def test_foras_own_phase_reuses_the_published_share(steps, interval, share):
    assert float(interval_mask(steps, 2, interval, phase="fora").double().mean()) == pytest.approx(
        share
    )


def test_foras_own_phase_computes_first_and_last_step():
    computed = [step for step in range(20) if not interval_mask(20, 1, 2, phase="fora")[step].any()]
    assert [19 - step for step in computed] == [19, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0]


def test_quarter_mask_is_the_odd_steps_of_the_first_half():
    mask = odd_first_half_mask(20, 28)
    assert reused_steps(mask) == [1, 3, 5, 7, 9]
    assert int(mask.sum()) == 280


def test_no_schedule_reuses_the_first_step():
    for interval in range(1, 25):
        for phase in ("sampling", "fora"):
            assert not interval_mask(20, 2, interval, phase)[0].any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interval_mask(20, 3, 0), "interval must be at least 1; got 0"),
        (lambda: interval_mask(20, 3, 2, phase="middle"), "phase must be"),
        (lambda: interval_mask(0, 3, 2), "needs a step and a block"),
        (lambda: steps_mask(20, 3, [0]), "step 0 cannot be reused"),
        (lambda: steps_mask(20, 3, [20]), "allowed are 1 to 19"),
    ],
)
def test_masks_name_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
