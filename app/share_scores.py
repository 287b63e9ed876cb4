"""What a shared page shows of few-shot accuracy: the verdict, the figures, each class, and pictures that were fixed or broken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.share_private import LEFT_OUT, NODES, Shows, worded
from backend import services
from backend.services import CompareView, RunView

PAGE = 1000
DIGEST = re.compile("[0-9a-f]{64}")
MOST_CLASSES = 60
"""Classes of a classifier that a page lists, those first that changed most."""
MOST_PICTURES = 8
"""Pictures of a classifier and an outcome."""
STRIP = (190.0, 8.0)
"""Width of the picture of an interval, and what is left free at its ends, in pixels."""
CLASSIFIERS = {
    "zero_shot": "Zero-shot",
    "tip": "Tip-Adapter",
    "tip_f": "Tip-Adapter-F",
    "gda": "GDA",
    "linear": "Linear probe",
}
REFINEMENTS = {
    "global": "Whole picture",
    "vcr": "Looking closer (VCR)",
    "random": "Random views",
    "mean": "Mean of all views",
    "entropy": "Lowest entropy",
    "min_margin": "Smallest margin",
}
"""As in `static/look-data.js`; those after the first two are controls."""


@dataclass(frozen=True)
class Strip:
    """Where a row's interval is drawn, in pixels from the left; `whole` is the accuracy on the whole picture."""

    low: float
    mean: float
    high: float
    whole: float
    width: float = STRIP[0]


@dataclass(frozen=True)
class ScoreLine:
    """One refinement of a classifier; `row` as the run recorded it."""

    name: str
    control: bool
    row: Mapping[str, Any]
    strip: Strip


@dataclass(frozen=True)
class SharedClassifier:
    """A classifier: its figures, its classes, and [(outcome, [(row, sha256 of its picture or "")])]."""

    name: str
    lines: list[ScoreLine]
    classes: list[Mapping[str, Any]]
    hidden_classes: int
    pictures: list[tuple[str, list[tuple[Mapping[str, Any], str]]]]


@dataclass(frozen=True)
class SharedScores:
    """One evaluation; `ends` are the accuracies at the ends of every strip."""

    title: str
    verdict: list[tuple[str, str]]
    setup: Mapping[str, Any]
    ends: tuple[float, float]
    classifiers: list[SharedClassifier]


def scores(view: CompareView, shows: Shows) -> list[SharedScores]:
    """Of those runs that recorded accuracies of few-shot classifiers, with nothing but what `shows` has."""
    if "metrics" not in shows:
        return []
    return [_shown(found, shows) for run in view.runs if (found := _scores(run))]


def _shown(found: SharedScores, shows: Shows) -> SharedScores:
    hidden: dict[str, Any] = {
        **({} if "texts" in shows else {"template": []}),
        **({} if "names" in shows else {"model": LEFT_OUT, "set": LEFT_OUT}),
        **({} if worded(shows) else {"notes": []}),
    }
    return replace(
        found,
        verdict=found.verdict if worded(shows) else [],
        setup={**found.setup, **hidden},
        classifiers=[_classifier(each, shows) for each in found.classifiers],
    )


def _classifier(found: SharedClassifier, shows: Shows) -> SharedClassifier:
    if not shows >= NODES:
        return replace(found, classes=[], hidden_classes=0, pictures=[])
    if "inputs" in shows:
        return found
    bare = [(outcome, [(row, "") for row, _ in rows]) for outcome, rows in found.pictures]
    return replace(found, pictures=bare)


def _scores(run: RunView) -> SharedScores | None:
    rows = _records(run.id, "fewshot_score")
    if not rows:
        return None
    verdict = [(str(row["level"]), str(row["text"])) for row in _records(run.id, "verdict")]
    setup = _records(run.id, "fewshot_setup")
    ends = min(row["low"] for row in rows), max(row["high"] for row in rows)
    classes, pictures = _records(run.id, "fewshot_class"), _records(run.id, "fewshot_picture")
    files = {item.name: item.sha256 for item in services.artefacts(run.id, "picture")}
    found = []
    for key in dict.fromkeys(row["classifier"] for row in rows):
        changed = sorted(_of(classes, key), key=lambda row: -abs(row["after"] - row["before"]))
        found.append(
            SharedClassifier(
                CLASSIFIERS.get(key, key),
                _lines(_of(rows, key), ends),
                changed[:MOST_CLASSES],
                len(changed[MOST_CLASSES:]),
                _pictures(_of(pictures, key), files),
            )
        )
    return SharedScores(
        run.title or run.method, verdict, _titled(setup[0]) if setup else {}, ends, found
    )


def _records(run_id: str, kind: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    while True:
        page = services.records(run_id, kind, offset=len(found), limit=PAGE)
        found += page.rows
        if not page.rows or len(found) >= page.total:
            return found


def _of(rows: Sequence[Mapping[str, Any]], classifier: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["classifier"] == classifier]


def _lines(rows: Sequence[Mapping[str, Any]], ends: tuple[float, float]) -> list[ScoreLine]:
    order = list(REFINEMENTS)
    ordered = sorted(rows, key=lambda row: order.index(row["refinement"]))
    whole = ordered[0]["accuracy"]
    width, free = STRIP
    scale = (width - 2 * free) / ((ends[1] - ends[0]) or 1.0)

    def at(accuracy: float) -> float:
        return round(free + (accuracy - ends[0]) * scale, 1)

    return [
        ScoreLine(
            REFINEMENTS[row["refinement"]],
            row["refinement"] in order[2:],
            row,
            Strip(at(row["low"]), at(row["accuracy"]), at(row["high"]), at(whole)),
        )
        for row in ordered
    ]


def _pictures(
    rows: Sequence[Mapping[str, Any]], files: Mapping[str, str]
) -> list[tuple[str, list[tuple[Mapping[str, Any], str]]]]:
    found = []
    for outcome in ("fixed", "broken"):
        own = [row for row in rows if row["outcome"] == outcome][:MOST_PICTURES]
        found.append((outcome, [(row, files.get(row["picture"], "")) for row in own]))
    return found


def _titled(setup: Mapping[str, Any]) -> Mapping[str, Any]:
    """The setting with an uploaded set, which a run knows by its sha256, told shortly."""
    if not DIGEST.fullmatch(str(setup.get("set", ""))):
        return setup
    return {**setup, "set": f"upload {setup['set'][:8]}"}


def points(share: float) -> str:
    """A difference of shares in points, with its sign: "+5.4"."""
    text = f"{abs(100 * share):.1f}"
    return f"{'±' if float(text) == 0 else '+' if share > 0 else '−'}{text}"


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
