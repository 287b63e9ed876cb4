"""Figures against scikit-learn, slow loops and numbers worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from methods.anomaly.evaluation import judge as module
from methods.anomaly.evaluation.cells import cells, figures
from methods.anomaly.evaluation.judge import compare, delong, judge, point

Array = np.ndarray[Any, Any]


def drawn(seed: int, nodes: int = 150, *, steps: int = 0) -> tuple[Array, Array]:
    """Scores, of `steps` different values where it is not 0, and labels with about a fifth of positives."""
    draw = np.random.default_rng(seed)
    labels = (draw.random(nodes) < 0.2).astype(int)
    scores = draw.normal(size=nodes) + 0.8 * labels
    return (np.round(scores * steps / 6) if steps else scores), labels


@pytest.mark.parametrize("steps", [0, 3, 12, 60])
@pytest.mark.parametrize("seed", range(4))
def test_auc_and_average_precision_are_scikit_learns_with_ties(seed: int, steps: int) -> None:
    scores, labels = drawn(seed, steps=steps)
    found = point(scores, labels, 10)
    assert found.auc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert found.ap == pytest.approx(average_precision_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("steps", [0, 12])
def test_resampled_counts_give_the_figures_of_resampled_nodes(steps: int) -> None:
    scores, labels = drawn(1, steps=steps)
    truth = labels == 1
    found = cells(scores, truth)
    draw = np.random.default_rng(2)
    for _ in range(20):
        chosen = np.concatenate(
            [draw.choice(np.flatnonzero(side), side.sum()) for side in (truth, ~truth)]
        )
        counts = [
            np.bincount(found.of[chosen[truth[chosen] == kind]], minlength=len(found.positives))[
                None
            ]
            for kind in (True, False)
        ]
        ours = figures(counts[0], counts[1], 17)
        assert ours.auc[0] == pytest.approx(roc_auc_score(labels[chosen], scores[chosen]))
        assert ours.ap[0] == pytest.approx(average_precision_score(labels[chosen], scores[chosen]))


def test_precision_and_recall_by_hand() -> None:
    scores, labels = [9, 8, 7, 6, 5, 4], [1, 0, 1, 0, 0, 1]
    assert [point(scores, labels, k).precision for k in (1, 2, 3, 6)] == [1, 1 / 2, 2 / 3, 1 / 2]
    assert [point(scores, labels, k).recall for k in (0, 1, 2, 3, 6)] == [0, 1 / 3, 1 / 3, 2 / 3, 1]
    assert point(scores, labels, 0).precision is None
    assert point(scores, labels, 99) == point(scores, labels, 6)


def test_a_budget_that_ends_among_equals_takes_their_share() -> None:
    # One of three equals is looked at: the only positive among them with a chance of one in three.
    found = point([9, 5, 5, 5, 1], [1, 0, 1, 0, 0], 2)
    assert found.recall == pytest.approx((1 + 1 / 3) / 2)
    assert found.precision == pytest.approx((1 + 1 / 3) / 2)
    draw = np.random.default_rng(0)
    scores, labels = drawn(3, steps=12)
    slow = []
    for _ in range(4000):
        order = np.lexsort((draw.random(len(scores)), -scores))[:25]
        slow.append(labels[order].sum() / labels.sum())
    assert point(scores, labels, 25).recall == pytest.approx(np.mean(slow), abs=0.01)


def test_nodes_that_nobody_knows_are_left_out() -> None:
    scores, labels = drawn(5)
    more = np.concatenate([scores, [1e6, -1e6, np.nan]]), np.concatenate([labels, [-1, -1, -1]])
    assert judge(*more, 20) == judge(scores, labels, 20)


def test_intervals_hold_the_figure_and_those_of_a_slow_bootstrap() -> None:
    scores, labels = drawn(0, 400)
    found = judge(scores, labels, 40, resamples=1500)
    draw = np.random.default_rng(9)
    slow = []
    for _ in range(300):
        chosen = np.concatenate(
            [draw.choice(np.flatnonzero(labels == kind), (labels == kind).sum()) for kind in (0, 1)]
        )
        best = chosen[np.argsort(-scores[chosen], kind="stable")[:40]]
        slow.append(
            (
                average_precision_score(labels[chosen], scores[chosen]),
                labels[best].mean(),
                labels[best].sum() / labels.sum(),
            )
        )
    for ours, theirs in zip(
        (found.ap, found.precision, found.recall), np.array(slow).T, strict=True
    ):
        assert ours is not None
        assert ours.low < ours.value < ours.high
        assert (ours.low, ours.high) == pytest.approx(np.percentile(theirs, (2.5, 97.5)), abs=0.03)
    gap = delong(
        scores, np.zeros(400), labels
    )  # against a constant the variance is that of the AUC itself
    assert (found.auc.low, found.auc.high) == pytest.approx(
        (gap.low + 0.5, gap.high + 0.5), abs=0.015
    )


def test_perfect_scores_do_not_have_a_certain_auc() -> None:
    found = judge([5, 4, 3, 2, 1, 0], [1, 1, 0, 0, 0, 0], 2)
    assert found.auc.value == 1
    assert found.auc.low < 0.9
    assert found.ap.value == found.recall.value == 1


def slow_delong(first: Array, other: Array, labels: Array) -> float:
    """Variance of the difference, by the double loop of DeLong et al. 1988, equations 3 to 5."""
    placed = []
    for scores in (first, other):
        psi = np.array(
            [
                [float(x > y) + (x == y) / 2 for y in scores[labels == 0]]
                for x in scores[labels == 1]
            ]
        )
        placed.append((psi.mean(axis=1), psi.mean(axis=0)))
    tens, ones = (np.cov(placed[0][side], placed[1][side]) for side in (0, 1))
    whole = tens / (labels == 1).sum() + ones / (labels == 0).sum()
    return float(whole[0, 0] + whole[1, 1] - 2 * whole[0, 1])


@pytest.mark.parametrize("steps", [0, 12])
def test_the_paired_difference_of_aucs_is_delongs(steps: int) -> None:
    scores, labels = drawn(7, 90, steps=steps)
    other = scores + np.random.default_rng(1).normal(size=90).round(1)
    found = delong(scores, other, labels)
    assert found.value == pytest.approx(
        roc_auc_score(labels, scores) - roc_auc_score(labels, other)
    )
    half = 1.959964 * slow_delong(scores, other, labels) ** 0.5
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_paired_differences_are_on_the_same_resamples() -> None:
    scores, labels = drawn(2, 300)
    draw = np.random.default_rng(3)
    near, far = scores + 0.1 * draw.normal(size=300), draw.normal(size=300)
    found = compare(
        {"ours": scores, "same": 2 * scores, "near": near, "far": far}, labels, 30, resamples=600
    )
    assert list(found) == ["same", "near", "far"]
    for each in (found["same"].auc, found["same"].ap, found["same"].recall):
        assert (each.value, each.low, each.high) == (0, 0, 0)
    gap = delong(scores, far, labels)
    assert (found["far"].auc.low, found["far"].auc.high) == pytest.approx(
        (gap.low, gap.high), abs=0.02
    )
    assert found["far"].ap.low > 0
    width = found["near"].ap.high - found["near"].ap.low
    alone = judge(scores, labels, 30).ap
    assert width < (alone.high - alone.low) / 2  # most of the chance is common to both


def test_the_same_seed_gives_the_same_intervals_and_much_work_fewer_resamples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores, labels = drawn(4)
    assert judge(scores, labels, 9) == judge(scores, labels, 9)
    assert judge(scores, labels, 9).ap != judge(scores, labels, 9, seed=1).ap
    monkeypatch.setattr(module, "WORK", 1)
    assert judge(scores, labels, 9).resamples == 200
    assert judge(scores, labels, 9, resamples=50).resamples == 50
    whole = judge(scores, labels, 9)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    assert judge(scores, labels, 9).ap.value == whole.ap.value


def test_few_known_nodes_are_warned_of() -> None:
    scores, labels = drawn(0)
    few = np.where((labels == 1) & (np.cumsum(labels) > 4), 0, labels)
    assert "only 4 nodes are known to be anomalous" in judge(scores, few, 5).notes[0]
    assert "only 4 nodes are known to be normal" in judge(scores, 1 - few, 5).notes[0]
    assert "1 node is known to be anomalous" in judge([1, 2, 3], [1, 0, 0], 1).notes[0]
    assert judge(*drawn(0, 400), 5).notes == ()


@pytest.mark.parametrize(
    ("scores", "labels", "said"),
    [
        ([1, 2, 3], [1, 0], "one each a node"),
        ([1, 2], [1, 2], "node 1 has 2"),
        ([1, float("inf")], [1, 0], "node 1 has inf"),
        ([1, 2, 3], [1, 1, -1], "of 2 judged nodes none is normal"),
        ([1, 2], [0, 0], "none is anomalous"),
        ([1, 2], [-1, -1], "of 0 judged nodes"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    scores: list[float], labels: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        judge(scores, labels, 1)


def test_a_negative_budget_and_a_single_score_are_refused() -> None:
    with pytest.raises(ValueError, match="budget: 0 or more"):
        judge([1, 2], [1, 0], -1)
    with pytest.raises(ValueError, match="two scores or more are needed, got 1"):
        compare({"a": [1, 2]}, [1, 0], 1)
