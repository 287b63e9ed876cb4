"""From the name of a curvature to its products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from methods.unlearning.influence.curvature.ggn import GaussNewton
from methods.unlearning.influence.curvature.hessian import DifferencedHessian, Hessian
from methods.unlearning.influence.curvature.lora import LoraGaussNewton
from methods.unlearning.influence.losses import Losses
from methods.unlearning.influence.solvers.solution import Product

Curvature = Literal["ggn", "ggn_lora", "hessian", "differences"]
"""Gauss-Newton matrix; the same with the coupling of LoRA's factors; Hessian by double backward; Hessian by differences of
gradients."""

_WHOLE_NUMBERS = (torch.uint8, torch.int8)


def curvature_products(
    kind: Curvature,
    losses: Losses,
    theta: Tensor,
    samples: Sequence[Any],
    weight: float,
    keep: bool = False,
    *,
    weight_decay: float = 0.0,
) -> Product:
    """v -> C v for the sum of `weight` times the samples' losses at `theta`; arguments as `LoraGaussNewton`."""
    if kind == "ggn":
        return GaussNewton(losses, theta, samples, weight, keep)
    if kind == "ggn_lora":
        return LoraGaussNewton(losses, theta, samples, weight, keep, weight_decay=weight_decay)
    if kind == "hessian":
        return Hessian(losses, theta, samples, weight, keep)
    return DifferencedHessian(losses, theta, samples, weight)


def check_quantised(model: nn.Module, kind: Curvature) -> None:
    """Raise `ValueError` for a quantised model unless only gradients are asked of it."""
    quantised = any(value.dtype in _WHOLE_NUMBERS for value in model.parameters())
    if quantised and kind != "differences":
        raise ValueError(
            "the model is quantised, and its kernels have no forward or second derivative: "
            "load it unquantised, or take curvature='differences' (two gradients a product)"
        )
