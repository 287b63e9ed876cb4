"""What an erasure says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CurvePoint:
    """The model at one step length along the update's direction; losses are means in nats, None where there is no such row.

    Attributes:
        alpha: step length; 0 is the model before.
        objective: the edited data's objective less its value before, with the damping of a single step, see `stepping`.
        forget: of the marked samples as they were trained on.
        corrected: of the samples that replace them.
        retain: of the samples that stay.
        held_out: of the samples that were never trained on.
        allowed: the retain guard permits it.
        chosen: it is the step that was taken.
        forget_rows: loss of each marked sample as it was, in the order of `Request.marked`.
        corrected_rows: loss of each replacement, in the order of the sorted `Request.replace`.
    """

    alpha: float
    objective: float
    forget: float | None
    corrected: float | None
    retain: float | None
    held_out: float | None
    allowed: bool
    chosen: bool
    forget_rows: tuple[float, ...] = ()
    corrected_rows: tuple[float, ...] = ()


@dataclass(frozen=True)
class Step:
    """One solve, from one point of linearisation with one damping.

    Attributes:
        damping: added to the curvature; the published solver's is its own, `Published.adjust`.
        b_norm: |b|, of the right-hand side.
        residuals: |b - A x| / |b| by iteration, from 1; empty for the published solver.
        products: curvature products taken.
        converged: the solver reached its tolerance.
        negative_curvature: the solver stopped at a direction of negative curvature.
        largest_curvature: the solver's estimate, from below, of the curvature's largest eigenvalue.
        coupling: largest singular value of s dL/dW of any LoRA module, for the curvature "ggn_lora", which cuts what is above the
            weight decay; None for other curvatures.
        empty: the solver stopped before its first step, so that there is no direction.
        step_length: alpha, 0 where no step length lowered the objective within the guard, and for an empty step.
        objective: by how much the step changes what it is judged by, see `stepping`; 0 without a line search.
        taken: it became part of the update.
        seconds: the solve and its line search.
    """

    damping: float
    b_norm: float
    residuals: tuple[float, ...]
    products: int
    converged: bool
    negative_curvature: bool
    largest_curvature: float | None
    coupling: float | None
    empty: bool
    step_length: float
    objective: float
    taken: bool
    seconds: float


@dataclass(frozen=True)
class Diagnostics:
    """How an erasure went.

    Attributes:
        rhs, curvature, curvature_data, solver: as they were asked for.
        no_op: the right-hand side is zero bit for bit, so nothing was solved and the update is zero.
        b_norm: |b| at the start.
        steps: every solve in order, also those of a damping sweep and those that were not taken.
        products: curvature products in all.
        solve_seconds, seconds: of the solves and their line searches; of everything.
        largest_curvature: the largest of the estimates; None where there is none.
        negative_curvature: met in any solve.
        step_length: `update` is this times `Erasure.direction`.
        damping: of the last step taken; None where none was.
        retain_before, retain_after: mean loss of the retained samples that were looked at; None without a line search.
        curve: by step length along the direction, from 0; empty without a line search.
        warnings: what a person should know, in sentences.
    """

    rhs: str
    curvature: str
    curvature_data: str
    solver: str
    no_op: bool
    b_norm: float
    steps: tuple[Step, ...] = ()
    products: int = 0
    solve_seconds: float = 0.0
    seconds: float = 0.0
    largest_curvature: float | None = None
    negative_curvature: bool = False
    step_length: float = 0.0
    damping: float | None = None
    retain_before: float | None = None
    retain_after: float | None = None
    curve: tuple[CurvePoint, ...] = field(default_factory=tuple)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Erasure:
    """What `erase` found; the caller applies it.

    Attributes:
        update: trainable parameter -> what to add to it, in the parameter's shape; float32, or float64 where the model has
            such parameters.
        direction: the same before the step length: `update` is `diagnostics.step_length` times it.
        diagnostics: how it went.
    """

    update: dict[str, Tensor]
    direction: dict[str, Tensor]
    diagnostics: Diagnostics
