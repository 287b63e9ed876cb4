"""b, for which everything else is solved: by hand, by a slow loop, and what it is linear in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from methods.unlearning import Request
from methods.unlearning.influence.losses import Losses
from methods.unlearning.influence.right_hand_side import influence_side, newton_side, same
from tests.unlearning.influence.problems import Linear, Twice, class_data, cross_entropy, squared


def side(request, data=None, batch_size=4):
    losses = Losses(Twice().eval(), cross_entropy, batch_size=batch_size)
    rows = class_data() if data is None else data
    return influence_side(losses, losses.flat.values(), rows, request)


def other(position):
    """Another prompt and another answer for a sample."""
    inputs, target = class_data()[position]
    return -inputs, (target + 1) % 3


def test_by_hand():
    """w = 2, samples (x, y) = (1, 1), (3, 5), loss (w x - y)^2 / 2 with slope (w x - y) x: 1 and 3."""
    data = [
        (torch.tensor([x]).double(), torch.tensor(y).double()) for x, y in ((1.0, 1.0), (3.0, 5.0))
    ]
    losses = Losses(Linear(torch.tensor([2.0], dtype=torch.float64)), squared)
    theta = losses.flat.values()
    assert influence_side(losses, theta, data, Request((1,))).tolist() == [1.5]
    corrected = Request(replace={1: (data[1][0], torch.tensor(4.0).double())})  # its slope is 6
    assert influence_side(losses, theta, data, corrected).tolist() == [-1.5]
    assert newton_side(losses, theta, data, Request((1,)), 0.25).tolist() == [-1.0]  # -(1/2 + w/4)


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_a_mixed_request_is_the_slow_sum_over_its_samples(batch_size):
    model = Twice().eval()
    parameters = [value for value in model.parameters() if value.requires_grad]

    def slope(sample):
        loss = cross_entropy(model, [each.unsqueeze(0) for each in sample]).sum()
        return torch.cat([each.flatten() for each in torch.autograd.grad(loss, parameters)])

    data = class_data()
    request = Request((0, 7), {3: other(3), 5: other(5)})
    expected = sum(slope(data[position]) for position in request.marked) / 10
    expected = expected - sum(slope(new) for new in request.replace.values()) / 10
    torch.testing.assert_close(side(request, batch_size=batch_size), expected, rtol=0, atol=1e-15)


def test_requests_add_up_and_turn_round():
    """delta(S1 u S2) = delta(S1) + delta(S2) for a fixed curvature, because b is so; replacing is removing and adding."""
    removal, query, answer = Request((0, 7)), Request(replace={3: other(3)}), {5: other(5)}
    union = Request((0, 7), {3: other(3), **answer})
    parts = side(removal) + side(query) + side(Request(replace=answer))
    torch.testing.assert_close(side(union), parts, rtol=0, atol=1e-15)
    twin = class_data()
    twin[3] = other(3)
    gone, new = side(Request((3,))), side(Request((3,)), twin)
    torch.testing.assert_close(side(query), gone - new, rtol=0, atol=1e-15)
    back = side(Request(replace={3: class_data()[3]}), twin)
    assert torch.equal(back, -side(query))


def test_what_is_replaced_by_itself_has_no_part_to_the_last_bit():
    beside = side(Request((1,), {4: class_data()[4]}))
    assert torch.equal(beside, side(Request((1,))))
    assert not side(Request(replace={4: class_data()[4]})).any()


@dataclass
class Row:
    content: Any


@pytest.mark.parametrize(
    ("one", "other_", "equal"),
    [
        (torch.ones(2), torch.ones(2), True),
        (torch.ones(2), torch.ones(2, dtype=torch.float64), False),
        (torch.ones(2), torch.ones(1), False),
        (np.ones(2), np.ones(2), True),
        (np.ones(2), np.array([1.0, 2.0]), False),
        ({"a": [1, 2]}, {"a": [1, 2]}, True),
        ({"a": [1, 2]}, {"a": (1, 2)}, False),
        ({"a": 1}, {"b": 1}, False),
        (Row(torch.ones(2)), Row(torch.ones(2)), True),
        (Row(torch.ones(2)), Row(torch.zeros(2)), False),
        ("x", "y", False),
    ],
)
def test_samples_of_any_kind_are_compared_to_the_last_bit(one, other_, equal):
    assert same(one, other_) is equal
