"""What the steps of an erasure come to, in figures and in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from methods.unlearning.influence.diagnostics import CurvePoint, Diagnostics, Step
from methods.unlearning.influence.settings import Settings

SHORT = 1 / 8
"""A step length below this says that the linear model of the request does not hold here."""

_STOPPED = {
    True: "The solver met a direction that the damped curvature does not bend along within rounding, and stopped early: "
    "take a stronger damping.",
    False: "The solver met negative curvature and stopped early, as a Hessian away from a minimum makes it do: "
    "take the Gauss-Newton matrix or a stronger damping.",
}
"""By whether the curvature is the Gauss-Newton matrix, which has no negative directions but may have flat ones."""


def summed_up(
    settings: Settings,
    steps: Sequence[Step],
    b_norm: float,
    alpha: float,
    curve: tuple[CurvePoint, ...],
) -> Diagnostics:
    """The diagnostics of an erasure; no steps mean that there was nothing to do."""
    taken = [step for step in steps if step.taken]
    estimates = [step.largest_curvature for step in steps if step.largest_curvature is not None]
    chosen = next((point for point in curve if point.chosen), None)
    return Diagnostics(
        rhs=settings.rhs,
        curvature=settings.curvature,
        curvature_data=settings.curvature_data,
        solver=settings.solver,
        no_op=not steps,
        b_norm=b_norm,
        steps=tuple(steps),
        products=sum(step.products for step in steps),
        solve_seconds=sum(step.seconds for step in steps),
        largest_curvature=max(estimates, default=None),
        negative_curvature=any(step.negative_curvature for step in steps),
        step_length=alpha,
        damping=taken[-1].damping if taken else None,
        retain_before=curve[0].retain if curve else None,
        retain_after=chosen.retain if chosen else None,
        curve=curve,
        warnings=tuple(_warnings(settings, steps, taken)),
    )


def _warnings(settings: Settings, steps: Sequence[Step], taken: Sequence[Step]) -> list[str]:
    found = []
    if steps and all(step.empty for step in steps):
        found.append("The solver found no direction to go, so nothing was changed.")
    elif steps and not taken:
        found.append(
            "No step length lowered the objective within the guard on the retained samples, so nothing was changed: "
            "try a stronger damping, or retrain."
        )
    if taken and taken[0].step_length < SHORT:
        found.append(
            f"Only {taken[0].step_length:g} of the step could be taken: the linear model behind the edit does not hold here. "
            "Relinearise, or retrain."
        )
    if any(step.negative_curvature for step in steps):
        found.append(_STOPPED[settings.curvature.startswith("ggn")])
    unsolved = [
        step
        for step in taken
        if step.residuals and not step.converged and not step.negative_curvature
    ]
    if unsolved:
        found.append(
            f"The solver stopped at {settings.max_iterations} iterations with a relative residual of "
            f"{max(step.residuals[-1] for step in unsolved):.2g}, above the tolerance of {settings.tolerance:g}."
        )
    return found
