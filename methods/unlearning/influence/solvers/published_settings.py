"""What the solver published with the paper is set to; without torch, so that its cost can be told before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """The published code's settings, with the defaults of its script.

    Attributes:
        lr: Adam's learning rate (x_lr).
        init: what every coordinate of x starts from (x_init; its example shell script passes 1e-5).
        adjust: Adam's weight decay, which acts as damping (x_adjust).
        iterations: mini-batches seen (x_iter).
        batch: samples in each (x_batch).
    """

    lr: float = 1e-5
    init: float = 1e-6
    adjust: float = 1e-5
    iterations: int = 20
    batch: int = 1

    def __post_init__(self) -> None:
        if self.lr <= 0 or self.adjust < 0 or self.iterations < 1 or self.batch < 1:
            raise ValueError(f"published: lr, iterations, batch must be positive; got {self}")


def enough_steps(damping: float) -> Published:
    """Settings with which the mended solver gets somewhere: 200 mini-batches of 16 at 2e-3, from zero."""
    return Published(lr=2e-3, init=0.0, adjust=damping, iterations=200, batch=16)
