"""b of A x = b: which way a request pulls the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.losses import Losses
from methods.unlearning.request import Request


def influence_side(losses: Losses, theta: Tensor, data: Sequence[Any], request: Request) -> Tensor:
    """(p,), 1/n sum [grad l(old) - grad l(new)] over the marked samples; nothing takes the place of a removed one.

    Zero bit for bit where every replacement equals its original.
    """
    weight = 1 / len(data)
    changed = [
        position
        for position in sorted(request.replace)
        if not same(data[position], request.replace[position])
    ]
    total = losses.gradient(theta, [data[position] for position in sorted(request.remove)], weight)
    old = losses.gradient(theta, [data[position] for position in changed], weight)
    new = losses.gradient(theta, [request.replace[position] for position in changed], weight)
    return total + (old - new)


def newton_side(
    losses: Losses, theta: Tensor, data: Sequence[Any], request: Request, weight_decay: float
) -> Tensor:
    """(p,), -grad L_new: minus the slope of the edited data's objective, still divided by the original n."""
    edited = losses.gradient(theta, request.edited(data), 1 / len(data))
    return -(edited + weight_decay * theta)


def same(one: Any, other: Any) -> bool:
    """Whether two samples are equal to the last bit, whatever they are made of."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    if hasattr(one, "tobytes"):  # a numpy array
        return bool(one.shape == other.shape and one.tobytes() == other.tobytes())
    return bool(one == other)
