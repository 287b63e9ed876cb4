"""How far to go along a direction: what the step is judged by, the guard on the retained samples, and the curve between.

With L_new the objective of the edited data and b the right-hand side at theta0, a step is judged by

    phi(theta) = L_new(theta) - t' (theta - theta0),     t = grad L_new(theta0) + b

whose slope at theta0 is -b. For `rhs="newton"` t = 0 and phi is L_new. For `rhs="influence"` t is what training had left of
the gradient: without it, lowering L_new would also finish the training of an adapter that isn't converged, and a request
that asks for nothing would not end at theta0. Where L_new is looked at on a part of the samples only, t also takes away
the difference between their slope and the whole one. A step x is judged with its damping, by phi + damping/2 |alpha x|^2, which
its linear system has its minimum of: the proximal Bregman objective (Bae et al. 2022), bounded where phi alone is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.diagnostics import CurvePoint
from methods.unlearning.influence.losses import Losses
from methods.unlearning.request import Request

ALPHAS = tuple(2.0**-k for k in range(9))
"""1, 1/2, ..., 1/256."""
LOOKS = len(ALPHAS) + 1
"""Readings of a search, with that of the parabola."""

_GROUPS = ("forget", "corrected", "retain", "held_out")


@dataclass(frozen=True)
class Reading:
    """Losses at one point.

    Attributes:
        losses: group -> (rows of it,) float64; groups are forget, corrected, retain and held_out.
        objective: phi.
    """

    losses: dict[str, Tensor]
    objective: float

    def mean(self, group: str) -> float | None:
        """The group's mean loss, None where it has no samples."""
        rows = self.losses[group]
        return float(rows.mean()) if len(rows) else None


class Probe:
    """Looks at the edited data's objective, and at what a person asks about, at any (p,) vector of parameters.

    Args:
        count: n, by which the objective divides, also after samples are removed.
        retain_rows: look at so many of the retained samples, drawn by `seed`; 0 looks at all.
        held_out: samples that were never trained on, only looked at.
        tolerance: of the guard: the mean loss of the retained samples may rise by this fraction, or by this many nats
            where it is below 1.

    Attributes:
        tilt: (p,), t above, or None for zero; to be set by who knows b.
    """

    def __init__(
        self,
        losses: Losses,
        theta: Tensor,
        data: Sequence[Any],
        request: Request,
        *,
        weight_decay: float,
        retain_rows: int = 0,
        held_out: Sequence[Any] = (),
        tolerance: float = 0.02,
        seed: int = 0,
    ) -> None:
        self._losses, self._theta, self._decay = losses, theta, weight_decay
        self._count, self._tolerance = len(data), tolerance
        retained = drawn(request.retained(len(data)), retain_rows, seed)
        self._retained_in_all = len(data) - len(request)
        self._samples = {
            "forget": [data[position] for position in request.marked],
            "corrected": [request.replace[position] for position in sorted(request.replace)],
            "retain": [data[position] for position in retained],
            "held_out": list(held_out),
        }
        self.tilt: Tensor | None = None

    @property
    def size(self) -> int:
        """How many samples one reading looks at."""
        return sum(map(len, self._samples.values()))

    @property
    def sloped(self) -> int:
        """How many samples one slope looks at."""
        return len(self._samples["corrected"]) + len(self._samples["retain"])

    def read(self, theta: Tensor) -> Reading:
        """All losses at `theta`."""
        everything = [sample for group in _GROUPS for sample in self._samples[group]]
        values = self._losses.values(theta, everything)
        parts = values.split([len(self._samples[group]) for group in _GROUPS])
        losses = dict(zip(_GROUPS, parts, strict=True))
        data = losses["corrected"].sum() + self._scale * losses["retain"].sum()
        wide = theta.double()
        phi = float(data) / self._count + 0.5 * self._decay * float(wide.square().sum())
        if self.tilt is not None:
            phi -= float(torch.dot(self.tilt.double(), wide - self._theta.double()))
        return Reading(losses, phi)

    def slope(self, theta: Tensor) -> Tensor:
        """(p,), the gradient of phi at `theta`."""
        weight = 1 / self._count
        total = self._losses.gradient(theta, self._samples["corrected"], weight)
        total += self._losses.gradient(theta, self._samples["retain"], weight * self._scale)
        total += self._decay * theta
        return total if self.tilt is None else total - self.tilt

    def allows(self, reading: Reading, before: Reading) -> bool:
        """Whether the guard permits a point, given the one before the whole edit."""
        now, then = reading.mean("retain"), before.mean("retain")
        if now is None or then is None:
            return True
        return now <= then + self._tolerance * max(1.0, then)

    @property
    def _scale(self) -> float:
        """By how much the retained samples that are looked at stand for all."""
        seen = len(self._samples["retain"])
        return self._retained_in_all / seen if seen else 0.0


