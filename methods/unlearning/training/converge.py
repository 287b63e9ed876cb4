"""Minimising a smooth function down to a small gradient: L-BFGS that trusts gradients more than values.

Influence is exact to first order where the gradient is zero, and a training in mini-batches never gets there. Near the minimum
differences between values drown in float32 rounding long before the gradient does: so the length of a step is found from the
slope along it (its sign and size), and values only keep it from climbing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

HISTORY = 20
"""Pairs of steps and gradient changes that the approximation of the curvature remembers."""
FLATTER = 0.5
"""A step is taken once the slope at its end is so much flatter than at its start (curvature condition, Nocedal & Wright 3.7)."""
NOISE = 1e-6
"""Relative rise of the value that is put down to rounding."""
TRIES = 12
"""Evaluations of one search for a step's length."""
FIRST_STEP = 0.1
"""Length of the very first step, before anything is known of the curvature."""

LossAndGrad = Callable[[], tuple[float, list[Tensor]]]
"""Value and gradient at the parameters as they stand."""


@dataclass(frozen=True)
class Converged:
    """Where it ended.

    Attributes:
        loss: the function's value, weight decay included.
        gradient_norm: of its gradient.
        steps: taken.
        evaluations: of value and gradient.
        reached: the gradient is within the tolerance.
    """

    loss: float
    gradient_norm: float
    steps: int
    evaluations: int
    reached: bool


@dataclass(frozen=True)
class _Point:
    at: Tensor
    loss: float
    gradient: Tensor


def converge(
    parameters: Sequence[Tensor],
    loss_and_grad: LossAndGrad,
    *,
    weight_decay: float = 0.0,
    tolerance: float = 1e-5,
    max_steps: int = 2000,
    on_step: Callable[[int, float, float], None] | None = None,
) -> Converged:
    """Minimise loss + weight_decay/2 |theta|^2 over the parameters, in place.

    Args:
        parameters: what may change.
        loss_and_grad: value and gradients of the loss over all rows, without the weight decay; must not be random.
        tolerance: norm of the whole gradient, weight decay included, at which it ends.
        max_steps: it ends after so many in any case.
        on_step: is told the step (from 1), the value and the gradient's norm; may raise to stop, the parameters then stay as
            they are.
    """
    objective = _Objective(parameters, loss_and_grad, weight_decay)
    point = objective.here()
    pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=HISTORY)
    step = 0
    while float(point.gradient.norm()) > tolerance and step < max_steps:
        direction = _direction(point.gradient, pairs)
        if float(direction @ point.gradient) >= 0:  # rounding has spoilt the approximation
            pairs.clear()
            direction = _direction(point.gradient, pairs)
        new = _search(objective, point, direction)
        if new is None and not pairs:
            break  # not even along the gradient: rounding leaves no way down
        if new is None:
            pairs.clear()
            continue
        moved, turned = new.at - point.at, new.gradient - point.gradient
        if float(moved @ turned) > 1e-10 * float(turned @ turned):
            pairs.append((moved, turned))
        point, step = new, step + 1
        if on_step is not None:
            objective.put(point.at)
            on_step(step, point.loss, float(point.gradient.norm()))
    objective.put(point.at)
    norm = float(point.gradient.norm())
    return Converged(point.loss, norm, step, objective.evaluations, norm <= tolerance)


class _Objective:
    """The function over one long vector, float64, whatever the parameters are."""

    def __init__(
        self, parameters: Sequence[Tensor], loss_and_grad: LossAndGrad, weight_decay: float
    ) -> None:
        self._parameters, self._loss_and_grad = parameters, loss_and_grad
        self._weight_decay = weight_decay
        self.evaluations = 0

    def here(self) -> _Point:
        return self.at(_flat([each.detach() for each in self._parameters]))

    def at(self, vector: Tensor) -> _Point:
        self.put(vector)
        self.evaluations += 1
        loss, gradients = self._loss_and_grad()
        value = loss + self._weight_decay / 2 * float(vector @ vector)
        return _Point(vector, value, _flat(gradients) + self._weight_decay * vector)

    def put(self, vector: Tensor) -> None:
        start = 0
        with torch.no_grad():
            for each in self._parameters:
                each.copy_(vector[start : start + each.numel()].view_as(each))
                start += each.numel()


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([each.detach().reshape(-1).double() for each in tensors])


def _direction(gradient: Tensor, pairs: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Minus the inverse curvature times the gradient, by the two loops of L-BFGS (Nocedal & Wright, algorithm 7.4)."""
    if not pairs:
        return -gradient * min(1.0, FIRST_STEP / float(gradient.norm()))
    left, kept = gradient.clone(), []
    for moved, turned in reversed(pairs):
        share = float(moved @ left) / float(moved @ turned)
        left -= share * turned
        kept.append(share)
    moved, turned = pairs[-1]
    left *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), share in zip(pairs, reversed(kept), strict=True):
        left += (share - float(turned @ left) / float(moved @ turned)) * moved
    return -left


def _search(objective: _Objective, start: _Point, direction: Tensor) -> _Point | None:
    """The point along a direction where the slope is flat enough and the value no higher; None where there is none.

    The slope is negative at the start. Where it turns positive the end lies between: a secant finds it.
    """
    slope = float(direction @ start.gradient)
    low, low_slope, high, high_slope = 0.0, slope, None, 0.0
    length, best = 1.0, None
    for _ in range(TRIES):
        point = objective.at(start.at + length * direction)
        here = float(direction @ point.gradient)
        climbed = not point.loss <= start.loss + NOISE * abs(
            start.loss
        )  # also where it is no number
        if not climbed and (best is None or point.loss < best.loss):
            best = point
        if not climbed and abs(here) <= FLATTER * abs(slope):
            return point
        if climbed or here > 0:
            high, high_slope = length, here if here > 0 else 0.0
        else:
            low, low_slope = length, here
        if high is None:
            length *= 2
        elif high_slope > 0:
            share = low_slope / (low_slope - high_slope)
            length = low + min(max(share, 0.1), 0.9) * (high - low)
        else:
            length = (low + high) / 2
    return best
