"""DAMO's loss against an independent slow loop, numbers worked by hand, closed forms and its limits."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from methods.alignment.dama import DamaState, dama_loss, data_factor
from methods.alignment.filtering import kept_count


def logistic(x):
    return 1 / (1 + math.exp(-x))


def batch(size=8, seed=0, scale=3.0):
    """Four log-probabilities and a hardness for each of `size` pairs."""
    generator = torch.Generator().manual_seed(seed)
    parts = scale * torch.randn(4, size, generator=generator) - 40
    chosen, rejected, ref_chosen, ref_rejected = (part.clone() for part in parts)
    hardness = torch.rand(size, generator=generator) * 2 - 1
    return [chosen.requires_grad_(), rejected.requires_grad_(), ref_chosen, ref_rejected, hardness]


def slow_step(pairs, running, keep, beta=0.1, gamma=0.9, floor=1e-3, mean=None):
    """The published code's step in Python floats, one pair at a time, from its description."""
    chosen, rejected, ref_chosen, ref_rejected, hardness = [part.tolist() for part in pairs]
    count = len(chosen)
    gaps = [(chosen[i] - rejected[i]) - (ref_chosen[i] - ref_rejected[i]) for i in range(count)]
    middle = sum(hardness) / count if mean is None else mean
    kept = [i for i in range(count) if keep[i]]
    model = sum(logistic(gaps[i]) for i in kept) / len(kept) / logistic(running)
    betas = [max(beta * logistic(d) / logistic(middle) * model, floor) for d in hardness]
    losses = [math.log1p(math.exp(-b * g)) for b, g in zip(betas, gaps, strict=True)]
    loss = sum(losses[i] for i in kept) / len(kept)
    return loss, betas, model, gamma * running + (1 - gamma) * sum(gaps) / count


def official_draw(gaps, running, drop, generator):
    """Which pairs the published code keeps: torch.multinomial over unit-variance weights."""
    weights = torch.exp(-((gaps - running) ** 2) / 2)
    chosen = torch.multinomial(weights, int(len(gaps) * (1 - drop)), generator=generator)
    keep = torch.zeros(len(gaps), dtype=torch.bool)
    keep[chosen] = True
    return keep


def test_four_steps_equal_the_published_arithmetic():
    state, running = DamaState(), 0.0
    for step in range(4):
        pairs = [part.detach() for part in batch(16, seed=step)]
        gaps = (pairs[0] - pairs[1]) - (pairs[2] - pairs[3])
        keep = official_draw(gaps, running, 0.2, torch.Generator().manual_seed(step))
        loss, betas, model, running = slow_step(pairs, running, keep.tolist())
        ours = dama_loss(*pairs, state, keep=keep)
        assert float(ours.loss) == pytest.approx(loss, abs=1e-6)
        assert ours.beta.tolist() == pytest.approx(betas, abs=1e-6)
        assert float(ours.model_factor) == pytest.approx(model, abs=1e-6)
        assert state.running_mean == pytest.approx(running, abs=1e-6)


def test_without_its_ingredients_it_is_dpo_bit_for_bit():
    chosen, rejected, ref_chosen, ref_rejected, _ = batch()
    gap = (chosen - rejected) - (ref_chosen - ref_rejected)
    expected = (-logsigmoid(0.1 * gap)).mean()
    gradients = torch.autograd.grad(expected, (chosen, rejected))
    for off in ({"use_model": False}, {"use_model": False, "drop": 0.0}):
        state = DamaState()
        again = batch()
        loss = dama_loss(*again[:4], None, state, use_hardness=False, **off).loss
        assert torch.equal(loss, expected)
        for mine, theirs in zip(torch.autograd.grad(loss, again[:2]), gradients, strict=True):
            assert torch.equal(mine, theirs)


def test_equal_hardness_leaves_the_vanilla_beta():
    pairs = batch()
    pairs[4] = torch.full((8,), 0.3)
    ours = dama_loss(*pairs, DamaState(), use_model=False)
    assert torch.equal(ours.data_factor, torch.ones(8))
    assert torch.equal(ours.beta, torch.full((8,), 0.1))