def search(
    probe: Probe,
    theta: Tensor,
    direction: Tensor,
    damping: float,
    here: Reading,
    before: Reading,
    alphas: Iterable[float] = ALPHAS,
    known: Mapping[float, Reading] | None = None,
) -> tuple[float, dict[float, Reading]]:
    """The step length with the least objective that the guard allows; 0 where none is better than `here`.

    Looked at are `alphas` and then the lowest point of the parabola through the best of them and its neighbours, up to twice the
    longest. Step lengths whose objective cannot be told apart within rounding count as equal, and the longest of `alphas` among
    them is taken: it is what the linear model asks for.

    Args:
        damping: of the step.
        here: the reading at `theta`.
        before: the reading that the guard compares with.
        known: readings that aren't taken again.

    Returns:
        The step length, and the readings at all that were looked at, without 0.
    """
    readings = dict(known or {})
    readings.pop(0.0, None)

    def look(alpha: float) -> None:
        if alpha not in readings:
            readings[alpha] = probe.read(theta + alpha * direction)

    for alpha in alphas:
        look(alpha)
    rounding = 4 * torch.finfo(theta.dtype).eps * abs(here.objective)
    judged = _judged(probe, readings, damping, direction, before)
    chosen = _longest_of_the_best(judged, here.objective, rounding)
    if not chosen:
        return 0.0, readings
    lowest = _lowest(chosen, {0.0: here.objective, **judged})
    if lowest is None:
        return chosen, readings
    look(lowest)
    refined = _judged(probe, {lowest: readings[lowest]}, damping, direction, before)
    better = refined.get(lowest, math.inf) < judged[chosen] - rounding
    return (lowest if better else chosen), readings


def _judged(
    probe: Probe,
    readings: Mapping[float, Reading],
    damping: float,
    direction: Tensor,
    before: Reading,
) -> dict[float, float]:
    """Step length -> objective with the damping, of those that the guard allows."""
    return {
        alpha: reading.objective + proximity(damping, alpha, direction)
        for alpha, reading in readings.items()
        if probe.allows(reading, before) and math.isfinite(reading.objective)
    }


def _longest_of_the_best(judged: Mapping[float, float], here: float, rounding: float) -> float:
    best = min(judged.values(), default=math.inf)
    if best > here + rounding:
        return 0.0
    return max(alpha for alpha, value in judged.items() if value <= best + rounding)


def _lowest(chosen: float, judged: Mapping[float, float]) -> float | None:
    """Where the parabola through the chosen point and its two neighbours is lowest; None where it has no such point of use.

    The longest has no neighbour beyond, so that the two below it are taken, and its parabola may point up to twice as far.
    """
    lengths = sorted(judged)
    at = lengths.index(chosen)
    ends = lengths[at - 1 : at + 2] if at + 1 < len(lengths) else lengths[max(at - 2, 0) :]
    if len(ends) < 3:
        return None
    (x, y, z), (p, q, r) = ends, (judged[each] for each in ends)
    first, second = (q - p) / (y - x), (r - q) / (z - y)
    bend = (second - first) / (z - x)
    if not bend > 0:
        return None
    lowest = (x + y) / 2 - first / (2 * bend)
    limit = 2 * chosen
    return min(lowest, limit) if lowest > x else None


def proximity(damping: float, alpha: float, direction: Tensor) -> float:
    """damping/2 |alpha x|^2."""
    return 0.5 * damping * alpha**2 * float(direction.double().square().sum())


def trace(
    probe: Probe,
    theta: Tensor,
    direction: Tensor,
    chosen: float,
    *,
    damping: float = 0.0,
    alphas: Iterable[float] = ALPHAS,
    known: dict[float, Reading] | None = None,
) -> tuple[CurvePoint, ...]:
    """The curve along `direction` at `alphas`, 0 and `chosen`, in order; readings that are `known` aren't taken again."""
    readings = dict(known or {})
    for alpha in {0.0, chosen, *alphas} - readings.keys():
        readings[alpha] = probe.read(theta + alpha * direction)
    before = readings[0.0]
    points = [
        CurvePoint(
            alpha=alpha,
            objective=reading.objective - before.objective + proximity(damping, alpha, direction),
            **{group: reading.mean(group) for group in _GROUPS},
            allowed=probe.allows(reading, before),
            chosen=False,
            forget_rows=tuple(reading.losses["forget"].tolist()),
            corrected_rows=tuple(reading.losses["corrected"].tolist()),
        )
        for alpha, reading in sorted(readings.items())
    ]
    return tuple(replace(point, chosen=point.alpha == chosen) for point in points)


def drawn(positions: Sequence[int], count: int, seed: int) -> list[int]:
    """`count` of the positions, in order, drawn by `seed`; all of them for 0 or where there are no more."""
    if not 0 < count < len(positions):
        return list(positions)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(positions), generator=generator)[:count].sort().values
    return [positions[i] for i in chosen.tolist()]
