from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.episodes.evaluating import Predict, evaluate
from methods.fewshot.episodes.paired import interval, mcnemar, paired, paired_bootstrap
from methods.fewshot.episodes.sampling import Episodes, sample_episodes

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 9))
SIZES: dict[str, Any] = {"ways": 5, "shots": 2, "queries": 3}


def some(episodes: int = 20, **sizes: Any) -> Episodes:
    return sample_episodes(
        LABELS, range(2, 10), **SIZES | {"episodes": episodes, "seed": 3} | sizes
    )


def test_an_episode_is_made_of_its_classes_rows_once_each() -> None:
    drawn = some()
    assert (len(drawn), drawn.ways, drawn.shots) == (20, 5, 2)
    for classes, support, queries in zip(drawn.classes, drawn.support, drawn.queries, strict=True):
        assert len(set(classes.tolist())) == 5
        assert set(classes.tolist()) <= set(range(2, 10))
        assert LABELS[support].tolist() == classes[drawn.support_labels].tolist()
        assert LABELS[queries].tolist() == classes[drawn.query_labels].tolist()
        assert len({*support.tolist(), *queries.tolist()}) == 25


def test_the_first_episodes_are_the_same_however_many_and_other_seeds_differ() -> None:
    few, many = some(3), some(20)
    assert np.array_equal(few.support, many.support[:3])
    assert np.array_equal(few.queries, many.part(0, 3).queries)
    assert not np.array_equal(some(3, seed=4).support, few.support)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"ways": 1}, "ways must be 2 or more, got 1"),
        ({"ways": 9}, "9 ways need as many classes, got 8"),
        ({"shots": 7}, "class 2 has 9 rows, and 7 shots with 3 queries need 10"),
        ({"queries": 0}, "queries must be 1 or more"),
    ],
)
def test_sizes_that_do_not_fit(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        some(**sizes)


def test_f10_an_interval_by_hand() -> None:
    found = interval([0.2, 0.4, 0.6, 0.8])
    half = 1.959964 * math.sqrt(0.2 / 3) / 2
    assert (found.mean, found.n) == (pytest.approx(0.5), 4)
    assert (found.low, found.high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))
    assert interval([0.5]).low is None
    with pytest.raises(ValueError, match="row 1 is not"):
        interval([0.5, math.nan])


def test_a_paired_difference_by_hand() -> None:
    found = paired([0.5, 0.5, 0.5, 0.5], [0.6, 0.7, 0.5, 0.4])
    assert found.difference.mean == pytest.approx(0.05)
    assert (found.wins, found.losses, found.ties, found.win_rate) == (2, 1, 1, 0.625)
    with pytest.raises(ValueError, match="equally many, got 2 and 3"):
        paired([1, 2], [1, 2, 3])


def test_mcnemar_by_hand_and_the_bootstrap_of_what_never_varies() -> None:
    before = [True] * 5 + [False] * 5
    after = [True] * 4 + [False] + [True] * 5
    # 5 fixed, 1 broken: twice the chance of 5 or 6 heads of 6
    assert mcnemar(before, after) == pytest.approx(2 * (6 + 1) / 64)
    assert mcnemar(before, before) == 1
    same = paired_bootstrap(np.zeros(9), np.ones(9), seed=0)
    assert (same.mean, same.low, same.high) == (1, 1, 1)


def test_the_bootstrap_agrees_with_the_closed_form() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.random(400) < 0.6, draw.random(400) < 0.7
    found, normal = paired_bootstrap(first, second, seed=0), paired(first, second).difference
    assert found.mean == pytest.approx(normal.mean)
    assert found.low == pytest.approx(normal.low, abs=0.01)
    assert found.high == pytest.approx(normal.high, abs=0.01)


def test_arms_are_judged_on_the_same_episodes_whatever_the_block() -> None:
    features = torch.from_numpy(np.eye(10)[LABELS] + 0.01)

    def first(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        assert support.shape[1:] == (10, 10)
        return lambda queries: torch.zeros(queries.shape[:2], dtype=torch.long)

    def knowing(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        return lambda queries: (queries @ support.mT).argmax(-1) // 2

    heard: list[tuple[int, int]] = []
    arms = {"first": first, "knowing": knowing}
    found = evaluate(features, some(), arms, block=8, progress=lambda *at: heard.append(at))
    assert found["first"].tolist() == pytest.approx([0.2] * 20)
    assert found["knowing"].tolist() == [1.0] * 20
    assert heard == [(8, 20), (16, 20), (20, 20)]


def test_f11_arms_are_fitted_on_supports_alone() -> None:
    """All rows but the supports are poisoned: every arm is fitted all the same, and only then meets a query."""
    drawn = some(4)
    poisoned = torch.full((len(LABELS), 10), torch.nan)
    rows = torch.from_numpy(drawn.part(0, 1).support).flatten()
    poisoned[rows] = torch.rand(len(rows), 10)
    base = torch.rand(6, 10)
    fitted: list[AttentiveFeatureRegularizer] = []

    def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        model = AttentiveFeatureRegularizer(base, torch.rand(6, 4) - 0.5, steps=3)
        fitted.append(model.fit(support, labels, torch.rand(5, 4) - 0.5))
        return model.predict

    with pytest.raises(ValueError, match="queries must be finite"):
        evaluate(poisoned, drawn.part(0, 1), {"one": arm, "two": arm})
    assert len(fitted) == 2
    assert all(bool(model.regularised_.isfinite().all()) for model in fitted)


def test_f9_shuffled_labels_are_at_chance() -> None:
    draw = np.random.default_rng(2)
    labels = np.repeat(np.arange(10), 500)
    features = torch.from_numpy(draw.random((len(labels), 16)))  # says nothing about the label
    base, semantics = (
        torch.from_numpy(draw.random((6, 16))),
        torch.from_numpy(draw.normal(size=(16, 4))),
    )

    def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        model = AttentiveFeatureRegularizer(base, semantics[10:], gate=False)
        return model.fit(support, labels, semantics[classes]).predict

    drawn = sample_episodes(labels, range(10), **SIZES, episodes=300, seed=0)
    found = interval(evaluate(features, drawn, {"afr": arm})["afr"])
    assert found.high is not None
    assert abs(found.mean - 0.2) < 2 * (found.high - found.mean)
