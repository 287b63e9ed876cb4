"""The step length: the best of the halvings, and the lowest point of a parabola through it and its neighbours."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning.influence.stepping import ALPHAS, LOOKS, Reading, search


class Valley:
    """A probe whose objective along one number is a given function; the guard allows what `limit` lets through."""

    def __init__(self, objective, limit=float("inf")):
        self.objective, self.limit, self.seen = objective, limit, []

    def read(self, theta):
        self.seen.append(float(theta))
        none = torch.zeros(0, dtype=torch.float64)
        groups = ("forget", "corrected", "retain", "held_out")
        return Reading(dict.fromkeys(groups, none), self.objective(float(theta)))

    def allows(self, reading, _before):
        return reading.objective <= self.limit


def found(objective, limit=float("inf"), damping=0.0):
    probe = Valley(objective, limit)
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    here = probe.read(zero)
    probe.seen.clear()
    length, readings = search(probe, zero, one, damping, here, here)
    assert sorted(readings) == sorted(probe.seen)
    assert len(probe.seen) <= LOOKS
    return length


@pytest.mark.parametrize("lowest", [0.6, 0.3, 0.9, 1.0, 1.3, 0.01])
def test_a_parabola_is_followed_to_its_lowest_point(lowest):
    assert found(lambda at: (at - lowest) ** 2) == pytest.approx(lowest, abs=1e-9)


def test_never_beyond_twice_the_longest():
    assert found(lambda at: (at - 9) ** 2) == 2


def test_the_damping_counts():
    assert found(lambda at: (at - 1) ** 2, damping=2.0) == pytest.approx(0.5)


def test_a_straight_or_rising_objective_keeps_to_the_halvings():
    assert found(lambda at: -at) == 1
    assert found(lambda at: at) == 0
    assert found(lambda _at: 0.0) == 1


def test_what_the_guard_forbids_is_not_taken():
    """The lowest point at .4 is forbidden along with all beyond .3: the best halving that is allowed stays."""
    assert found(lambda at: -at if at < 0.3 else 5.0, limit=1.0) == 0.25


def test_an_objective_that_is_no_parabola_is_not_made_worse():
    quartic = lambda at: at**4 - 0.2 * at  # noqa: E731
    length = found(quartic)
    assert quartic(length) <= min(quartic(each) for each in ALPHAS)
    assert length == pytest.approx(0.05 ** (1 / 3), abs=0.05)
