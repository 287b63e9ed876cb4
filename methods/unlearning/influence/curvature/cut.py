"""Parts a loss in two where the model ends: what comes out of it, and what the loss makes of that."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad


class Cut:
    """One call of a model, seen from outside.

    Attributes:
        output: what the model gave, still connected to its parameters.
        leaf: a copy that the loss was computed from, where a derivative by the output begins; half precision is widened.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.output: Tensor
        self.leaf: Tensor

    def through(self, given: Any) -> Any:
        """`given` with its tensor exchanged for the leaf."""
        self.calls += 1
        self.output = _tensor_of(given)
        primal = forward_ad.unpack_dual(self.output).primal  # itself, outside a forward derivative
        wide = primal.dtype if primal.dtype == torch.float64 else torch.float32
        self.leaf = primal.detach().to(wide).requires_grad_()
        if isinstance(given, Tensor):
            return self.leaf
        changed = copy.copy(given)
        if isinstance(changed, dict):
            changed["logits"] = self.leaf
        else:
            changed.logits = self.leaf
        return changed


@contextmanager
def cut(model: nn.Module) -> Iterator[Cut]:
    """Cut the model's one call in the block; its own `forward` is back afterwards, whatever happens.

    Raises:
        ValueError: the block called the model never or more than once, or it gave neither a tensor nor `.logits`.
    """
    seen, own, forward = Cut(), model.__dict__.get("forward"), model.forward

    def cutting(*args: Any, **kwargs: Any) -> Any:
        return seen.through(forward(*args, **kwargs))

    model.forward = cutting
    try:
        yield seen
    finally:
        if own is None:
            del model.forward
        else:
            model.forward = own
    if seen.calls != 1:
        raise ValueError(
            "per_sample_loss must call the model once, as model(...), for the Gauss-Newton matrix; "
            f"it called it {seen.calls} times"
        )


def _tensor_of(given: Any) -> Tensor:
    found = given if isinstance(given, Tensor) else getattr(given, "logits", None)
    if isinstance(found, Tensor):
        return found
    raise ValueError(
        "the Gauss-Newton matrix needs a model that gives a tensor or an object with .logits; "
        f"this one gave {type(given).__name__}"
    )
