"""What a shared page shows of regularisations: the arms on the same episodes, the related classes, where the support goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.share_private import NODES, Shows, worded
from backend import services
from backend.services import CompareView, RunView

METHOD = "fewshot.regularise"
MOST = 1000
"""Rows of a kind that a page takes."""
WIDTH, HEIGHT, EDGE = 860, 460, 24
COLOURS = 8
LETTER, LINE = 6.0, 12.0
"""About how wide a letter and how high a line is in the picture."""
NAMED = ("ways", "shots", "queries", "episodes", "classifier", "source", "model", "semantics")
"""Parts of the setting that stand beside the figures; the shared page has the rest among the settings."""


@dataclass(frozen=True)
class Arm:
    """One arm; shares, 0 to 1.

    Attributes:
        side: better, worse, or "" where the interval of the difference holds zero or there is none.
        row: what was recorded.
    """

    title: str
    side: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    kind: str
    colour: str
    name: str


@dataclass(frozen=True)
class Projection:
    """Points and arrows in the coordinates of an SVG of `WIDTH` x `HEIGHT`."""

    method: str
    explained: list[float]
    marks: list[Mark]
    arrows: list[tuple[Mark, Mark]]
    labels: list[tuple[float, float, str]]
    classes: list[tuple[str, str]]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Regularised:
    """One run.

    Attributes:
        verdict: (level, text), the headline first.
        setting: (name, value) of what it was measured with.
        related: (novel class, the base classes mixed in with their cosines, those struck out, why it was warned of or "").
    """

    title: str
    verdict: list[tuple[str, str]]
    setting: list[tuple[str, Any]]
    arms: list[Arm]
    related: list[tuple[str, list[tuple[str, float]], list[str], str]]
    projection: Projection | None


def regularised(view: CompareView, shows: Shows) -> list[Regularised]:
    """What those runs say that regularised features, with nothing but what `shows` has."""
    if "metrics" not in shows:
        return []
    runs = [run for run in view.runs if run.method == METHOD and run.status == "succeeded"]
    return [_shown(_regularised(run), shows) for run in runs]


def _shown(found: Regularised, shows: Shows) -> Regularised:
    single, named = shows >= NODES, "names" in shows
    return replace(
        found,
        verdict=found.verdict if worded(shows) else [],
        setting=[each for each in found.setting if named or not isinstance(each[1], str)],
        related=found.related if single else [],
        projection=found.projection if single and "curves" in shows else None,
    )


def _regularised(run: RunView) -> Regularised:
    def rows(kind: str) -> Sequence[Mapping[str, Any]]:
        return services.records(run.id, f"afr_{kind}", limit=MOST).rows

    setup = {name: value for row in rows("setup") for name, value in row.items()}
    points = rows("projection")
    return Regularised(
        run.title or run.method,
        [(str(row["level"]), str(row["text"])) for row in rows("verdict")],
        [(name, setup[name]) for name in NAMED if setup.get(name) not in (None, "")],
        [Arm(str(row["title"]), _side(row), row) for row in rows("arm")],
        [_related(row) for row in rows("related")],
        projection(points[0]) if points and points[0]["points"] else None,
    )


def _side(row: Mapping[str, Any]) -> str:
    low, high = row["difference_low"], row["difference_high"]
    if low is None or high is None or low <= 0 <= high:
        return ""
    return "better" if low > 0 else "worse"


def _related(
    row: Mapping[str, Any],
) -> tuple[str, list[tuple[str, float]], list[str], str]:
    used = [(base["name"], base["similarity"]) for base in row["related"] if not base["vetoed"]]
    struck = [base["name"] for base in [*row["related"], *row["candidates"]] if base["vetoed"]]
    return row["class"], used, struck, row["warned"] or ""


def projection(row: Mapping[str, Any]) -> Projection:
    """Points of a recorded projection placed in the picture, with the same unit along both axes."""
    points = row["points"]
    xs, ys = ([point[key] for point in points] for key in ("x", "y"))
    spans = (max(xs) - min(xs)) or 1, (max(ys) - min(ys)) or 1
    unit = min((WIDTH - 2 * EDGE) / spans[0], (HEIGHT - 2 * EDGE) / spans[1])
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    classes = dict.fromkeys(point["class"] for point in points if point["kind"] != "base")
    colours = {name: f"c{place % COLOURS}" for place, name in enumerate(classes)}
    marks = [
        Mark(
            WIDTH / 2 + (point["x"] - middle[0]) * unit,
            HEIGHT / 2 - (point["y"] - middle[1]) * unit,
            point["kind"],
            "base" if point["kind"] == "base" else colours[point["class"]],
            point["class"],
        )
        for point in points
    ]
    arrows = [(marks[start], marks[end]) for start, end in row["arrows"]]
    legend = [(name, colours[name]) for name in classes]
    return Projection(row["method"], row["explained"], marks, arrows, _labels(marks), legend)


def _labels(marks: Sequence[Mark]) -> list[tuple[float, float, str]]:
    """Names beside base classes, where they cover no other name."""
    placed: list[tuple[float, float, str]] = []
    for mark in marks:
        at = (mark.x + 8, mark.y + 4, mark.name)
        if mark.kind == "base" and not any(_meet(at, other) for other in placed):
            placed.append(at)
    return placed


def _meet(one: tuple[float, float, str], other: tuple[float, float, str]) -> bool:
    apart = max(
        one[0] - (other[0] + LETTER * len(other[2])), other[0] - (one[0] + LETTER * len(one[2]))
    )
    return apart < 0 and abs(one[1] - other[1]) < LINE
