"""beta-DPO's loss: a batch worked by hand, and its limit, which is DPO."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from methods.alignment.beta_dpo import beta_dpo_loss
from methods.alignment.dama import DamaState

GAPS = torch.tensor([1.0, 2.0, 3.0, 6.0])
ZERO = torch.zeros(4)


def test_a_batch_worked_by_hand():
    state = DamaState()
    keep = torch.tensor([True, True, True, False])
    ours = beta_dpo_loss(GAPS, ZERO, ZERO, ZERO, state, gain=0.5, keep=keep)
    # R = .1 * 3 = .3 before the loss; beta = .1 (1 + .5 (2 - .3)) = .185.
    assert state.running_mean == pytest.approx(0.3)
    # The deviation of 1, 2, 3, 6 is sqrt(3.5), and the running one starts at 1.
    assert state.running_std == pytest.approx(0.9 + 0.1 * math.sqrt(3.5))
    assert ours.beta.tolist() == pytest.approx([0.185] * 4)
    losses = [math.log1p(math.exp(-0.185 * gap)) for gap in (1, 2, 3)]
    assert float(ours.loss) == pytest.approx(sum(losses) / 3)
    assert float(ours.model_factor) == pytest.approx(1.85)


def test_without_gain_and_filter_it_is_dpo_bit_for_bit():
    gaps = GAPS.clone().requires_grad_()
    ours = beta_dpo_loss(gaps, ZERO, ZERO, ZERO, DamaState(), gain=0.0, drop=0.0)
    expected = (-logsigmoid(0.1 * gaps)).mean()
    assert torch.equal(ours.loss, expected)
    mine, theirs = (torch.autograd.grad(loss, gaps)[0] for loss in (ours.loss, expected))
    assert torch.equal(mine, theirs)


def test_beta_has_a_floor_and_evaluation_learns_nothing():
    state = DamaState(running_mean=30.0)
    ours = beta_dpo_loss(GAPS, ZERO, ZERO, ZERO, state, training=False)
    assert ours.beta.tolist() == pytest.approx([1e-3] * 4)
    assert state.running_mean == 30.0
    assert bool(ours.keep.all())


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"keep must be \(4,\), got \(3,\)"):
        beta_dpo_loss(GAPS, ZERO, ZERO, ZERO, DamaState(), keep=torch.ones(3, dtype=torch.bool))
