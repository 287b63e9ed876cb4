"""The coupling of LoRA's factors: exact where the output is linear in the product, and never bending down with the decay."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from methods.unlearning import Request, erase
from methods.unlearning.influence.curvature.choosing import curvature_products
from methods.unlearning.influence.curvature.lora import LoraGaussNewton
from methods.unlearning.influence.losses import Losses, second_order
from tests.unlearning.influence.problems import Twice, class_data, cross_entropy

DECAY = 0.05


class Adapted(nn.Module):
    """One linear layer, 4 -> 3, with LoRA of rank 2 on it, laid out as PEFT lays it out, in float64."""

    def __init__(self, turned: bool = False) -> None:
        super().__init__()
        self.layer = nn.Module()
        base = nn.Linear(3, 4, bias=False) if turned else nn.Linear(4, 3, bias=False)
        self.layer.base_layer = base.requires_grad_(False)
        self.layer.lora_A = nn.ModuleDict({"default": nn.Linear(4, 2, bias=False)})
        self.layer.lora_B = nn.ModuleDict({"default": nn.Linear(2, 3, bias=False)})
        self.layer.scaling, self.layer.fan_in_fan_out = {"default": 2.0}, turned
        self.double()
        generator = torch.Generator().manual_seed(3)
        for value in self.parameters():
            drawn = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            value.data.copy_(0.4 * drawn)

    def forward(self, inputs):
        layer = self.layer
        weight = layer.base_layer.weight
        weight = weight.T if layer.fan_in_fan_out else weight
        factors = layer.lora_B["default"].weight @ layer.lora_A["default"].weight
        return inputs @ (weight + layer.scaling["default"] * factors).T


def matrix_of(kind, model, data=None, weight_decay=1e9):
    losses = Losses(model, cross_entropy, batch_size=4)
    with second_order(model):
        product = curvature_products(
            kind,
            losses,
            losses.flat.values(),
            class_data() if data is None else data,
            0.1,
            weight_decay=weight_decay,
        )
        columns = torch.eye(losses.flat.size, dtype=torch.float64)
        return torch.stack([product(column) for column in columns], dim=1)


@pytest.mark.parametrize("turned", [False, True])
def test_it_is_the_hessian_where_the_output_is_linear_in_the_weights(turned):
    model = Adapted(turned)
    found, exact = matrix_of("ggn_lora", model), matrix_of("hessian", model)
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-10)
    torch.testing.assert_close(found, found.T, rtol=0, atol=1e-13)
    assert (matrix_of("ggn", model) - exact).norm() > 1e-2


def test_without_weight_decay_it_is_the_gauss_newton_matrix():
    model = Adapted()
    assert torch.equal(matrix_of("ggn_lora", model, weight_decay=0.0), matrix_of("ggn", model))


def test_without_a_slope_it_is_the_gauss_newton_matrix():
    model = Adapted()
    with torch.no_grad():  # softmax of zeros against targets that are the mean of all classes
        model.layer.base_layer.weight.zero_()
        model.layer.lora_B["default"].weight.zero_()
    rows = [(torch.ones(4, dtype=torch.float64), torch.tensor(each)) for each in range(3)]
    found, plain = (matrix_of(kind, model, rows) for kind in ("ggn_lora", "ggn"))
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-15)


def test_it_is_cut_to_the_weight_decay_so_that_nothing_bends_down():
    model = Adapted()
    found = matrix_of("ggn_lora", model, weight_decay=DECAY)
    decay = DECAY * torch.eye(len(found), dtype=torch.float64)
    assert torch.linalg.eigvalsh(found + decay).min() > -1e-13
    assert torch.linalg.eigvalsh(matrix_of("hessian", model) + decay).min() < -1e-3
    coupling = found - matrix_of("ggn", model)
    assert torch.linalg.eigvalsh(coupling).max() == pytest.approx(DECAY, abs=1e-12)


def converged(data, count):
    """The model at its minimum with the decay, by L-BFGS."""
    model = Adapted()
    losses = Losses(model, cross_entropy, batch_size=len(data))
    parameters = [each for each in model.parameters() if each.requires_grad]
    steps = torch.optim.LBFGS(
        parameters,
        max_iter=300,
        tolerance_grad=1e-10,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure():
        steps.zero_grad()
        theta = torch.cat([each.flatten() for each in parameters])
        loss = losses.of_batch(theta, next(losses.batches(data))[0], len(data)).sum() / count
        loss = loss + DECAY / 2 * theta.square().sum()
        loss.backward()
        return loss

    steps.step(closure)
    closure()
    assert max(float(each.grad.abs().max()) for each in parameters) < 1e-8
    return model


def test_at_a_minimum_nothing_is_cut_and_the_smallest_curvature_is_zero():
    data = class_data(40)
    model = converged(data, 40)
    losses = Losses(model, cross_entropy, batch_size=40)
    with second_order(model):
        theta = losses.flat.values()
        product = LoraGaussNewton(losses, theta, data, 1 / 40, weight_decay=DECAY)
        hessian = curvature_products("hessian", losses, theta, data, 1 / 40)
        columns = torch.eye(losses.flat.size, dtype=torch.float64)
        found, exact = (torch.stack([of(each) for each in columns]) for of in (product, hessian))
    assert product.largest == pytest.approx(DECAY, rel=1e-6)
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-7)
    values = torch.linalg.eigvalsh(found + DECAY * columns)
    assert values.min() > -1e-7
    assert values.min() < 1e-6  # A -> R A, B -> B R' changes nothing


def test_one_step_comes_nearer_to_the_retrain_than_without_the_coupling():
    data = class_data(400)
    request = Request((3, 8))
    before, after = converged(data, 400), converged(request.edited(data), 400)

    def product_of(model, update=None):
        tensors = {
            name: each.detach() + (0 if update is None else update[name])
            for name, each in model.named_parameters()
            if each.requires_grad
        }
        return tensors["layer.lora_B.default.weight"] @ tensors["layer.lora_A.default.weight"]

    wanted = product_of(after) - product_of(before)
    gaps = {}
    for curvature in ("ggn", "ggn_lora"):
        found = erase(
            before,
            data,
            cross_entropy,
            request,
            curvature=curvature,
            weight_decay=DECAY,
            damping=1e-4,
            tolerance=1e-8,
            line_search=False,
            batch_size=400,
        )
        gap = product_of(before, found.update) - product_of(before) - wanted
        gaps[curvature] = float(gap.norm() / wanted.norm())
    assert gaps["ggn_lora"] < gaps["ggn"] / 4 < 0.02
    assert found.diagnostics.steps[0].coupling == pytest.approx(DECAY, rel=0.2)


def refused_by(model):
    settings = {"curvature": "ggn_lora", "weight_decay": DECAY}
    erase(model, class_data(), cross_entropy, Request((0,)), **settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda model: model.layer.lora_A["default"].requires_grad_(False), "is for LoRA adapters"),
        (
            lambda model: setattr(model.layer, "lora_magnitude_vector", {"default": None}),
            "layer is scaled by a norm of its weights",
        ),
    ],
)
def test_other_models_are_refused(change, said):
    model = Adapted()
    change(model)
    with pytest.raises(ValueError, match=said):
        refused_by(model)


def test_a_model_without_factors_is_refused():
    with pytest.raises(ValueError, match="no trainable parameter of this model is called lora_A"):
        refused_by(Twice())
