"""What leaves the backend of a sweep: plain frozen data, as in `views`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from methods.base import Finding
from methods.intervals import Mean


@dataclass(frozen=True)
class PlannedCell:
    """One combination.

    Attributes:
        cell: the settings that tell it from the others.
        config: all its settings, checked.
    """

    cell: dict[str, Any]
    title: str
    config: dict[str, Any]


@dataclass(frozen=True)
class LeftOut:
    """Combinations that the method refuses, for one reason."""

    reason: str
    count: int


@dataclass(frozen=True)
class SweepPlan:
    """What a launch would queue.

    Attributes:
        combinations: of the axes, before what means the same became one.
        runs: cells times seeds.
        seconds: of all runs, one after another.
        memory_mb: of the largest.
    """

    title: str
    combinations: int
    cells: list[PlannedCell]
    left_out: list[LeftOut]
    runs: int
    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class SweepItem:
    """A sweep in a list; `counts` says how many of its runs are in which status, `url` is below the studio's address."""

    id: str
    title: str
    method: str
    family: str
    created_at: float
    counts: dict[str, int]
    runs: int
    finished: bool
    url: str


@dataclass(frozen=True)
class SweepRun:
    id: str
    seed: int
    status: str
    error: str


@dataclass(frozen=True)
class SweepCell:
    """A combination, its runs in the order of the seeds, and the means over those that succeeded."""

    cell: dict[str, Any]
    title: str
    config: dict[str, Any]
    runs: list[SweepRun]
    metrics: dict[str, Mean]


@dataclass(frozen=True)
class SweepView(SweepItem):
    """A sweep with its cells.

    Attributes:
        fraction: of all the work, 0 to 1; every run weighs the same.
        seconds_left: estimate from the runs that ended, or None while it cannot be said.
        findings: what the runs say together; once all have ended.
        directions: of each metric 1 where more is better, -1 where less is, 0 where neither is or nobody knows.
    """

    config: dict[str, Any]
    axes: dict[str, list[Any]]
    seeds: list[int]
    left_out: list[LeftOut]
    fraction: float
    seconds_left: float | None
    cells: list[SweepCell]
    findings: list[Finding]
    directions: dict[str, int]
