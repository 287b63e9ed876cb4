"""What a training leaves, and how it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

Tell = Callable[[float, int, Mapping[str, float]], None]
"""Is told the share that is done (0 to 1), the step and its figures after each step; may raise to stop the training."""


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        parameters: the adapter's tensors by name, copies on the CPU.
        loss: the last step's, in nats; with the converged trainer the objective, weight decay included.
        steps: taken.
        seconds: they took.
        note: what has to be said of it; "" where there is nothing.
    """

    parameters: dict[str, Tensor]
    loss: float
    steps: int
    seconds: float
    note: str = ""


def nothing(_share: float, _step: int, _values: Mapping[str, float]) -> None:
    """Tell nobody."""
