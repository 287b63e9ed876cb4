"""Every classifier by its name, on any support, and blind to what is tested."""

from __future__ import annotations

import pytest
import torch

from methods.fewshot import Support, fit_classifier, tip_logits, zero_shot_logits
from methods.fewshot.classifiers.choosing import Grid
from methods.fewshot.classifiers.fitting import FITS, Options

FEW = Options(grid=Grid(beta_steps=4, alpha_steps=4), tip_f_epochs=2, probe_epochs=4)


@pytest.mark.parametrize("name", FITS)
def test_what_is_tested_moves_nothing(task, name):
    """Poison: rows that are no numbers change neither what was chosen nor the logits of other rows."""
    text, support, queries = task
    fitted = fit_classifier(name, support, text, FEW)
    before = fitted.logits(queries)
    assert before.shape == (20, 4)
    assert before.isfinite().all()
    poisoned = queries.clone()
    poisoned[::2] = float("nan")
    assert torch.equal(fitted.logits(poisoned)[1::2], fitted.logits(queries)[1::2])
    again = fit_classifier(name, support, text, FEW)
    assert torch.equal(again.logits(queries), before)
    if fitted.chosen is not None:
        assert "support" in fitted.chosen.tuned_on
        assert (again.chosen.alpha, again.chosen.beta) == (fitted.chosen.alpha, fitted.chosen.beta)


@pytest.mark.parametrize("name", FITS)
def test_classes_may_have_no_shots_or_one(task, name):
    text, support, queries = task
    nothing = Support(support.views[:, :0], support.labels[:0], 4)
    assert torch.equal(
        fit_classifier(name, nothing, text).logits(queries), zero_shot_logits(queries, text)
    )
    singles = Support(support.views[:, [0, 6]], torch.tensor([0, 1]), 4)
    assert fit_classifier(name, singles, text, FEW).logits(queries).isfinite().all()


@pytest.mark.parametrize("name", FITS)
def test_the_order_of_the_classes_is_only_a_name(task, name):
    text, support, queries = task
    turned = torch.tensor([2, 0, 3, 1])  # class c is now turned[c]
    other = Support(support.views, turned[support.labels], 4, support.plain)
    moved = torch.empty_like(text)
    moved[:, turned] = text
    found = fit_classifier(name, other, moved, FEW).logits(queries)[:, turned]
    assert torch.allclose(found, fit_classifier(name, support, text, FEW).logits(queries))


def test_a_validation_set_is_tuned_on_and_said(task):
    text, support, queries = task
    validation = queries[:12], torch.arange(12) % 4
    for name in ("tip", "tip_f", "gda"):
        chosen = fit_classifier(name, support, text, FEW, validation).chosen
        assert chosen.tuned_on == "the validation set (12 pictures)"
    for name in ("zero_shot", "linear"):
        assert fit_classifier(name, support, text, FEW, validation).chosen is None


def test_numbers_given_by_hand_are_taken_and_said(task):
    text, support, queries = task
    found = fit_classifier("tip", support, text, Options(alpha=2.0, beta=3.0))
    assert found.chosen.tuned_on == "nothing: given by hand"
    wanted = tip_logits(queries, text, support.keys, support.values(), 2.0, 3.0)
    assert torch.equal(found.logits(queries), wanted)
    half = fit_classifier("tip", support, text, Options(alpha=2.0, grid=FEW.grid)).chosen
    assert (half.alpha, half.alphas, len(half.betas)) == (2.0, (2.0,), 4)
    assert fit_classifier("gda", support, text, Options(gda_alpha=0.5)).chosen.alpha == 0.5


def test_balance_reaches_the_cache(task):
    text, support, queries = task
    found = fit_classifier("tip", support, text, Options(alpha=2.0, beta=3.0, balanced=True))
    wanted = tip_logits(queries, text, support.keys, support.values(balanced=True), 2.0, 3.0)
    assert torch.equal(found.logits(queries), wanted)


def test_what_does_not_fit_is_named(task):
    text, support, queries = task
    with pytest.raises(ValueError, match="no classifier 'knn'; there are: zero_shot, tip, tip_f"):
        fit_classifier("knn", support, text)
    with pytest.raises(ValueError, match=r"text_features must be \(8, 4\), got \(8, 3\)"):
        fit_classifier("tip", support, text[:, :3])
    with pytest.raises(ValueError, match="validation set has no pictures"):
        fit_classifier("tip", support, text, None, (queries[:0], torch.arange(0)))


@pytest.mark.gpu
@pytest.mark.parametrize("name", list(FITS))
def test_cuda_names_as_the_processor_does(task, name):
    text, support, queries = task
    there = Support(support.views.cuda(), support.labels.cuda(), 4, plain=support.plain.cuda())
    options = Options(
        probe_epochs=5
    )  # after hundreds the last bits of a sum have grown to whole logits
    found = fit_classifier(name, there, text.cuda(), options).logits(queries.cuda())
    assert found.is_cuda
    wanted = fit_classifier(name, support, text, options).logits(queries)
    torch.testing.assert_close(found.cpu(), wanted, rtol=1e-4, atol=1e-4)
