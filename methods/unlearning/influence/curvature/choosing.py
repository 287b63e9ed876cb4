"""From the name of a curvature to its products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from methods.unlearning.influence.curvature.ggn import GaussNewton
from methods.unlearning.influence.curvature.hessian import DifferencedHessian, Hessian
from methods.unlearning.influence.losses import Losses
from methods.unlearning.influence.solvers.solution import Product

Curvature = Literal["ggn", "hessian", "differences"]
"""Gauss-Newton matrix; Hessian by double backward; Hessian by differences of gradients."""

_WHOLE_NUMBERS = (torch.uint8, torch.int8)


def curvature_products(
    kind: Curvature,
    losses: Losses,
    theta: Tensor,
    samples: Sequence[Any],
    weight: float,
    keep: bool = False,
) -> Product:
    """v -> C v for the sum of `weight` times the samples' losses at `theta`; arguments as `GaussNewton`."""
    if kind == "ggn":
        return GaussNewton(losses, theta, samples, weight, keep)
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
