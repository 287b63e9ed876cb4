"""Products with the curvature against matrices that are formed entry by entry, and against differences."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from methods.unlearning.influence.curvature.choosing import check_quantised, curvature_products
from methods.unlearning.influence.losses import Losses, second_order
from tests.unlearning.influence.problems import Linear, Twice, class_data, cross_entropy

KINDS = ["ggn", "hessian", "differences"]


def products(model, kind="ggn", loss=cross_entropy, batch_size=4, keep=False, data=None):
    losses = Losses(model, loss, batch_size=batch_size)
    samples = class_data() if data is None else data
    return curvature_products(kind, losses, losses.flat.values(), samples, 0.1, keep), losses


def matrix_of(product, size):
    """The whole matrix, a column a product."""
    columns = torch.eye(size, dtype=torch.float64)
    return torch.stack([product(column) for column in columns], dim=1)


def slow_matrices(model):
    """(GGN, Hessian) from full Jacobians, sample by sample."""
    flat = Losses(model, cross_entropy).flat
    theta = flat.values()
    model.eval()

    def logits(vector, inputs):
        return torch.func.functional_call(model, flat.split(vector), (inputs,))

    ggn = torch.zeros(flat.size, flat.size, dtype=torch.float64)
    for inputs, _ in class_data():
        jacobian = torch.func.jacrev(logits)(theta, inputs)
        p = logits(theta, inputs).softmax(-1).detach()
        ggn += 0.1 * jacobian.T @ (torch.diag(p) - torch.outer(p, p)) @ jacobian

    inputs, targets = (torch.stack(each) for each in zip(*class_data(), strict=True))

    def total(vector):
        return 0.1 * nn.functional.cross_entropy(logits(vector, inputs), targets, reduction="sum")

    return ggn.detach(), torch.func.hessian(total)(theta)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_the_full_matrix(kind, keep):
    model = Twice()
    ggn, hessian = slow_matrices(model)
    with second_order(model):
        product, losses = products(model, kind, keep=keep)
        found = matrix_of(product, losses.flat.size)
    expected, tolerance = (ggn, 1e-12) if kind == "ggn" else (hessian, 1e-12)
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-7 if kind == "differences" else tolerance
    )
    assert (ggn - hessian).norm() > 1e-2  # the two are not the same here


def test_the_gauss_newton_matrix_is_symmetric_and_bends_nowhere_down():
    model = Twice()
    with second_order(model):
        product, losses = products(model)
        matrix = matrix_of(product, losses.flat.size)
    torch.testing.assert_close(matrix, matrix.T, rtol=0, atol=1e-13)
    assert torch.linalg.eigvalsh(matrix).min() > -1e-13


def test_both_are_one_where_the_output_is_linear():
    model = Linear(torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).double())
    with second_order(model):
        ggn, losses = products(model, "ggn")
        hessian, _ = products(model, "hessian")
        vector = torch.arange(1.0, 13.0, dtype=torch.float64)
        torch.testing.assert_close(ggn(vector), hessian(vector), rtol=1e-12, atol=1e-14)
    assert losses.flat.size == 12


@pytest.mark.parametrize("kind", ["ggn", "hessian"])
def test_the_size_of_a_batch_does_not_matter(kind):
    model = Twice()
    vector = torch.linspace(-1, 1, Losses(model, cross_entropy).flat.size, dtype=torch.float64)
    with second_order(model):
        found = [products(model, kind, batch_size=size)[0](vector) for size in (1, 3, 10)]
    for each in found[1:]:
        torch.testing.assert_close(each, found[0], rtol=1e-12, atol=1e-14)


def test_output_with_logits_and_a_bare_tensor_are_one():
    class Wrapped(Twice):
        def forward(self, inputs):
            return SimpleNamespace(logits=super().forward(inputs), loss=None)

    def loss(model, batch):
        return nn.functional.cross_entropy(model(batch[0]).logits, batch[1], reduction="none")

    bare, wrapped = Twice(), Wrapped()
    vector = torch.ones(Losses(bare, loss).flat.size, dtype=torch.float64)
    with second_order(bare), second_order(wrapped):
        one, other = products(bare)[0](vector), products(wrapped, loss=loss)[0](vector)
    assert torch.equal(one, other)
    assert "forward" not in wrapped.__dict__


def test_a_loss_that_is_flat_in_the_output_has_no_curvature():
    model = Twice()
    with second_order(model):
        product, losses = products(model, loss=lambda m, batch: m(batch[0]).sum(-1))
        assert not product(torch.ones(losses.flat.size, dtype=torch.float64)).any()


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda m, batch: cross_entropy(m, batch) + cross_entropy(m, batch), "called it 2 times"),
        (lambda m, batch: m.up.sum() + batch[0].sum(-1), "called it 0 times"),
        (lambda m, batch: cross_entropy(m, batch).mean(), r"shape \(4,\); got \(\)"),
        (lambda m, batch: cross_entropy(m, batch).tolist(), "got list"),
        (
            lambda m, batch: m(batch[0]).detach().sum(-1),
            "does not come from the model's output",
        ),
    ],
)
def test_a_loss_that_cannot_be_cut_in_two_is_refused(loss, words):
    model = Twice()
    product, losses = products(model, loss=loss)
    vector = torch.ones(losses.flat.size, dtype=torch.float64)
    with second_order(model), pytest.raises(ValueError, match=words):
        product(vector)
    assert "forward" not in model.__dict__


def test_an_output_without_logits_is_refused():
    class Odd(Twice):
        def forward(self, inputs):
            return {"scores": super().forward(inputs)}

    model = Odd()
    product, losses = products(model, loss=lambda m, b: cross_entropy(lambda x: m(x)["scores"], b))
    vector = torch.ones(losses.flat.size, dtype=torch.float64)
    with second_order(model), pytest.raises(ValueError, match="this one gave dict"):
        product(vector)


def test_an_operation_without_second_derivative_is_named():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, x):
            return x * 2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(_ctx, upstream):
            return upstream * 2

    class Model(Twice):
        def forward(self, inputs):
            return Once.apply(super().forward(inputs))

    model = Model()
    for kind, keep in (("ggn", False), ("ggn", True), ("hessian", False)):
        product, losses = products(model, kind, keep=keep)
        vector = torch.ones(losses.flat.size, dtype=torch.float64)
        with pytest.raises(ValueError, match=r"no second derivative.*attn_implementation='eager'"):
            _within(model, product, vector)


def _within(model, product, vector):
    with second_order(model):
        return product(vector)


def test_a_quantised_model_may_only_be_differenced():
    model = Twice()
    model.register_parameter(
        "packed", nn.Parameter(torch.zeros(3, dtype=torch.uint8), requires_grad=False)
    )
    with pytest.raises(ValueError, match=r"quantised.*curvature='differences'"):
        check_quantised(model, "ggn")
    check_quantised(model, "differences")


def test_modes_come_back_whatever_happens():
    model = Twice()
    model.train()
    model.drop.eval()
    losses = Losses(model, cross_entropy)

    def failing(_samples):
        assert not model.training
        raise KeyError

    losses.on_batch = failing
    theta = losses.flat.values()
    with pytest.raises(KeyError), second_order(model):
        losses.values(theta, class_data())
    assert model.training
    assert not model.drop.training
