"""What a shared page shows of a sweep: what it says, its cells with intervals over seeds, as a table and as charts, and its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app import share_view
from app.share_private import LEFT_OUT, Shows, setting, worded
from app.share_view import figure, name, plain
from backend import services
from backend.services import SweepView

CHARTS = ("relative_l2", "speedup", "chair_i", "recall")
SHOWN = (
    *("relative_l2", "ssim", "psnr", "speedup", "flop_share", "seconds"),
    *("chair_i", "chair_s", "recall", "mentions", "reward_accuracy"),
)
"""As in `static/sweep.js` and `static/sweep-parts.js`."""
MOST = 60
"""Cells that a chart draws; the table has all."""
WIDTH, ROW, LEFT, RIGHT, FOOT, EDGE = 760, 22, 300, 20, 28, 10
LETTERS = 46


@dataclass(frozen=True)
class Cell:
    """A cell: its title, a text for the mean and for half of its interval of each metric, and how many of its runs succeeded."""

    title: str
    means: list[tuple[str, str]]
    done: int
    runs: int


@dataclass(frozen=True)
class Bar:
    """A mean with its interval, in the coordinates of the chart; `low` and `high` are None of a single seed."""

    title: str
    said: str
    y: float
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Forest:
    """One metric of all cells, a row each."""

    title: str
    bars: list[Bar]
    across: list[tuple[float, str]]
    hidden: int
    height: float
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT


def contents(sweep_id: str, shows: Shows) -> dict[str, Any]:
    """What `share_sweep.html` shows of a sweep.

    Raises:
        services.NotFound: there is no such sweep.
    """
    sweep = services.get_sweep(sweep_id)
    method = services.methods().get(sweep.method)
    titles = [_title(sweep, place, shows) for place in range(len(sweep.cells))]
    every = list(dict.fromkeys(key for cell in sweep.cells for key in cell.metrics))
    usual = [key for key in SHOWN if key in every] or every[: len(SHOWN)]
    drawn = [key for key in CHARTS if key in every] or usual[:2]
    if "metrics" not in shows:
        every = usual = []
    said = worded(shows)
    return {
        "sweep": sweep,
        "method": method.title if method else sweep.method,
        "failed": sweep.counts.get("failed", 0),
        "cancelled": sweep.counts.get("cancelled", 0),
        "ended": sum(sweep.counts.get(each, 0) for each in ("succeeded", "failed", "cancelled")),
        "findings": sweep.findings if said and "metrics" in shows else [],
        "forests": [forest(sweep, titles, key) for key in drawn] if "curves" in shows else [],
        "usual": usual,
        "cells": _cells(sweep, titles, usual),
        "others": [key for key in every if key not in usual],
        "other_cells": _cells(sweep, titles, [key for key in every if key not in usual]),
        "plan": _plan(sweep, shows) if "settings" in shows else [],
        "dropped": sum(each.count for each in sweep.left_out),
        "reasons": [(each.count, plain(each.reason)) for each in sweep.left_out] if said else [],
        "failures": _failures(sweep) if "log" in shows else [],
        "papers": method.papers if method else (),
    }


def _title(sweep: SweepView, place: int, shows: Shows) -> str:
    """A cell's title is made of settings: where some are not shown, it is made anew of those that are."""
    cell = sweep.cells[place]
    if shows >= {"settings", "names", "texts"}:
        return plain(cell.title)
    if "settings" not in shows:
        return f"Cell {place + 1}"
    told = [
        (_called(sweep, key), setting(sweep.method, key, value, shows))
        for key, value in cell.cell.items()
    ]
    known = " · ".join(f"{key.lower()} {value}" for key, value in told if value != LEFT_OUT)
    return f"{place + 1}: {known}" if known else f"Cell {place + 1}"


def _called(sweep: SweepView, key: str) -> str:
    """How the form of the method calls a setting."""
    field = share_view.schema(sweep.method).get("properties", {}).get(key, {})
    return str(field.get("title") or name(key))


def _cells(sweep: SweepView, titles: Sequence[str], names: Sequence[str]) -> list[Cell]:
    return [
        Cell(
            title,
            [_mean(cell.metrics.get(key)) for key in names],
            sum(run.status == "succeeded" for run in cell.runs),
            len(cell.runs),
        )
        for title, cell in zip(titles, sweep.cells, strict=True)
    ]


def _mean(mean: Any) -> tuple[str, str]:
    if mean is None:
        return "–", ""
    if mean.high is None:
        return figure(mean.mean), "one seed"
    half = mean.high - mean.mean
    return figure(mean.mean), f"± {0.0 if half < 1e-12 * abs(mean.mean) else half:.2g}"


def _plan(sweep: SweepView, shows: Shows) -> list[tuple[str, str]]:
    """What was combined, then what all runs share: (title, values)."""
    values: Mapping[str, list[Any]] = {
        **sweep.axes,
        **{key: [value] for key, value in sweep.config.items() if key not in sweep.axes},
    }

    def told(key: str, each: list[Any]) -> str:
        texts = (setting(sweep.method, key, value, shows) for value in each)
        return ", ".join(dict.fromkeys(texts))

    return [(_called(sweep, key), told(key, each)) for key, each in values.items()]


def _failures(sweep: SweepView) -> list[tuple[str, int]]:
    """Why runs failed: (error, how many)."""
    found: dict[str, int] = {}
    for cell in sweep.cells:
        for run in cell.runs:
            if run.status == "failed":
                found[plain(run.error)] = found.get(plain(run.error), 0) + 1
    return list(found.items())


def _short(title: str) -> str:
    """Cells differ at the end as often as at the beginning, so what is cut is the middle."""
    if len(title) <= LETTERS:
        return title
    half = LETTERS // 2
    return f"{title[:half].rstrip()}…{title[-half + 1 :].lstrip()}"


def forest(sweep: SweepView, titles: Sequence[str], key: str) -> Forest:
    """A metric of each cell that has it, with its interval over seeds."""
    known = [
        (title, cell.metrics[key])
        for title, cell in zip(titles, sweep.cells, strict=True)
        if key in cell.metrics
    ]
    drawn = known[:MOST]
    ends = [end for _, mean in drawn for end in (mean.mean, mean.low, mean.high) if end is not None]
    low, high = min(ends), max(ends)

    def x(value: float) -> float:
        span = WIDTH - LEFT - RIGHT
        return round(LEFT + span * ((value - low) / (high - low) if high > low else 0.5), 1)

    bars = [
        Bar(
            _short(title),
            " ".join((f"{title}:", *_mean(mean))),
            EDGE + ROW * (place + 0.5),
            x(mean.mean),
            None if mean.low is None else x(mean.low),
            None if mean.high is None else x(mean.high),
        )
        for place, (title, mean) in enumerate(drawn)
    ]
    across = [(x(value), f"{value:.3g}") for value in sorted({low, (low + high) / 2, high})]
    height = EDGE + ROW * len(drawn) + FOOT
    return Forest(name(key), bars, across, len(known) - len(drawn), height)