def test_the_first_step_of_an_unchanged_policy_costs_ln_two():
    zero = torch.zeros(8)
    for seed in range(5):
        state = DamaState()
        generator = torch.Generator().manual_seed(seed)
        ours = dama_loss(
            zero, zero, zero, zero, torch.linspace(-1, 1, 8), state, generator=generator
        )
        assert float(ours.loss) == pytest.approx(math.log(2), abs=1e-7)
        assert float(ours.model_factor) == 1
        assert state.running_mean == 0


def test_positive_gaps_at_the_start_raise_the_model_factor_but_not_to_two():
    gap = torch.tensor([0.1, 2.0, 5.0, 60.0])
    zero = torch.zeros(4)
    factor = dama_loss(gap, zero, zero, zero, None, DamaState(), use_hardness=False).model_factor
    assert 1 < float(factor) <= 2
    state = DamaState(running_mean=3.0)
    bounded = dama_loss(gap, zero, zero, zero, None, state, use_hardness=False).model_factor
    assert float(bounded) < 1 / logistic(3.0)


@pytest.mark.parametrize(
    ("pairs", "kept"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (8, 6), (16, 12)]
)
def test_how_many_pairs_are_kept(pairs, kept):
    assert kept_count(pairs, 0.2) == kept
    ours = dama_loss(*batch(pairs), DamaState(), generator=torch.Generator().manual_seed(1))
    assert int(ours.keep.sum()) == kept


def test_beta_stops_at_its_floor():
    gap = torch.full((5,), -30.0)
    zero = torch.zeros(5)
    ours = dama_loss(gap, zero, zero, zero, zero, DamaState(running_mean=8.0))
    assert torch.equal(ours.beta, torch.full((5,), 1e-3))


def test_the_data_factor_rises_with_hardness_and_is_bounded():
    delta = torch.linspace(-30, 30, 61, dtype=torch.float64)
    factor = data_factor(delta, 0.05)
    assert bool((factor.diff() > 0).all())
    assert 0 < float(factor[0])
    assert float(factor[-1]) < 1 / logistic(0.05)


def test_the_data_factors_of_the_specification():
    delta = torch.tensor([-1.0, -0.5, 0.0, 0.0482190464911681, 0.5, 1.0])
    factors = data_factor(delta, 0.0482190464911681).tolist()
    assert factors == pytest.approx([0.525, 0.737, 0.976, 1.0, 1.216, 1.428], abs=5e-4)


def test_constants_cancel_and_swapping_negates():
    chosen, rejected, ref_chosen, ref_rejected, hardness = [p.detach().double() for p in batch()]
    keep = torch.ones(8, dtype=torch.bool)
    plain = dama_loss(chosen, rejected, ref_chosen, ref_rejected, hardness, DamaState(), keep=keep)
    shifted = dama_loss(
        chosen + 7, rejected + 7, ref_chosen, ref_rejected, hardness, DamaState(), keep=keep
    )
    torch.testing.assert_close(shifted.loss, plain.loss)
    swapped = dama_loss(
        rejected, chosen, ref_rejected, ref_chosen, -hardness, DamaState(), keep=keep
    )
    torch.testing.assert_close(swapped.gap, -plain.gap)


def test_the_running_mean_is_the_discounted_sum_of_batch_means():
    state, means = DamaState(), []
    for step in range(6):
        pairs = batch(seed=step)
        means.append(float(dama_loss(*pairs, state).gap.mean()))
    expected = sum(0.1 * 0.9 ** (5 - step) * mean for step, mean in enumerate(means))
    assert state.running_mean == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("reading", ["code", "paper"])
