"""The corrections: against hand arithmetic, the stability law, and a slow loop written from the equations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from methods.caching import (
    PUBLISHED_POSITIONS,
    StepCacheConfig,
    apply_step_cache,
    ddim_sample,
    eoc,
    goc,
    interval_mask,
    odd_first_half_mask,
    steps_mask,
)
from tests.caching.slow_loop import SlowCache, slow_sample

ALL = tuple(range(20))


class Echo(nn.Module):
    """A module whose output is its input times a slope."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope), requires_grad=False)

    def forward(self, x):
        return x * self.slope


class EchoBlock(nn.Module):
    def __init__(self, slope):
        super().__init__()
        self.attn1, self.ff = Echo(slope), Echo(slope)
        self.used = []

    def forward(self, x):
        self.used.append(float(self.attn1(x).flatten()[0]))
        self.ff(x)
        return x


class EchoModel(nn.Module):
    """A stand-in transformer: fed with k at step k, its features are slope x k."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.transformer_blocks = nn.ModuleList([EchoBlock(slope)])

    def forward(self, hidden_states, timestep):  # noqa: ARG002
        return self.transformer_blocks[0](hidden_states)

    def used(self, config, inputs):
        with apply_step_cache(self, config):
            for step, value in enumerate(inputs):
                self(torch.full((1, 1, 1), float(value)), timestep=torch.tensor([999 - step]))
        return self.transformer_blocks[0].used


def test_goc_errors_follow_the_stability_law():
    """e_k = (eta - 1) s - eta e_{k-2}, from e_1 = -s: -1, 1.4, -1.48, 1.976, -2.1712 for eta = 1.2, s = 1."""
    config = StepCacheConfig(interval_mask(10, 1, 2), correction="goc", weight=1.2)
    used = EchoModel().used(config, range(10))
    errors = [used[k] - k for k in range(1, 10, 2)]
    assert errors == pytest.approx([-1, 1.4, -1.48, 1.976, -2.1712], abs=1e-5)


def test_a_small_weight_converges_to_its_fixed_point():
    config = StepCacheConfig(interval_mask(100, 1, 2), correction="goc", weight=0.5)
    used = EchoModel(slope=2.0).used(config, range(100))
    assert used[99] - 2 * 99 == pytest.approx((0.5 - 1) * 2 / (1 + 0.5), abs=1e-3)


def test_plain_reuse_lags_by_one_slope():
    used = EchoModel(slope=3.0).used(StepCacheConfig(interval_mask(6, 1, 2)), range(6))
    assert used == [0, 0, 6, 6, 12, 12]


@pytest.mark.parametrize("correction", ["none", "eoc", "goc"])
def test_constant_features_are_reused_exactly(correction):
    prior = {kind: torch.full((1, 8, 1, 1), 5.0) for kind in ("attn", "ff")}
    config = StepCacheConfig(interval_mask(8, 1, 4), correction=correction, prior=prior)
    assert EchoModel().used(config, [7.0] * 8) == [7.0] * 8


def test_eoc_factors_multiply_over_a_row_of_reused_steps():
    """F_0 = 2; dP = 3, -1, 4; lambda = .1: 2 x 1.3 = 2.6, x .9 = 2.34, x 1.4 = 3.276; step 4 is computed."""
    means = torch.tensor([1.0, 4.0, 3.0, 7.0, 7.0]).reshape(1, 5, 1, 1)
    prior = {"attn": means, "ff": means}
    config = StepCacheConfig(interval_mask(5, 1, 4), correction="eoc", weight=0.1, prior=prior)
    assert EchoModel().used(config, [2, 9, 9, 9, 8]) == pytest.approx([2, 2.6, 2.34, 3.276, 8])


def test_eoc_outside_its_positions_is_plain_reuse():
    means = torch.tensor([1.0, 4.0, 3.0]).reshape(1, 3, 1, 1)
    prior = {"attn": means, "ff": means}
    config = StepCacheConfig(
        steps_mask(3, 1, [1, 2]), correction="eoc", weight=0.1, positions=[2], prior=prior
    )
    assert EchoModel().used(config, [2, 9, 9]) == pytest.approx([2, 2, 1.8])


def test_eoc_keeps_small_changes_in_half_precision():
    """100 x 1.0035 is 100.5 on bfloat16's grid of halves; the factor itself would be rounded to 1 there."""
    previous = torch.full((1, 1, 1), 100.0, dtype=torch.bfloat16)
    corrected = eoc.corrected(previous, eoc.factor(torch.full((1, 1), 0.35), 0.01))
    assert corrected.dtype == torch.bfloat16
    assert float(corrected) == 100.5


