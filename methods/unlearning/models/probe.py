"""Whether a model can be differentiated as influence needs it: twice backward, and forward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from methods.base import MethodError
from methods.unlearning.rows.language import IGNORED, per_sample_loss

TOKENS = 3


def probe(model: Any, parameters: Mapping[str, Tensor]) -> None:
    """Compute one product of each kind on three tokens.

    Raises:
        MethodError: the model cannot; with what PyTorch says of the operation that is in the way.
    """
    names, tensors = list(parameters), [tensor.detach() for tensor in parameters.values()]
    ids = torch.arange(TOKENS, device=tensors[0].device).unsqueeze(0)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids.clone()}
    batch["labels"][:, 0] = IGNORED

    def loss(*values: Tensor) -> Tensor:
        def call(**given: Any) -> Any:
            placed = dict(zip(names, values, strict=True))
            return torch.func.functional_call(model, placed, (), given)

        return per_sample_loss(call, batch).mean()

    ones = tuple(torch.ones_like(each) for each in tensors)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            torch.func.jvp(loss, tuple(tensors), ones)
            _twice_backward(loss, tensors)
    except (RuntimeError, NotImplementedError) as error:
        if isinstance(error, torch.cuda.OutOfMemoryError):
            raise
        kind = type(model.get_base_model()).__name__
        said = str(error).splitlines()[0]
        raise MethodError(
            f"{kind} cannot be differentiated twice, which an influence edit needs: {said}. Its attention runs as "
            f"{model.config._attn_implementation}; a model with another kernel or a quantised layer cannot be edited"
        ) from error


def _twice_backward(loss: Any, tensors: list[Tensor]) -> None:
    values = [each.clone().requires_grad_() for each in tensors]
    first = torch.autograd.grad(loss(*values), values, create_graph=True, allow_unused=True)
    norm = torch.stack([each.square().sum() for each in first if each is not None]).sum()
    torch.autograd.grad(norm, values, allow_unused=True)
