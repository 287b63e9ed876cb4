"""Tip-Adapter-F and the linear probe: where they begin, what holds them, and that they learn."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from methods.fewshot import Support, TipAdapterF, linear_probe, tip_logits, zero_shot_logits
from methods.fewshot.classifiers.linear import constraint


def test_without_an_epoch_they_are_what_they_begin_with(task):
    text, support, queries = task
    untrained = TipAdapterF(2.0, 3.0, epochs=0).fit(support, text)
    plain = tip_logits(queries, text, support.keys, support.values(), 2.0, 3.0)
    assert torch.equal(untrained.logits(queries), plain)  # V13
    assert torch.equal(linear_probe(support, text, epochs=0), text)


def test_they_fit_the_support_better_than_before(task):
    text, support, _ = task
    views, labels = support.unit_views.flatten(0, 1), support.labels.repeat(3)

    def loss(logits):
        return float(cross_entropy(logits, labels))

    before, after = (
        loss(TipAdapterF(2.0, 3.0, epochs=epochs).fit(support, text).logits(views))
        for epochs in (0, 20)
    )
    assert after < before
    probe = linear_probe(support, text, epochs=60)
    assert loss(zero_shot_logits(views, probe)) < loss(zero_shot_logits(views, text))


def test_the_same_seed_gives_the_same_bits(task):
    text, support, _ = task
    first, again = (TipAdapterF(2.0, 3.0, epochs=3, seed=1).fit(support, text).keys_ for _ in "ab")
    assert torch.equal(first, again)
    assert torch.equal(linear_probe(support, text, epochs=3), linear_probe(support, text, epochs=3))


def test_a_first_step_of_the_probe_is_plain_gradient_descent(task):
    """One epoch of one batch: w - rate * gradient, in which the constraint has no part yet."""
    text, support, _ = task
    moved = text.clone().requires_grad_()
    view = support.unit_views[0]
    cross_entropy(100 * view @ (moved / moved.norm(dim=0)), support.labels).backward()
    wanted = text - 0.1 * moved.grad
    found = linear_probe(support, text, epochs=1)
    assert torch.allclose(found[:, :3], (wanted / wanted.norm(dim=0))[:, :3])


def test_a_class_is_held_by_its_constraint_and_one_without_shots_for_good(task):
    text, support, _ = task
    free = linear_probe(support, text, epochs=40, held=torch.zeros(4).double())
    firm = linear_probe(support, text, epochs=40, held=torch.tensor([3.0, 0, 0, 0]).double())
    assert torch.allclose(free[:, 3], text[:, 3])  # V14
    assert (firm[:, 0] - text[:, 0]).norm() < (free[:, 0] - text[:, 0]).norm()
    with pytest.raises(ValueError, match="held must be 0 or more, got -1"):
        linear_probe(support, text, held=torch.tensor([0.0, -1, 0, 0]).double())


def test_the_constraint_by_a_slow_loop(task):
    text, support, _ = task
    chances = {label: [] for label in range(4)}
    for view in support.unit_views:
        for feature, label in zip(view, support.labels.tolist(), strict=True):
            chance = torch.exp(100 * feature @ text - torch.logsumexp(100 * feature @ text, dim=0))
            if int(chance.argmax()) == label:
                chances[label].append(float(chance[label]))
    wanted = [sum(each) / len(each) if each else 0 for each in chances.values()]
    assert constraint(support, text).tolist() == pytest.approx(wanted)
    assert any(wanted)


def test_one_view_serves_every_epoch(task):
    text, support, _ = task
    single = Support(support.views[:1], support.labels, 4)
    tripled = Support(support.views[:1].repeat(3, 1, 1), support.labels, 4)
    one, three = (TipAdapterF(1.0, 1.0, epochs=4).fit(s, text).keys_ for s in (single, tripled))
    assert torch.allclose(one, three, atol=1e-12)
