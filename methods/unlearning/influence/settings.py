"""The settings of an erasure, checked before any work starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from methods.unlearning.influence.curvature.choosing import Curvature
from methods.unlearning.influence.solvers.published_settings import Published

Rhs = Literal["influence", "newton"]
CurvatureData = Literal["edited", "original"]
Solver = Literal["cg", "lissa", "published", "published_mended"]


@dataclass(frozen=True)
class Settings:
    """See `erase`, whose arguments these are.

    Raises:
        ValueError: a setting is outside its range, or two don't go together.
    """

    rhs: Rhs
    curvature: Curvature
    curvature_data: CurvatureData
    solver: Solver
    weight_decay: float
    damping: float
    damping_sweep: tuple[float, ...]
    max_iterations: int
    tolerance: float
    line_search: bool
    retain_tolerance: float
    relinearise: int
    curvature_rows: int
    probe_rows: int
    keep_linearisation: bool
    published: Published
    seed: int

    def __post_init__(self) -> None:
        kinds = {
            "rhs": Rhs,
            "curvature": Curvature,
            "curvature_data": CurvatureData,
            "solver": Solver,
        }
        for name, kind in kinds.items():
            if getattr(self, name) not in get_args(kind):
                allowed = ", ".join(get_args(kind))
                raise ValueError(f"{name} must be one of {allowed}; got {getattr(self, name)!r}")
        for name in ("weight_decay", "damping", "retain_tolerance"):
            _at_least_zero(name, getattr(self, name))
        for value in self.damping_sweep:
            _at_least_zero("damping_sweep", value)
        for name in ("relinearise", "curvature_rows", "probe_rows"):
            _at_least_zero(name, getattr(self, name))
        if self.max_iterations < 1:
            raise ValueError(f"max_iterations must be at least 1; got {self.max_iterations}")
        if not 0 < self.tolerance < 1:
            raise ValueError(f"tolerance must lie between 0 and 1; got {self.tolerance}")
        if self.damping_sweep and not self.line_search:
            raise ValueError("damping_sweep chooses by the line search, which is switched off")
        if self.damping_sweep and self.as_published:
            raise ValueError(
                "damping_sweep has no meaning for the published solver, whose damping is "
                "published.adjust"
            )

    @property
    def as_published(self) -> bool:
        """The solver is the paper's, in either form."""
        return self.solver in ("published", "published_mended")


def _at_least_zero(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number from 0; got {value}")
