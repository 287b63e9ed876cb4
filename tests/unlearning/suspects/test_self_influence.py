"""Self-influence against a slow loop, a closed form and the planted faults of a small problem."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from methods.unlearning import self_influence
from methods.unlearning.influence.losses import Losses, second_order
from methods.unlearning.suspects import ekfac, per_sample
from methods.unlearning.suspects.per_sample import PerSample, most_at_once
from tests.unlearning.influence.problems import (
    Linear,
    Twice,
    class_data,
    cross_entropy,
    ridge,
    squared,
)


def slow_gradients(model, data, loss):
    model.eval()
    rows = []
    for sample in data:
        value = loss(model, [part[None] for part in sample]).sum()
        trainable = [each for each in model.parameters() if each.requires_grad]
        parts = torch.autograd.grad(value, trainable)
        rows.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(rows)


def slow_scores(gradients, damping):
    diagonal = gradients.square().mean(0)
    shifted = diagonal + damping * diagonal.mean()
    return torch.stack([(g * g / shifted).sum() for g in gradients])


@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_the_gradient_form_is_that_of_a_slow_loop(batch_size):
    model = Twice().train()
    found = self_influence(model, class_data(), cross_entropy, batch_size=batch_size, damping=0.3)
    expected = slow_scores(slow_gradients(Twice(), class_data(), cross_entropy), 0.3)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert model.training


def test_without_damping_the_scores_sum_to_the_number_of_samples_times_parameters():
    """sum_i sum_k g_ik^2 / mean_j g_jk^2 = N p: a check that needs no gradient."""
    found = self_influence(Twice(), class_data(), cross_entropy, damping=0.0)
    assert float(found.sum()) == pytest.approx(10 * (12 + 9 + 3), rel=1e-9)


def test_two_samples_worked_by_hand():
    """w = 0, l = (w - y)^2 / 2 with y = 1, 3: g = -1, -3, D = 5, no damping: s = 1/5, 9/5."""
    model = Linear(torch.zeros(1))
    data = [(torch.ones(1), torch.tensor(y)) for y in (1.0, 3.0)]
    found = self_influence(model, data, squared, damping=0.0)
    torch.testing.assert_close(found, torch.tensor([0.2, 1.8], dtype=torch.float64))


def test_wrong_answers_stand_out():
    problem = ridge()
    faulty = problem.changed(targets={p: problem.targets[p] + 8 for p in (3, 40)})
    scores = self_influence(faulty.model(), faulty.data(), squared)
    assert set(scores.argsort(descending=True)[:2].tolist()) == {3, 40}


def test_a_model_that_looks_at_its_inputs_goes_one_by_one_to_the_same_scores():
    class Looking(Twice):
        def forward(self, inputs):
            if inputs.sum() > 1e9:
                raise AssertionError
            return super().forward(inputs)

    for model, vectorised in ((Twice(), True), (Looking(), False)):
        with second_order(model):
            losses = Losses(model, cross_entropy, batch_size=4)
            gradients = PerSample(losses, losses.flat.values())
            rows = torch.cat([part for _, part in gradients(class_data())])
        assert gradients.vectorised is vectorised
        torch.testing.assert_close(
            rows, slow_gradients(Twice(), class_data(), cross_entropy), rtol=1e-10, atol=1e-12
        )


def test_batches_that_are_no_tensors_go_one_by_one():
    def loss(model, batch):
        return cross_entropy(model, [torch.stack(list(part)) for part in batch["parts"]])

    found = self_influence(
        Twice(),
        class_data(),
        loss,
        collate=lambda rows: {
            "parts": [list(part) for part in zip(*rows, strict=True)],
            "names": "x",
        },
    )
    torch.testing.assert_close(found, self_influence(Twice(), class_data(), cross_entropy))


def test_the_diagonal_may_be_of_a_part_drawn_by_the_seed():
    def scores(seed, rows):
        return self_influence(Twice(), class_data(), cross_entropy, seed=seed, fisher_rows=rows)

    assert torch.equal(scores(1, 4), scores(1, 4))
    assert not torch.equal(scores(1, 4), scores(2, 4))
    assert torch.equal(scores(1, 0), scores(2, 10))


def test_batches_are_cut_where_gradients_would_not_fit():
    assert most_at_once(64, 10) == 64
    assert most_at_once(64, per_sample.MOST_NUMBERS // 3) == 3
    assert most_at_once(64, 10 * per_sample.MOST_NUMBERS) == 1


def test_ekfac_of_one_linear_layer_is_the_full_matrix_where_it_factors():
    """One sample's outer product is a Kronecker product: there EK-FAC is exact, g'(gg' + lambda)^-1 g = c / (c + lambda)."""
    pytest.importorskip("kronfluence")

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2, bias=False)
            with torch.no_grad():
                self.layer.weight.copy_(torch.tensor([[0.5, -1.0, 0.2], [0.1, 0.3, -0.4]]))

        def forward(self, inputs):
            return self.layer(inputs)

    def loss(model, batch):
        return 0.5 * (model(batch[0]) - batch[1]).square().sum(-1)

    model = Layer().train()
    data = [(torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.3, 0.7]))] * 4
    before, kind = model.layer.weight.clone(), type(model.layer)
    found = self_influence(model, data, loss, form="ekfac")
    gradient = slow_gradients(Layer(), data[:1], loss)[0]
    squared_length = float(gradient.square().sum())
    damping = 0.1 * squared_length / 6  # the mean of six eigenvalues, five of them zero
    expected = squared_length / (squared_length + damping)
    torch.testing.assert_close(
        found, torch.full((4,), expected, dtype=torch.float64), rtol=1e-3, atol=0
    )
    assert type(model.layer) is kind
    assert torch.equal(model.layer.weight, before)
    assert model.layer.weight.requires_grad
    assert model.layer.weight.grad is None
    assert model.training
    assert torch.is_grad_enabled()


def test_what_is_missing_for_ekfac_is_said(monkeypatch):
    monkeypatch.setattr(ekfac, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'vitrine\[kronfluence\]'"):
        self_influence(Twice(), class_data(), cross_entropy, form="ekfac")
    monkeypatch.undo()
    pytest.importorskip("kronfluence")
    with pytest.raises(ValueError, match="needs a trainable linear layer"):
        self_influence(Twice(), class_data(), cross_entropy, form="ekfac")


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        ([], {}, "there is no data"),
        (class_data(), {"form": "exact"}, "form must be one of gradient, ekfac; got 'exact'"),
        (class_data(), {"damping": -0.1}, "damping must be a finite number from 0; got -0.1"),
    ],
)
def test_bad_settings_are_named(data, settings, words):
    with pytest.raises(ValueError, match=words):
        self_influence(Twice(), data, cross_entropy, **settings)


def test_an_interruption_goes_through_and_leaves_the_model():
    def stop(done, total, message):
        if done > 10:
            raise KeyboardInterrupt

    model = Twice().train()
    with pytest.raises(KeyboardInterrupt):
        self_influence(model, class_data(), cross_entropy, batch_size=4, progress=stop)
    assert model.training
