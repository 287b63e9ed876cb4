"""What happens along a direction: the objective, the guard and the losses of single rows, at every step length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.subject import Subject
from methods.unlearning.influence.diagnostics import CurvePoint
from methods.unlearning.influence.losses import Losses, second_order
from methods.unlearning.influence.right_hand_side import influence_side, newton_side
from methods.unlearning.influence.stepping import Probe, Reading, search, trace
from methods.unlearning.rows.language import collate, per_sample_loss

LENGTHS = (*(2.0**-k for k in range(8, 2, -1)), 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5)
"""Beside 0 and the one that is taken."""


@dataclass(frozen=True)
class Curve:
    """Losses along a direction.

    Attributes:
        points: by step length, 0 first; one is chosen.
        marked, corrected, others: loss of each row at each step length, by position; in the order of the points. `corrected`
            has the rows that are replaced, as they read then.
    """

    points: tuple[CurvePoint, ...]
    marked: Mapping[int, Sequence[float]]
    corrected: Mapping[int, Sequence[float]]
    others: Mapping[int, Sequence[float]]

    @property
    def chosen(self) -> CurvePoint:
        return next(point for point in self.points if point.chosen)


def trace_edit(
    subject: Subject,
    config: EraseConfig,
    direction: Mapping[str, Tensor],
    length: float | None,
    damping: float,
    tell: Callable[[float, float, str], None],
) -> Curve:
    """Look at every step length along a direction.

    Args:
        direction: by name of parameter.
        damping: that the direction was solved with, which its objective holds; 0 where it is of several steps.
        length: the one that is taken; None searches as an edit does, which gives 0 where none will do.
        tell: progress (done, total, what).
    """
    with second_order(subject.adapted.model):
        losses = Losses(subject.adapted.model, per_sample_loss, collate, config.rows_at_once)
        theta = losses.flat.values()
        ahead = losses.flat.join(direction)
        probe = _probe(subject, config, losses, theta)
        neighbours = [
            each for each in subject.probe.others if each not in set(subject.probe.retained)
        ]
        samples = [subject.samples[position] for position in neighbours]
        readings = {0.0: probe.read(theta)}
        if length is None:
            length, found = search(probe, theta, ahead, damping, readings[0.0], readings[0.0])
            readings |= found
        beside: dict[float, list[float]] = {}
        lengths = sorted({*LENGTHS, *readings, length})
        for place, each in enumerate(lengths):
            at = theta + each * ahead
            if each not in readings:
                readings[each] = probe.read(at)
            beside[each] = losses.values(at, samples).tolist()
            tell(place + 1, len(lengths), f"step length {each:g}")
        points = trace(probe, theta, ahead, length, damping=damping, alphas=lengths, known=readings)
    return Curve(
        points,
        _by_row(subject.probe.marked, readings, "forget"),
        _by_row(sorted(subject.samples_request.replace), readings, "corrected"),
        {
            **_by_row(subject.probe.retained, readings, "retain"),
            **{
                row: [beside[each][place] for each in lengths]
                for place, row in enumerate(neighbours)
            },
        },
    )


def _probe(subject: Subject, config: EraseConfig, losses: Losses, theta: Tensor) -> Probe:
    """As the search for a step length sees the rows, whoever has found the direction."""
    decay = subject.weight_decay
    probe = Probe(
        losses,
        theta,
        subject.samples,
        subject.samples_request,
        weight_decay=decay,
        retain_rows=config.retained_rows,
        held_out=subject.held_out_samples,
        tolerance=config.retain_tolerance,
        seed=subject.seed,
    )
    if config.rhs == "influence":
        b = influence_side(losses, theta, subject.samples, subject.samples_request)
    else:
        b = newton_side(losses, theta, subject.samples, subject.samples_request, decay)
    probe.tilt = probe.slope(theta) + b
    return probe


def _by_row(
    positions: Sequence[int], readings: Mapping[float, Reading], group: str
) -> dict[int, list[float]]:
    table = [reading.losses[group].tolist() for _, reading in sorted(readings.items())]
    return {row: [losses[place] for losses in table] for place, row in enumerate(positions)}
