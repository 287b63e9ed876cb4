"""What the chart of comparable runs shows: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.views import SettingRow


@dataclass(frozen=True)
class AxisView:
    """One side of a chart of runs, and what else it could show."""

    metric: str
    higher_is_better: bool
    choices: list[str]


@dataclass(frozen=True)
class Spread:
    """A mean; with several seeds its 95 % interval (Student's t), else None."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class LandscapeRun:
    """A single run in a chart; `chosen` if it was asked for."""

    id: str
    title: str
    seed: int
    x: float
    y: float
    chosen: bool


@dataclass(frozen=True)
class LandscapePoint:
    """Runs of the same settings, one a seed.

    Attributes:
        kind: a word or two by which the chart groups points.
        settings: those in which the points of this chart differ, by name.
        runs: those asked for first, then the newest.
        best: no other point is at least as good on both sides and better on one (the Pareto set).
    """

    kind: str
    settings: dict[str, Any]
    runs: list[LandscapeRun]
    x: Spread
    y: Spread
    chosen: bool
    best: bool


@dataclass(frozen=True)
class LandscapeView:
    """All comparable runs of a method: what they gain against what they lose.

    Attributes:
        shared: the settings that all of them have in common and must have.
        points: from the worst to the best on the side x.
        apart: ids of the runs asked for that cannot stand in this chart, since those settings differ.
        without: how many comparable runs lack one of the two metrics.
        looked_at: how many runs were looked at, the newest first; `limited` if there are more.
        devices: what the runs were measured on.
    """

    method: str
    x: AxisView
    y: AxisView
    shared: list[SettingRow]
    titles: dict[str, str]
    points: list[LandscapePoint]
    apart: list[str]
    without: int
    looked_at: int
    limited: bool
    devices: list[str]
