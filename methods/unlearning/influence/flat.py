"""The trainable parameters of a model as one vector, which is what a linear solver works on."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Flat:
    """The way between a model's trainable parameters and a vector of p numbers.

    The vector is float64 where a parameter is, otherwise float32, also for parameters in half precision.

    Attributes:
        size: p, how many numbers there are.
        dtype, device: of the vector.

    Raises:
        ValueError: nothing is trainable, or a trainable parameter isn't a floating-point number.
    """

    def __init__(self, model: nn.Module) -> None:
        self._parameters = {
            name: value for name, value in model.named_parameters() if value.requires_grad
        }
        if not self._parameters:
            raise ValueError(
                "the model has no trainable parameter: set requires_grad on those that may change"
            )
        for name, value in self._parameters.items():
            if not value.is_floating_point():
                raise ValueError(f"parameter {name} is trainable but of type {value.dtype}")
        values = list(self._parameters.values())
        wide = any(value.dtype == torch.float64 for value in values)
        self.dtype = torch.float64 if wide else torch.float32
        self.device = values[0].device
        self._sizes = [value.numel() for value in values]
        self.size = sum(self._sizes)

    def values(self) -> Tensor:
        """(p,), a copy of what the parameters are now."""
        parts = [self._to_vector(value.detach()) for value in self._parameters.values()]
        return torch.cat(parts)

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """Parameter name -> its part of a (p,) vector, in the parameter's shape, type and place; differentiable."""
        parts = vector.split(self._sizes)
        return {
            name: part.view(value.shape).to(value.device, value.dtype)
            for part, (name, value) in zip(parts, self._parameters.items(), strict=True)
        }

    def named(self, vector: Tensor) -> dict[str, Tensor]:
        """As `split`, but copies in the vector's own precision: what is handed out."""
        parts = vector.detach().split(self._sizes)
        return {
            name: part.view(value.shape).to(value.device, copy=True)
            for part, (name, value) in zip(parts, self._parameters.items(), strict=True)
        }

    def join(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """(p,), the inverse of `named`.

        Raises:
            ValueError: a parameter is missing, unknown or of another shape.
        """
        if tensors.keys() != self._parameters.keys():
            odd = sorted(tensors.keys() ^ self._parameters.keys())[0]
            raise ValueError(f"{odd} is a trainable parameter of only one of model and update")
        for name, value in self._parameters.items():
            if tensors[name].shape != value.shape:
                raise ValueError(
                    f"{name} has shape {tuple(tensors[name].shape)}, the model's {tuple(value.shape)}"
                )
        return torch.cat([self._to_vector(tensors[name]) for name in self._parameters])

    def _to_vector(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, self.dtype).flatten()
