"""Attention, losses, heads, gate, preprocessing and mixtures against numbers by hand, slow loops and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from methods.fewshot.afr import heads
from methods.fewshot.afr.attention import attend, mix
from methods.fewshot.afr.gate import Gate
from methods.fewshot.afr.heads import centroid_head, cosine_head, logistic_head
from methods.fewshot.afr.losses import cross_entropy, squared_error, supervised_contrast
from methods.fewshot.afr.mixup import mixed_pairs
from methods.fewshot.afr.preprocessing import Preprocessing, unit
from methods.fewshot.afr.relate import cosines, low_similarity, related_classes
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.afr.training import Adam, train


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_attention_by_hand() -> None:
    keys = torch.tensor([[[1.0, 0.0], [0.6, 0.8]]])
    weights = attend(torch.tensor([[1.0, 0.0]]), keys, 0.4, "softmax")
    assert weights[0].tolist() == pytest.approx([math.e / (1 + math.e), 1 / (1 + math.e)])
    assert attend(torch.ones(1, 2), keys, 0.4, "uniform").tolist() == [[0.5, 0.5]]


def test_f2_and_f3_attention_and_its_limits() -> None:
    support, keys = unit(drawn(6, 8)), unit(drawn(6, 4, 8).flip(0))
    weights = attend(support, keys, 0.1, "softmax")
    assert (weights >= 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(6).double())
    assert torch.equal(attend(support, keys[:, :1], 0.1, "softmax"), torch.ones(6, 1).double())
    wide = attend(support, keys, 1e6, "softmax")
    assert torch.allclose(wide, torch.full_like(wide, 0.25), atol=1e-6)
    nearest = (keys @ support[..., None])[..., 0].argmax(-1)
    sharp = attend(support, keys, 1e-6, "softmax")
    assert torch.allclose(sharp, F.one_hot(nearest, 4).double(), atol=1e-9)


def test_mixing_by_hand_and_at_its_ends() -> None:
    support, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    half = torch.full((1, 2), 0.5)
    assert mix(support, keys, half, torch.tensor([0.5])).tolist()[0] == pytest.approx(
        [0.5**0.5] * 2
    )
    assert mix(support, keys, half, torch.tensor([1.0])).tolist() == [[0, 1]]
    odd = drawn(1, 2)  # not of length 1: returned as it is
    assert torch.equal(mix(odd, keys.double(), half.double(), torch.zeros(1).double()), odd)


def test_related_classes_and_ties() -> None:
    similarity = torch.tensor([[0.1, 0.5, 0.5, 0.9]])
    assert related_classes(similarity, 3).tolist() == [[3, 1, 2]]
    veto = torch.tensor([[False, True, False, False]])
    assert related_classes(similarity, 3, veto).tolist() == [[3, 2, 0]]
    with pytest.raises(ValueError, match="related is 5, but there are only 4"):
        related_classes(similarity, 5)
    high = cosines(drawn(3, 5), drawn(9, 5))
    assert high.abs().max() <= 1
    assert low_similarity(torch.ones(1, 3)) == -torch.inf
    # Neighbours at cosines 1, 1, 0 and 0 of four base classes: the 10th percentile is 0.
    base = torch.tensor([[1.0, 0, 0], [2.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    assert low_similarity(base) == pytest.approx(0)


def test_losses_by_slow_loops() -> None:
    features, labels = unit(drawn(2, 5, 4)), torch.tensor([[0, 0, 1, 1, 2], [0, 1, 2, 3, 4]])
    for place, value in enumerate(supervised_contrast(features, labels, 0.5).tolist()):
        terms = []
        for i in range(5):
            others = [j for j in range(5) if j != i]
            odds = {
                j: math.exp(float(features[place, i] @ features[place, j]) / 0.5) for j in others
            }
            same = [j for j in others if labels[place, i] == labels[place, j]]
            if same:
                terms.append(-sum(math.log(odds[j] / sum(odds.values())) for j in same) / len(same))
        assert value == pytest.approx(sum(terms) / len(terms) if terms else 0)
    logits, hard = drawn(1, 5, 3), torch.tensor([[0, 1, 2, 0, 1]])
    expected = F.cross_entropy(logits[0], hard[0])
    assert cross_entropy(logits, F.one_hot(hard).double())[0] == pytest.approx(float(expected))
    assert squared_error(torch.zeros(1, 2, 3), torch.ones(1, 2, 3)).tolist() == [3]


def test_logistic_regression_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = unit(drawn(2, 20, 6)), torch.arange(4).repeat(5)
    targets = F.one_hot(labels).double().expand(2, -1, -1)
    weights = logistic_head(features, targets, 10.0).weights
    for mine, rows in zip(weights, features, strict=True):
        other = LogisticRegression(C=10.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
        other.fit(rows.numpy(), labels.numpy())
        np.testing.assert_allclose(mine.numpy(), other.coef_, atol=2e-5)
    monkeypatch.setattr(heads, "MOST_STEPS", 50)
    with pytest.raises(ValueError, match="did not settle in 50 steps"):
        logistic_head(features.float(), targets.float(), 1e9)


def test_centroid_and_cosine_by_hand() -> None:
    features = torch.tensor([[[1.0, 0], [3.0, 0], [0, 2.0]]])
    targets = torch.tensor([[[1.0, 0], [1.0, 0], [0, 1.0]]])
    query = torch.tensor([[[1.0, 1.0]]])  # squared distances 2 and 2, less |q|^2 = 2
    assert centroid_head(features, targets).scores(query).tolist() == [[[0, 0]]]
    assert cosine_head(features[:, :2], 10).scores(query).tolist() == [[[10, 10]]]


def test_f4_a_gate_of_zeros_is_none() -> None:
    rows = unit(drawn(2, 5, 16))
    gate = Gate.identity(2, rows, 8, 0)
    assert gate.down.shape == (2, 2, 16)
    assert torch.equal(gate.weights(rows), torch.ones_like(rows))
    assert torch.allclose(gate.apply(rows), rows, atol=1e-15)
    nought = Gate(torch.zeros(1, 1, 2), torch.full((1, 2, 1), 9.0))
    assert nought.weights(torch.ones(1, 1, 2)).tolist() == [[[1, 1]]]


def test_gate_by_hand() -> None:
    gate = Gate(torch.tensor([[[1.0, -1.0]]]), torch.tensor([[[2.0], [-2.0]]]))
    high = 2 / (1 + math.exp(-2))
    assert gate.weights(torch.tensor([[[2.0, 1.0]]]))[0, 0].tolist() == pytest.approx(
        [high, 2 - high]
    )
    assert gate.weights(torch.tensor([[[1.0, 2.0]]]))[0, 0].tolist() == [
        1,
        1,
    ]  # the unit is at rest


def test_training_lowers_its_loss_and_begins_at_the_class_means() -> None:
    features, targets = unit(drawn(1, 12, 16)), F.one_hot(torch.arange(3).repeat(4)).double()[None]
    _, start = train(features, targets, AFRSettings(gate=False, classifier="cosine", steps=0))
    assert torch.allclose(start[0, 1], features[0, 1::3].mean(0))

    def loss(steps: int) -> float:
        settings = AFRSettings(classifier="cosine", contrastive=0, squared=0, steps=steps)
        gate, weights = train(features, targets, settings)
        assert gate is not None
        logits = cosine_head(weights, 10).scores(gate.apply(features))
        return float(cross_entropy(logits, targets))

    assert loss(0) > loss(10) > loss(40)
    settings = AFRSettings(classifier="cosine", cross_entropy=0, steps=5)
    gate, weights = train(features, targets, settings)
    assert gate is not None
    assert torch.allclose(weights[0, 0], gate.apply(features)[0, ::3].mean(0))


def test_preprocessing_by_hand() -> None:
    base = torch.tensor([[4.0, 0.0], [0.0, 9.0]])
    phi = Preprocessing.of(base, None, True)
    assert (phi.power, phi.mean.tolist()) == (0.5, [0.5, 0.5])
    # sqrt (3, 4), unit (.6, .8), centred (.1, .3), unit again
    assert phi.apply(torch.tensor([9.0, 16.0])).tolist() == pytest.approx([0.1**0.5, 0.9**0.5])
    assert str(phi) == "power 0.5, unit length, centred, unit length"
    plain = Preprocessing.of(-base, None, False)
    assert plain.power == 1
    assert plain.apply(torch.tensor([3.0, -4.0])).tolist() == pytest.approx([0.6, -0.8])
    assert str(plain) == "unit length"


def test_mixtures_are_between_two_rows_and_so_are_their_labels() -> None:
    features, targets = (
        drawn(2, 6, 4),
        F.one_hot(torch.arange(3).repeat(2)).double().expand(2, -1, -1),
    )
    rows, shares = mixed_pairs(features, targets, 0.5, 4, seed=1)
    assert rows.shape == (2, 30, 4)
    assert torch.equal(rows[:, :6], features)
    assert torch.allclose(shares.sum(-1), torch.ones(2, 30).double())
    together = torch.cat([features, targets], -1)[0]
    for row, share in zip(rows[0, 6:12], shares[0, 6:12], strict=True):
        mixed = torch.cat([row, share])
        pairs = (
            (
                torch.linalg.lstsq((a - b)[:, None], (mixed - b)[:, None]).solution * (a - b)
                + b
                - mixed
            )
            .abs()
            .max()
            for a in together
            for b in together
            if not torch.equal(a, b)
        )
        itself = (together - mixed).abs().amax(-1)
        assert min(float(min(pairs)), float(itself.min())) < 1e-9
    assert torch.equal(mixed_pairs(features, targets, 0.5, 4, seed=1)[0], rows)


def test_settings_say_what_the_weight_is() -> None:
    assert AFRSettings().weight(1) == pytest.approx(0.6)
    assert AFRSettings().weight(5) == pytest.approx(1.5 / 6.5)
    assert AFRSettings(classifier="cosine").weight(5) == 0.5
    assert AFRSettings(kappa=0, classifier="cosine").weight(5) == 0
    assert AFRSettings(kappa=math.inf).weight(5) == 1


def test_adam_by_hand() -> None:
    """The first step is the rate, whatever the slope; the second by the formula; decay pulls a parameter without a slope."""
    one, idle = torch.tensor([2.0]).double(), torch.tensor([5.0]).double()
    adam = Adam([one, idle], 0.1, 0.0)
    adam.step(3 * one.sum())
    assert one.item() == pytest.approx(1.9)
    adam.step(one.sum())
    mean, square = (0.9 * 0.3 + 0.1) / 0.19, (0.999 * 0.009 + 0.001) / (1 - 0.999**2)
    assert one.item() == pytest.approx(1.9 - 0.1 * mean / square**0.5)
    assert idle.item() == 5
    pulled = torch.tensor([5.0])
    Adam([pulled], 0.1, 0.01).step(0 * pulled.sum())
    assert pulled.item() == pytest.approx(4.9)