def test_the_weight_is_the_gradient(reading):
    pairs = batch(16)
    keep = torch.arange(16) % 4 > 0
    ours = dama_loss(*pairs, DamaState(running_mean=0.5), keep=keep, reading=reading)
    chosen, rejected = torch.autograd.grad(ours.loss, pairs[:2])
    torch.testing.assert_close(ours.weight, -chosen)
    torch.testing.assert_close(chosen, -rejected)
    if reading == "code":
        assert torch.equal(chosen[~keep], torch.zeros(4))
        assert ours.loss.item() == pytest.approx(float(ours.losses[keep].mean()), abs=1e-6)
    else:
        assert float(chosen[~keep].abs().min()) > 0


def test_the_paper_reads_rewards_a_sigmoid_of_the_mean_and_the_kept_pairs():
    pairs = [part.detach() for part in batch(8)]
    keep = torch.tensor([True] * 6 + [False] * 2)
    state = DamaState(running_mean=0.2)
    ours = dama_loss(*pairs, state, keep=keep, reading="paper")
    rewards = [0.1 * float(g) for g in ours.gap]
    mean = sum(rewards[:6]) / 6
    assert float(ours.model_factor) == pytest.approx(logistic(mean) / logistic(0.2), abs=1e-6)
    assert state.running_mean == pytest.approx(0.9 * 0.2 + 0.1 * mean, abs=1e-6)
    assert ours.loss.item() == pytest.approx(float(ours.losses.mean()), abs=1e-6)


def test_evaluation_neither_filters_nor_learns():
    state = DamaState(running_mean=0.7)
    ours = dama_loss(*batch(), state, training=False)
    assert bool(ours.keep.all())
    assert state == DamaState(running_mean=0.7)


def test_data_only_keeps_every_pair():
    ours = dama_loss(*batch(), DamaState(), use_model=False)
    assert bool(ours.keep.all())
    assert float(ours.model_factor) == 1
    assert not torch.equal(ours.beta, torch.full((8,), 0.1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta must be above 0"),
        ({"drop": 1.0}, "drop must be"),
        ({"gamma": 1.5}, "gamma must be"),
        ({"min_beta": -1.0}, "min_beta must not"),
        ({"reading": "both"}, "reading must be"),
        ({"keep": torch.ones(3, dtype=torch.bool)}, "keep must be"),
    ],
)
def test_settings_out_of_range_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        dama_loss(*batch(), DamaState(), **change)


def test_pairs_that_cannot_be_are_named():
    pairs = batch()
    with pytest.raises(ValueError, match="hardness is missing"):
        dama_loss(*pairs[:4], None, DamaState())
    with pytest.raises(ValueError, match=r"hardness must be \(8,\)"):
        dama_loss(*pairs[:4], torch.zeros(3), DamaState())
    with pytest.raises(ValueError, match="at least one pair"):
        dama_loss(*[torch.zeros(0)] * 5, DamaState())
    spoilt = [part.detach().clone() for part in pairs]
    spoilt[1][5] = float("nan")
    with pytest.raises(ValueError, match="policy_rejected of pair 5 of the batch is nan"):
        dama_loss(*spoilt, DamaState())


@pytest.mark.gpu
def test_cuda_takes_the_processors_steps():
    here, there = DamaState(), DamaState()
    for step in range(4):
        pairs = batch(16, seed=step)
        keep = torch.arange(16) % 5 != step
        moved = [part.detach().cuda().requires_grad_(part.requires_grad) for part in pairs]
        wanted = dama_loss(*pairs, here, keep=keep)
        found = dama_loss(*moved, there, keep=keep.cuda())
        assert found.loss.is_cuda
        torch.testing.assert_close(found.loss.cpu(), wanted.loss, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(found.beta.cpu(), wanted.beta, rtol=1e-5, atol=1e-6)
        assert there.running_mean == pytest.approx(here.running_mean, abs=1e-5)
        mine = torch.autograd.grad(found.loss, moved[:2])
        for one, other in zip(mine, torch.autograd.grad(wanted.loss, pairs[:2]), strict=True):
            torch.testing.assert_close(one.cpu(), other, rtol=1e-4, atol=1e-7)