@pytest.mark.parametrize(
    ("name", "mask", "settings"),
    [
        ("uncached", steps_mask(20, 3, ()), {}),
        ("fora", interval_mask(20, 3, 2), {}),
        ("fora 75 %", interval_mask(20, 3, 4), {}),
        ("goc 25 %", odd_first_half_mask(20, 3), {"correction": "goc", "weight": 1.2, "positions": PUBLISHED_POSITIONS["fora25"]}),
        ("goc 50 %", interval_mask(20, 3, 2), {"correction": "goc", "weight": 1.2, "positions": PUBLISHED_POSITIONS["fora50"]}),
        ("goc in a row", interval_mask(20, 3, 4), {"correction": "goc", "weight": 0.5, "positions": ALL}),
        ("eoc 50 %", interval_mask(20, 3, 2), {"correction": "eoc", "weight": 0.01, "positions": ALL}),
        ("eoc 75 %", interval_mask(20, 3, 4), {"correction": "eoc", "weight": 0.03, "positions": ALL}),
        ("goc on l2c", "router", {"correction": "goc", "weight": 0.8, "positions": PUBLISHED_POSITIONS["l2c22"], "require_both": True}),
        ("eoc on l2c", "router", {"correction": "eoc", "weight": 0.01, "positions": ALL}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_method_equals_the_slow_loop_at_every_step(
    dit, labels, noise, prior, name, mask, settings
):
    if isinstance(mask, str):
        mask = torch.rand(20, 3, 2, generator=torch.Generator().manual_seed(5)) < 0.6
        mask[::2] = False
    slow = SlowCache(mask, **settings, prior=prior)
    path = slow_sample(dit, labels, noise, 20, 1.5, slow)
    ours = []
    with apply_step_cache(dit, StepCacheConfig(mask, **settings, prior=prior)) as cache:
        ddim_sample(
            dit, labels, noise, num_inference_steps=20, guidance_scale=1.5,
            on_step=lambda _, x: ours.append(x),
        )  # fmt: skip
    assert cache.counts == slow.executed
    for step in range(20):
        error = (ours[step] - path[step]).norm() / path[step].norm()
        assert error < 1e-6, f"{name}: step {step}"


def test_published_positions_leave_out_step_seventeen():
    assert PUBLISHED_POSITIONS["fora25"] == (3, 5, 7, 9)
    assert PUBLISHED_POSITIONS["fora50"] == (3, 5, 7, 9, 11, 13, 15, 19)
    assert (goc.WEIGHT, goc.ROUTER_WEIGHT, eoc.WEIGHT) == (1.2, 0.8, 0.01)


def test_direction_statistic_is_the_cosine_of_two_moves():
    """Features 0, (1,0), (2,0), (2,1), (2,-1): moves right, right, up, down: cosines 1, 0, -1."""
    features = torch.tensor([[0, 0], [1, 0], [2, 0], [2, 1], [2, -1]], dtype=torch.float32)[None]
    assert goc.direction_statistic(features).tolist() == pytest.approx([1, 1, 1, 0, -1])


def test_steady_positions_leave_out_turns_and_the_first_steps():
    direction = torch.tensor([1, 1, 1, 0.5, -0.1, 0.0])
    assert goc.steady_positions(steps_mask(6, 2, [1, 3, 4, 5]), direction) == (3, 5)


def test_trend_statistic_is_the_relative_change():
    """Attention 1 -> 3 -> 3, feed-forward 2 -> 1 -> 3: ratios (2, .5) and (0, 2), means 1.25 and 1."""
    attn = torch.tensor([1.0, 3.0, 3.0]).reshape(1, 3, 1, 1)
    ff = torch.tensor([2.0, 1.0, 3.0]).reshape(1, 3, 1, 1)
    trend = eoc.trend_statistic(attn, ff)
    assert trend.tolist() == pytest.approx([0, 1.25, 1])
    assert eoc.trending_positions(trend, 0.0) == (1, 2)
    assert eoc.trending_positions(trend, 1.1) == (1,)
