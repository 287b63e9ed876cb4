"""The losses of samples as a function of the trainable parameters, which are handed in and never written to the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import default_collate

from methods.unlearning.influence.flat import Flat

PerSampleLoss = Callable[[nn.Module, Any], Tensor]
"""(model, batch) -> (B,), one loss a sample; calls the model once."""

Collate = Callable[[Sequence[Any]], Any]


class Losses:
    """Per-sample losses, their sums and gradients at any (p,) vector of parameters.

    Every sample counts by itself, so that neither the size of a batch nor its other samples matter.

    Attributes:
        on_batch: called with the number of samples after each batch; what it raises ends the work.

    Args:
        model: in evaluation mode; see `second_order`.
        collate: from a list of samples to a batch; None stacks tensors as a `DataLoader` does.
        batch_size: how many samples go through the model at once.
    """

    def __init__(
        self,
        model: nn.Module,
        per_sample_loss: PerSampleLoss,
        collate: Collate | None = None,
        batch_size: int = 16,
    ) -> None:
        self.model, self.flat = model, Flat(model)
        self.on_batch: Callable[[int], None] = lambda _samples: None
        self._bound = _Bound(model, per_sample_loss)
        self._collate, self._batch_size = collate or default_collate, batch_size

    def batches(self, samples: Sequence[Any]) -> Iterator[tuple[Any, int]]:
        """Batches in order, on the model's device, each with its number of samples."""
        for start in range(0, len(samples), self._batch_size):
            part = [samples[i] for i in range(start, min(start + self._batch_size, len(samples)))]
            yield _to_device(self._collate(part), self.flat.device), len(part)

    def of_batch(self, theta: Tensor | dict[str, Tensor], batch: Any, size: int) -> Tensor:
        """(B,), losses of one batch, differentiable in `theta`: a (p,) vector or the parameters by name."""
        parts = self.flat.split(theta) if isinstance(theta, Tensor) else theta
        named = {f"model.{name}": value for name, value in parts.items()}
        losses = functional_call(self._bound, named, (batch,))
        if not isinstance(losses, Tensor) or losses.shape != (size,):
            got = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
            raise ValueError(
                f"per_sample_loss must return one loss a sample, shape ({size},); got {got}"
            )
        return losses

    @torch.no_grad()
    def values(self, theta: Tensor, samples: Sequence[Any]) -> Tensor:
        """(N,) float64, on the CPU."""
        found = []
        for batch, size in self.batches(samples):
            found.append(self.of_batch(theta, batch, size).double().cpu())
            self.on_batch(size)
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.float64)

    def gradient(self, theta: Tensor, samples: Sequence[Any], weight: float) -> Tensor:
        """(p,), the gradient of `weight` times the sum of the samples' losses."""
        total = torch.zeros_like(theta)
        for batch, size in self.batches(samples):
            here = theta.detach().requires_grad_()
            loss = weight * self.of_batch(here, batch, size).sum()
            total += grad(loss, here)
            self.on_batch(size)
        return total


def grad(outputs: Tensor, inputs: Tensor, along: Tensor | None = None, **options: bool) -> Tensor:
    """The gradient of one tensor by one other; zeros where they aren't connected."""
    if not outputs.requires_grad:
        return torch.zeros_like(inputs)
    return torch.autograd.grad(
        outputs, inputs, along, allow_unused=True, materialize_grads=True, **options
    )[0]


def check_differentiable_again(slope: Tensor) -> None:
    """Raise `ValueError` where a gradient that was taken with its graph has gone through a kernel that forbids another.

    Autograd puts an error there, but never comes across it when it looks for inputs beyond: the result would silently be wrong.
    """
    waiting, seen = [slope.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name().endswith("::Error"):
            raise ValueError(_no_second_derivative("a kernel that is once differentiable"))
        waiting += [above for above, _ in node.next_functions]


def _no_second_derivative(what: str) -> str:
    return (
        f"an operation of this model has no second derivative: {what} "
        "(for a transformer, load it with attn_implementation='eager')"
    )


@contextmanager
def second_order(model: nn.Module) -> Iterator[None]:
    """Have the model compute so that second derivatives exist and nothing is random, and put its modes back after.

    Dropout is off (evaluation mode) and attention is the plain product: the fused kernels of scaled_dot_product_attention
    have neither a double backward nor a forward derivative.

    Raises:
        ValueError: an operation of the model has no such derivative; it is named.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with ExitStack() as stack:
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            stack.enter_context(torch.enable_grad())
            yield
    except (RuntimeError, NotImplementedError) as error:
        reason = str(error)
        if not any(sign in reason for sign in _MISSING_DERIVATIVE):
            raise
        raise ValueError(_no_second_derivative(reason.splitlines()[0])) from error
    finally:
        for module, mode in modes.items():
            module.training = mode


_MISSING_DERIVATIVE = ("derivative for", "forward AD", "forward mode AD", "once_differentiable")


class _Bound(nn.Module):
    """A model with its loss, as one module that `functional_call` can be given other parameters for."""

    def __init__(self, model: nn.Module, per_sample_loss: PerSampleLoss) -> None:
        super().__init__()
        self.model, self._loss = model, per_sample_loss

    def forward(self, batch: Any) -> Tensor:
        return self._loss(self.model, batch)


def _to_device(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, dict):
        return {key: _to_device(value, device) for key, value in batch.items()}
    if type(batch) in (list, tuple):
        return type(batch)(_to_device(value, device) for value in batch)
    return batch.to(device) if hasattr(batch, "to") else batch
