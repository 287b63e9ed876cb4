"""Tip-Adapter's logits: a number worked by hand, and the limits in which it is CLIP."""

from __future__ import annotations

import math

import pytest
import torch

from methods.fewshot import tip_logits, zero_shot_logits
from methods.fewshot.classifiers.support import Support


def test_a_number_worked_by_hand():
    features = torch.tensor([[0.6, 0.8]])
    text = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    keys = torch.tensor([[1.0, 0.8], [0.0, 0.6]])  # cosines .6 and .96
    values = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = tip_logits(features, text, keys, values, alpha=2.0, beta=5.0)
    wanted = [60 + 2 * math.exp(-5 * 0.4), 80 + 2 * math.exp(-5 * 0.04)]
    assert found[0].tolist() == pytest.approx(wanted, rel=1e-6)


def test_without_weight_or_with_endless_sharpness_it_is_clip(task):
    text, support, queries = task
    plain = zero_shot_logits(queries, text)
    none = tip_logits(queries, text, support.keys, support.values(), 0.0, 5.0)
    assert torch.equal(none, plain)  # V2
    sharp = tip_logits(queries, text, support.keys, support.values(), 3.0, 1e6)
    assert torch.equal(sharp, plain)
    empty = tip_logits(
        queries, text, torch.zeros(8, 0).double(), torch.zeros(0, 4).double(), 3.0, 1.0
    )
    assert torch.equal(empty, plain)


def test_a_picture_of_the_support_gets_the_whole_weight_for_its_class(task):
    text, support, _ = task
    asked, values = support.keys.T, support.values()
    cached = tip_logits(asked, text, support.keys, values, 2.0, 30.0) - zero_shot_logits(
        asked, text
    )
    for place, label in enumerate(support.labels.tolist()):  # V11
        others = [
            2 * math.exp(-30 * (1 - float(asked[place] @ asked[other])))
            for other in range(len(asked))
            if other != place and support.labels[other] == label
        ]
        assert float(cached[place, label]) == pytest.approx(2 + sum(others), abs=1e-9)


def test_a_class_without_shots_keeps_the_logits_of_its_text(task):
    text, support, queries = task
    assert (support.values()[:, 3] == 0).all()  # V14
    found = tip_logits(queries, text, support.keys, support.values(), 3.0, 2.0)
    assert torch.equal(found[:, 3], zero_shot_logits(queries, text)[:, 3])
    assert (found[:, :3] > zero_shot_logits(queries, text)[:, :3]).all()


def test_balanced_values_give_every_class_the_same_say(task):
    _, support, _ = task
    balanced = support.values(balanced=True)
    assert balanced.sum(dim=0).tolist() == pytest.approx([10 / 3] * 3 + [0])
    even = Support(support.views[:, [0, 1, 6, 7]], torch.tensor([0, 0, 1, 1]), 2)
    assert torch.equal(even.values(balanced=True), even.values())


def test_keys_are_the_mean_of_raw_views(task):
    _, support, _ = task
    mean = sum(support.views[view, 4] for view in range(3)) / 3
    assert torch.allclose(support.keys[:, 4], mean / mean.norm())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alpha": -1.0}, "alpha must be 0 or more, got -1"),
        ({"beta": float("nan")}, "beta must be 0 or more"),
        ({"keys": torch.zeros(7, 10).double()}, r"keys must be \(8, K\)"),
        ({"values": torch.zeros(9, 4).double()}, r"values \(K, 4\), got \(8, 10\) and \(9, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(task, changes, message):
    text, support, queries = task
    given = {"keys": support.keys, "values": support.values(), "alpha": 1.0, "beta": 1.0}
    with pytest.raises(ValueError, match=message):
        tip_logits(queries, text, **given | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": 1}, "nothing to tell apart"),  # V9
        ({"labels": torch.tensor([0, 1, 4])}, r"label 4 of picture 2 is none of 0\.\.3"),
        ({"labels": torch.tensor([0, 1])}, r"labels must be \(3,\)"),
        ({"views": torch.zeros(3, 5)}, r"views must be \(A, N, D\)"),
        ({"plain": torch.zeros(2, 5)}, r"plain must be \(3, 5\)"),
        ({"views": torch.tensor([[[0.0], [float("nan")], [0.0]]])}, "picture 1 are no finite"),
    ],
)
def test_a_support_that_is_none_is_named(changes, message):
    given = {"views": torch.ones(2, 3, 5), "labels": torch.tensor([0, 1, 3]), "classes": 4}
    with pytest.raises(ValueError, match=message):
        Support(**given | changes)
