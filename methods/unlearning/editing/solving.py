"""The edit itself: solved for, or taken from an earlier run along a known direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from methods.base import Context, MethodError
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.direction_file import read_direction, read_header
from methods.unlearning.editing.stages import Kept
from methods.unlearning.editing.subject import Subject
from methods.unlearning.influence.diagnostics import Diagnostics
from methods.unlearning.influence.erase import erase
from methods.unlearning.rows.language import collate, per_sample_loss

EDIT = "edit"
"""The stage's name in a checkpoint."""


@dataclass(frozen=True)
class Edit:
    """A direction, and how far to go along it.

    Attributes:
        direction: by name of parameter; the edit adds `length` times it.
        length: None where it is still to be searched.
        facts: how it was come to; JSON values.
    """

    direction: Mapping[str, Tensor]
    length: float | None
    facts: Mapping[str, Any]


def find_edit(
    subject: Subject,
    config: EraseConfig,
    context: Context,
    kept: Kept,
    tell: Callable[[float, float, str], None],
) -> Edit:
    """Solve for the edit, or take the direction that is known; what an earlier attempt has solved is not solved again.

    Raises:
        MethodError: a model or settings for which it cannot be solved, with the reason; a direction of another adapter or request.
    """
    if config.direction:
        path = context.open(config.direction)
        facts = {**_KNOWN, "curve_damping": float(read_header(path)["damping"])}
        return Edit(read_direction(path, subject), config.step_length, facts)
    if EDIT in kept:
        facts = kept.facts(EDIT)
        return Edit(kept.tensors(EDIT), facts["step_length"], facts)
    try:
        found = erase(
            subject.adapted.model,
            subject.samples,
            per_sample_loss,
            subject.samples_request,
            rhs=config.rhs,
            curvature=config.curvature,
            curvature_data=config.curvature_data,
            weight_decay=subject.weight_decay,
            damping=config.damping,
            max_iterations=config.max_iterations,
            tolerance=config.tolerance,
            line_search=config.line_search,
            relinearise=config.relinearise,
            collate=collate,
            solver=config.solver,
            damping_sweep=config.damping_sweep,
            retain_tolerance=config.retain_tolerance,
            curvature_rows=config.curvature_rows,
            probe_rows=config.retained_rows,
            batch_size=config.rows_at_once,
            keep_linearisation=fits_at_once(subject, config),
            seed=context.seed,
            progress=tell,
        )
    except ValueError as error:
        raise MethodError(str(error)) from error
    _log_residuals(found.diagnostics, context)
    facts = _facts(found.diagnostics)
    direction = {name: each.cpu() for name, each in found.direction.items()}
    kept.add(EDIT, direction, facts)
    return Edit(direction, found.diagnostics.step_length, facts)


def fits_at_once(subject: Subject, config: EraseConfig) -> bool:
    """The curvature's rows are one batch, so that holding its graph through a solve takes no more memory than making it."""
    rows = len(subject.samples) - len(subject.request.remove)
    return min(config.curvature_rows or rows, rows) <= config.rows_at_once


_KNOWN: dict[str, Any] = {
    "no_op": False,
    "known_direction": True,
    "products": 0,
    "solve_seconds": 0.0,
    "seconds": 0.0,
    "steps": 0,
    "warnings": [],
}


def _facts(told: Diagnostics) -> dict[str, Any]:
    taken = [step for step in told.steps if step.taken]
    return {
        "no_op": told.no_op,
        "known_direction": False,
        "step_length": told.step_length,
        "b_norm": told.b_norm,
        "damping": told.damping,
        "curve_damping": (told.damping or 0.0) if len(taken) == 1 else 0.0,
        "dampings_tried": [step.damping for step in told.steps],
        "products": told.products,
        "largest_curvature": told.largest_curvature,
        "negative_curvature": told.negative_curvature,
        "converged": bool(taken) and all(step.converged for step in taken),
        "first_step_length": taken[0].step_length if taken else 0.0,
        "steps": len(taken),
        "solve_seconds": told.solve_seconds,
        "seconds": told.seconds,
        "warnings": list(told.warnings),
    }


def _log_residuals(told: Diagnostics, context: Context) -> None:
    """The solver's residual by iteration, all solves one after the other."""
    iteration = 0
    for step in told.steps:
        for residual in step.residuals:
            iteration += 1
            context.log(iteration, residual=residual)
