from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from methods.anomaly.optimising import Optimiser


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_it_is_adam_with_clipping_and_a_halving_rate(decay: float) -> None:
    """Against PyTorch's own over a halving; the first gradients are longer than 1."""
    ours = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    theirs = copy.deepcopy(ours)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.01, weight_decay=decay)
    halving = torch.optim.lr_scheduler.StepLR(adam, 100, 0.5)
    optimiser = Optimiser(ours, 0.01, decay)
    chance = torch.Generator().manual_seed(0)
    for _ in range(130):
        given, wanted = torch.randn(8, 3, generator=chance), torch.randn(8, 2, generator=chance)
        value = optimiser.step(5 * (ours(given) - wanted).pow(2).mean())
        loss = 5 * (theirs(given) - wanted).pow(2).mean()
        assert value == pytest.approx(float(loss.detach()), rel=1e-4)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        adam.step()
        halving.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_its_state_takes_another_to_the_same_place() -> None:
    first, second = nn.Linear(3, 1), nn.Linear(3, 1)
    one, other = Optimiser(first, 0.1), Optimiser(second, 0.1)
    given = torch.randn(5, 3)
    one.step(first(given).pow(2).mean())
    other.load({name: value.clone() for name, value in one.state().items()})
    assert one.step(first(given).pow(2).mean()) == other.step(second(given).pow(2).mean())
    assert torch.equal(first.weight, second.weight)
    assert other.steps == 2
