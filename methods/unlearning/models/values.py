"""Values of a model's parameters: taken out, put in, and back as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def restored(parameters: Mapping[str, Tensor]) -> Iterator[None]:
    """Whatever happens to the parameters inside, afterwards they are as before, bit for bit, without gradients."""
    kept = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    try:
        yield
    finally:
        put_in(parameters, kept)
        for parameter in parameters.values():
            parameter.grad = None


def put_in(parameters: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Copies the values into the parameters, in place, from whatever device."""
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(values[name])


def copied(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, in the parameters' own type."""
    return {name: parameter.detach().to("cpu", copy=True) for name, parameter in parameters.items()}
