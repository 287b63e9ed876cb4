"""Distances between adapters: against products formed in full, by hand, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from methods.unlearning.verification.distances import (
    Alike,
    lora_pairs,
    of_parameters,
    of_products,
    of_vectors,
    reached,
)

A, B = "m.{}.lora_A.default.weight", "m.{}.lora_B.default.weight"
SCALES = {A.format("q"): 2.0, A.format("v"): 0.5}


def adapter(seed, near=None, by=1.0):
    """Two LoRA modules and a tensor that is none; close to another one where `near` is given."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        A.format("q"): (2, 5),
        B.format("q"): (4, 2),
        A.format("v"): (3, 5),
        B.format("v"): (6, 3),
        "head.bias": (7,),
    }
    made = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    return made if near is None else {name: near[name] + by * made[name] for name in made}


def in_full(adapter, scales):
    """Every product as a matrix, all in one vector."""
    parts = [
        scales.get(A.format(m), 1.0) * adapter[B.format(m)].double() @ adapter[A.format(m)].double()
        for m in "qv"
    ]
    return torch.cat([part.flatten() for part in [*parts, adapter["head.bias"].double()]])


@pytest.mark.parametrize("scales", [{}, SCALES])
def test_products_without_forming_them(scales):
    before, one, other = (adapter(seed) for seed in (0, 1, 2))
    found = of_products(before, one, other, scales)
    first, second = (in_full(each, scales) - in_full(before, scales) for each in (one, other))
    assert found.cosine == pytest.approx(float(first @ second / first.norm() / second.norm()))
    assert found.norm_ratio == pytest.approx(float(first.norm() / second.norm()))


def test_a_tiny_change_is_not_lost_in_rounding():
    before = adapter(0)
    one = adapter(1, before, 1e-6)
    exact = {name: (one[name].double() - before[name].double()) for name in before}
    first_order = torch.cat(
        [
            (
                exact[B.format(m)] @ before[A.format(m)].double()
                + before[B.format(m)].double() @ exact[A.format(m)]
            ).flatten()
            for m in "qv"
        ]
        + [exact["head.bias"]]
    )
    twice = {name: before[name].double() + 2 * exact[name] for name in before}
    found = of_products(before, one, twice)
    assert found.cosine == pytest.approx(1, abs=1e-9)
    assert found.norm_ratio == pytest.approx(0.5, rel=1e-4)
    assert float(first_order.norm()) > 0


def test_products_do_not_see_the_gauge_but_parameters_do():
    before, one = adapter(0), adapter(1)
    turned = dict(one)
    for m, r in (("q", 2), ("v", 3)):
        turn = torch.randn(
            r, r, generator=torch.Generator().manual_seed(3)
        ).double() + 3 * torch.eye(r)
        turned[A.format(m)] = turn @ one[A.format(m)].double()
        turned[B.format(m)] = one[B.format(m)].double() @ torch.linalg.inv(turn)
    assert of_products(before, turned, one).cosine == pytest.approx(1)
    assert of_products(before, turned, one).norm_ratio == pytest.approx(1)
    assert of_parameters(before, turned, one).cosine < 0.99


def test_parameters_and_vectors_by_hand():
    zero, ones = torch.zeros(2), torch.tensor([1.0, 1.0])
    found = of_parameters({"a": zero}, {"a": torch.tensor([2.0, 0.0])}, {"a": ones})
    assert found.cosine == pytest.approx(math.sqrt(0.5))
    assert found.norm_ratio == pytest.approx(math.sqrt(2))
    start = np.array([1.0, 2.0])
    assert of_vectors(start, start, start + 1) == Alike(None, 0.0)
    assert of_vectors(start, start + 1, start) == Alike(None, None)
    assert of_vectors(start, start + 1, start - 2).cosine == pytest.approx(-1)


def test_reached_by_hand():
    before, retrain = np.array([0.0, 0.0]), np.array([3.0, 4.0])
    assert reached(before, retrain, retrain) == 1
    assert reached(before, before, retrain) == 0
    assert reached(before, np.array([1.5, 2.0]), retrain) == pytest.approx(0.5)
    assert reached(before, np.array([-3.0, -4.0]), retrain) == pytest.approx(-1)
    assert reached(before, np.array([3.0, 0.0]), retrain) == pytest.approx(1 - 4 / 5)
    assert reached(before, retrain, before) is None


def test_pairs_of_all_the_names_that_peft_gives():
    names = [
        "e.lora_embedding_A.x",
        "e.lora_embedding_B.x",
        "l.lora_A.x.weight",
        "l.lora_B.x.weight",
        "l.lora_A.y.weight",
        "b",
    ]
    assert list(lora_pairs(dict.fromkeys(names))) == [(names[0], names[1]), (names[2], names[3])]
