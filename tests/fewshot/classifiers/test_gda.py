"""Gaussians with one covariance: scikit-learn's discriminant with the same one, and the formula by a loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from methods.fewshot import Support, fit_gaussians, gda_logits, zero_shot_logits
from methods.fewshot.classifiers.gda import ALPHAS, choose_weight, folds, precision


def centred_samples(support):
    samples, labels = [], []
    for view in support.unit_views:
        samples += list(view)
        labels += support.labels.tolist()
    means = {
        c: sum(s for s, y in zip(samples, labels, strict=True) if y == c) / labels.count(c)
        for c in set(labels)
    }
    return (
        torch.stack([s - means[y] for s, y in zip(samples, labels, strict=True)]),
        samples,
        labels,
    )


def test_scikit_learns_discriminant_with_the_same_covariance(task):
    _, support, queries = task
    centred, samples, labels = centred_samples(support)
    covariance = torch.linalg.inv(precision(centred)).numpy()

    class Shared:
        def fit(self, _):
            self.covariance_ = covariance
            return self

    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=Shared(), priors=[1 / 3] * 3
    ).fit(torch.stack(samples).numpy(), labels)
    ours = fit_gaussians(support)
    wanted = theirs.decision_function(queries.numpy()) - np.log(1 / 3)
    found = (queries @ ours.weights + ours.bias).numpy()
    assert found[:, :3] == pytest.approx(wanted, abs=1e-8)
    scores = ours.scores(queries)
    assert torch.allclose(scores[:, :3].mean(dim=1), torch.zeros(20).double(), atol=1e-9)
    assert (scores[:, 3] == 0).all()  # no shots: neutral
    assert (scores[:, :3].argmax(1).numpy() == theirs.predict(queries.numpy())).all()


def test_the_precision_by_a_slow_loop(task):
    _, support, _ = task
    centred, *_ = centred_samples(support)
    scatter = sum(torch.outer(row, row) for row in centred)
    ridge = sum(float(row @ row) for row in centred) / (len(centred) - 1)
    wanted = 8 * torch.linalg.inv(scatter + ridge * torch.eye(8))
    assert torch.allclose(precision(centred), wanted)
    assert torch.equal(precision(torch.zeros(5, 8)), torch.eye(8))


def test_one_view_of_one_picture_each_is_the_nearest_mean(task):
    _, support, queries = task
    single = Support(support.views[:1, [0, 6, 9]], torch.tensor([0, 1, 2]), 3)
    nearest = (queries @ single.keys).argmax(1)
    assert torch.equal(fit_gaussians(single).scores(queries).argmax(1), nearest)


def test_no_weight_is_clip(task):
    text, support, queries = task
    gaussians = fit_gaussians(support)
    assert torch.equal(gda_logits(queries, text, gaussians, 0.0), zero_shot_logits(queries, text))
    with pytest.raises(ValueError, match="alpha must be 0 or more"):
        gda_logits(queries, text, gaussians, -0.1)
    with pytest.raises(ValueError, match="at least one picture"):
        fit_gaussians(Support(support.views[:, :0], support.labels[:0], 4))


def test_the_weight_by_folds_that_hold_pictures_out(task):
    text, support, _ = task
    fold = folds(support.labels, 0)
    found = choose_weight(support, text)
    right = torch.zeros(len(ALPHAS))
    for place in range(9):  # the tenth picture is the only one of its class
        rest = fit_gaussians(support.without(fold == fold[place]))
        for column, alpha in enumerate(ALPHAS):
            logits = gda_logits(support.asked[place : place + 1], text, rest, alpha)
            right[column] += int(logits.argmax()) == int(support.labels[place])
    assert found.map[0].tolist() == pytest.approx((right / 9).tolist())
    assert found.beta is None
    assert found.alpha == ALPHAS[int(right.argmax())]
    singles = Support(support.views[:, [0, 6]], torch.tensor([0, 1]), 4)
    assert choose_weight(singles, text).tuned_on.startswith("nothing")


def test_folds_deal_each_class_out_evenly():
    labels = torch.tensor([0] * 12 + [1] * 5 + [2])
    fold = folds(labels, 1)
    assert sorted(fold[labels == 0].bincount(minlength=5).tolist()) == [2, 2, 2, 3, 3]
    assert sorted(fold[labels == 1].tolist()) == [0, 1, 2, 3, 4]
    assert not torch.equal(fold, folds(labels, 2))
