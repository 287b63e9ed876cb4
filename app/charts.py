"""Curves as SVG, for pages that run no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, TOP, RIGHT = 56, 28, 10, 10
Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Line:
    name: str
    path: str
    place: int
    last: float


@dataclass(frozen=True)
class Chart:
    """One curve of several runs, in the coordinates of an SVG of `WIDTH` x `HEIGHT`."""

    title: str
    lines: list[Line]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT


def chart(title: str, curves: Sequence[tuple[str, Points]]) -> Chart | None:
    """A chart of the curves that have at least two points, or None."""
    known = [(name, [point for point in points if isfinite(point[1])]) for name, points in curves]
    drawn = [(name, points) for name, points in known if len(points) > 1]
    if not drawn:
        return None
    steps = [step for _, points in drawn for step, _ in points]
    values = [value for _, points in drawn for _, value in points]
    x0, x1, y0, y1 = min(steps), max(steps), min(values), max(values)

    def x(step: float) -> float:
        return LEFT + (step - x0) / ((x1 - x0) or 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - y0) / ((y1 - y0) or 1) * (HEIGHT - BOTTOM - TOP)

    lines = [
        Line(
            name,
            " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points),
            place,
            points[-1][1],
        )
        for place, (name, points) in enumerate(drawn)
    ]
    across = [(x(step), str(step)) for step in sorted({x0, (x0 + x1) // 2, x1})]
    up = [(y(value), f"{value:.3g}") for value in sorted({y0, (y0 + y1) / 2, y1})]
    return Chart(title, lines, across, up)
