"""The course of an erasure: right-hand side, solve, step length, and again from the point reached."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.diagnostics import CurvePoint, Erasure, Step
from methods.unlearning.influence.losses import Losses
from methods.unlearning.influence.progress import FORWARD, GRADIENT, PRODUCT, Progress, Report
from methods.unlearning.influence.right_hand_side import influence_side, newton_side
from methods.unlearning.influence.settings import Settings
from methods.unlearning.influence.solving import Linearised, samples_in_a_solve
from methods.unlearning.influence.stepping import LOOKS, Probe, Reading, proximity, search, trace
from methods.unlearning.influence.summing_up import summed_up
from methods.unlearning.request import Request

HARDER, EASIER = 2.0, 1 / 3
"""By what the damping is multiplied after a step that was not taken, and after one that was."""


@dataclass(frozen=True)
class _Trial:
    """A solved step: x, how far to go along it, and what was seen there."""

    direction: Tensor
    readings: dict[float, Reading]
    step: Step


class Erasing:
    """One erasure on its way: where it started, how far it has moved, and the steps so far."""

    def __init__(
        self,
        losses: Losses,
        data: Sequence[Any],
        request: Request,
        settings: Settings,
        held_out: Sequence[Any],
        report: Report | None,
    ) -> None:
        self.losses, self.data, self.request, self.settings = losses, data, request, settings
        self.start = losses.flat.values()
        self.moved = torch.zeros_like(self.start)
        self.steps: list[Step] = []
        self.probe = Probe(
            losses,
            self.start,
            data,
            request,
            weight_decay=settings.weight_decay,
            retain_rows=settings.probe_rows,
            held_out=held_out,
            tolerance=settings.retain_tolerance,
            seed=settings.seed,
        )
        self.edited = len(data) - len(request.remove)
        self.progress = Progress(report, self._work())
        losses.on_batch = self.progress.tick

    def run(self) -> Erasure:
        b = self._right_hand_side()
        if not b.any():
            self.progress.end()
            return self._told([], 0.0, None)
        norm, before = float(b.norm()), self._look(b)
        here, dampings = before, self._dampings()
        point, trials = self._linearise(), list[_Trial]()
        for left in reversed(range(self.settings.relinearise + 1)):
            best = self._step(point, b, dampings, here, before)
            trials.append(best)
            if self.settings.as_published and not best.step.taken:
                break  # its damping is its own: the same step would come again
            dampings = (self._next_damping(best.step),)
            if best.step.taken:
                self.moved = self.moved + best.step.step_length * best.direction
                here = best.readings.get(best.step.step_length)
                if left:
                    b, point = self._slope(), self._linearise()
            if not b.any():
                break
        told = self._told(trials, norm, before)
        self.progress.end()
        return told

    def _dampings(self) -> Sequence[float]:
        """What to try at the first step."""
        settings = self.settings
        if settings.as_published:
            return (settings.published.adjust,)
        return settings.damping_sweep or (settings.damping,)

    def _next_damping(self, step: Step) -> float:
        if self.settings.as_published:
            return step.damping
        return step.damping * (EASIER if step.taken else HARDER)

    def _right_hand_side(self) -> Tensor:
        marked = len(self.request) + len(self.request.replace)
        if self.settings.rhs == "influence":
            self.progress.part(marked, GRADIENT, "gradients of the marked samples")
            b = influence_side(self.losses, self.start, self.data, self.request)
        else:
            self.progress.part(self.edited, GRADIENT, "gradient of the edited data")
            decay = self.settings.weight_decay
            b = newton_side(self.losses, self.start, self.data, self.request, decay)
        if not b.isfinite().all():
            raise ValueError("the gradient of the request is not finite: some loss overflows")
        return b

    def _look(self, b: Tensor) -> Reading | None:
        """Set up the probe for b, and read where the model stands; None where no step length is searched."""
        if self.settings.line_search or self.settings.relinearise:
            self.progress.part(self.probe.sloped, GRADIENT, "gradient of the edited data")
            self.probe.tilt = self.probe.slope(self.start) + b
        if not self.settings.line_search:
            return None
        self.progress.part(self.probe.size, FORWARD, "losses before the edit")
        reading = self.probe.read(self.start)
        for group, rows in reading.losses.items():
            if not rows.isfinite().all():
                at = int((~rows.isfinite()).nonzero()[0])
                raise ValueError(f"the loss of sample {at} of the group {group!r} is not finite")
        return reading

    def _linearise(self) -> Linearised:
        at = self.start + self.moved
        first = not self.moved.any()
        return Linearised(self.losses, at, self.data, self.request, self.settings, first=first)

    def _slope(self) -> Tensor:
        self.progress.part(self.probe.sloped, GRADIENT, "gradient at the new point")
        return -self.probe.slope(self.start + self.moved)

    def _step(
        self,
        point: Linearised,
        b: Tensor,
        dampings: Sequence[float],
        here: Reading | None,
        before: Reading | None,
    ) -> _Trial:
        """The best of the steps with these dampings, marked as taken unless no step length will do."""
        trials = [self._try(point, b, damping, here, before) for damping in dampings]
        best = min(trials, key=lambda trial: trial.step.objective)
        best = replace(best, step=replace(best.step, taken=best.step.step_length > 0))
        others = [trial.step for trial in trials if trial.direction is not best.direction]
        self.steps += [*others, best.step]
        return best

    def _try(
        self,
        point: Linearised,
        b: Tensor,
        damping: float,
        here: Reading | None,
        before: Reading | None,
    ) -> _Trial:
        started = time.perf_counter()
        budget = samples_in_a_solve(self.settings, self.edited)
        self.progress.part(budget, PRODUCT, f"solving with damping {damping:g}")
        solution = point.solve(b, damping)
        alpha, readings, gain = 1.0, dict[float, Reading](), 0.0
        empty = not solution.x.any()
        if empty:
            alpha = 0.0
        elif here is not None and before is not None:
            self.progress.part(self.probe.size * LOOKS, FORWARD, "searching the step length")
            at = self.start + self.moved
            alpha, readings = search(self.probe, at, solution.x, damping, here, before)
            if alpha:
                gain = readings[alpha].objective - here.objective
                gain += proximity(damping, alpha, solution.x)
        step = Step(
            damping=damping,
            b_norm=float(b.norm()),
            residuals=solution.residuals,
            products=solution.products,
            converged=solution.converged,
            negative_curvature=solution.negative_curvature,
            largest_curvature=solution.largest,
            coupling=point.coupling,
            empty=empty,
            step_length=alpha,
            objective=gain,
            taken=False,
            seconds=time.perf_counter() - started,
        )
        return _Trial(solution.x, readings, step)

    def _told(self, trials: list[_Trial], b_norm: float, before: Reading | None) -> Erasure:
        """The update and what there is to say of it; a single step is told by its own direction and length."""
        taken = [trial for trial in trials if trial.step.taken]
        alpha, direction, damping = float(bool(trials)), self.moved, 0.0
        readings: dict[float, Reading] = {}
        if trials and len(taken) < 2:
            only = (taken or trials)[-1]
            alpha, direction, damping = only.step.step_length, only.direction, only.step.damping
            readings = only.readings
        curve: tuple[CurvePoint, ...] = ()
        if before is not None:
            self.progress.part(self.probe.size * LOOKS, FORWARD, "the curve of step lengths")
            known = {**readings, 0.0: before}
            curve = trace(self.probe, self.start, direction, alpha, damping=damping, known=known)
        named = self.losses.flat.named
        return Erasure(
            update=named(alpha * direction),
            direction=named(direction),
            diagnostics=summed_up(self.settings, self.steps, b_norm, alpha, curve),
        )

    def _work(self) -> float:
        """All that may have to be done, in forward passes of one sample."""
        settings, rounds = self.settings, self.settings.relinearise + 1
        marked = len(self.request) + len(self.request.replace)
        right = marked if settings.rhs == "influence" else self.edited
        solves = settings.relinearise + max(1, len(settings.damping_sweep))
        return (
            right * GRADIENT
            + rounds * self.probe.sloped * GRADIENT
            + solves * samples_in_a_solve(settings, self.edited) * PRODUCT
            + (solves + 2) * self.probe.size * LOOKS * FORWARD
        )
