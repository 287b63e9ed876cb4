"""What a shared page shows of closer looks: each picture with its chosen views, what classifiers answer before and after, and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.share_private import NODES, Shows, worded
from backend import services
from backend.services import CompareView, RunView

FIRST = 24
"""Pictures of each run that a page shows."""
TOP = 5
BEFORE, AFTER = "global", "vcr"
REFINEMENTS = {
    BEFORE: "Whole picture",
    AFTER: "Looking closer (VCR)",
    "random": "Random views",
    "mean": "Mean of all views",
    "entropy": "Lowest entropy",
    "min_margin": "Smallest margin",
}
CLASSIFIERS = {
    "zero_shot": "Zero-shot",
    "tip": "Tip-Adapter",
    "tip_f": "Tip-Adapter-F",
    "gda": "GDA",
    "linear": "Linear probe",
}
"""As in `static/look-data.js`."""

Answer = tuple[str, float]


@dataclass(frozen=True)
class ChosenView:
    """The view of one scale that was merged; box in pixels of the picture: left, top, width, height."""

    scale: float
    box: tuple[float, float, float, float]
    top: str
    probability: float
    margin: float

    @property
    def colour(self) -> str:
        """The class of its colour in `static/look.css`."""
        return f"s{min(9, max(1, round(10 * self.scale)))}"


@dataclass(frozen=True)
class SharedPicture:
    """One picture.

    Attributes:
        content: sha256 of what was looked at: the same in every look at this picture.
        sha256: of the file that shows it, "" where that is gone.
        label: what it shows, None where nobody said.
        top: what zero-shot answers after the closer look.
        answers: of each classifier by title, {refinement: its first answers}.
        shares: (scale or None for the whole picture, share of the merge, class that it names).
    """

    name: str
    content: str
    sha256: str
    width: int
    height: int
    label: str | None
    top: str
    answers: dict[str, dict[str, list[Answer]]]
    views: list[ChosenView]
    shares: list[tuple[float | None, float, str]]

    def first(self, classifier: str, refinement: str) -> Answer | None:
        """The first answer, where there is one."""
        found = self.answers[classifier].get(refinement)
        return found[0] if found else None

    def top_five(self, classifier: str) -> list[tuple[str, float | None, float | None]]:
        """(class, probability before, after) of both top fives, the likeliest after first; None outside of one of them."""
        before = dict(self.answers[classifier].get(BEFORE, []))
        after = dict(self.answers[classifier].get(AFTER, []))
        return [(name, before.get(name), after.get(name)) for name in after | before]


@dataclass(frozen=True)
class SharedLook:
    """What one run found; `total` pictures were looked at."""

    run: RunView
    pictures: list[SharedPicture]
    total: int
    templates: list[str]
    classes: list[str]
    notes: list[str]

    @property
    def title(self) -> str:
        return self.run.title or self.run.method

    @property
    def refinements(self) -> list[tuple[str, str]]:
        """(name, title) of what classifiers were given, of those that are there."""
        there = {
            name for each in self.pictures for found in each.answers.values() for name in found
        }
        return [(name, title) for name, title in REFINEMENTS.items() if name in there]


@dataclass(frozen=True)
class Beside:
    """The same pictures in several looks: name, and the first answer after the closer look of each run."""

    classifier: str
    titles: list[str]
    rows: list[tuple[str, list[Answer | None]]]


def looks(view: CompareView, shows: Shows) -> list[SharedLook]:
    """What those runs found that looked closer at pictures; all of it is about single pictures and their classes."""
    if not shows >= NODES:
        return []
    return [_shown(found, shows) for run in view.runs if (found := _look(run))]


def _shown(found: SharedLook, shows: Shows) -> SharedLook:
    if "inputs" not in shows:
        found = replace(found, pictures=[replace(each, sha256="") for each in found.pictures])
    return replace(
        found,
        templates=found.templates if "texts" in shows else [],
        notes=found.notes if worded(shows) else [],
    )


def beside(found: Sequence[SharedLook]) -> Beside | None:
    """Several looks side by side; None where there are not two, or no picture is in all."""
    if len(found) < 2:
        return None
    named = [{each.name: each for each in look.pictures} for look in found]
    files = [{name: each.content for name, each in pictures.items()} for pictures in named]
    shared = [name for name in files[0] if all(each.get(name) == files[0][name] for each in files)]
    known = [set(each.answers) for look in found for each in look.pictures]
    classifier = next(
        (title for title in CLASSIFIERS.values() if all(title in each for each in known)), ""
    )
    if not shared or not classifier:
        return None
    rows = [(name, [each[name].first(classifier, AFTER) for each in named]) for name in shared]
    return Beside(classifier, [look.title for look in found], rows)


def _look(run: RunView) -> SharedLook | None:
    page = services.records(run.id, "look", limit=FIRST)
    if not page.rows:
        return None
    setup = next(iter(services.records(run.id, "look_setup", limit=1).rows), {})
    files = {item.name: item.sha256 for item in services.artefacts(run.id)}
    return SharedLook(
        run,
        [_picture(row, files.get(str(row["picture"]), "")) for row in page.rows],
        page.total,
        list(setup.get("templates", [])),
        list(setup.get("classes", [])),
        list(setup.get("notes", [])),
    )


def _picture(row: Mapping[str, Any], sha256: str) -> SharedPicture:
    answers = {
        CLASSIFIERS.get(name, name): {
            given: [(str(top), float(share)) for top, share in found[:TOP]]
            for given, found in refined.items()
        }
        for name, refined in row["answers"].items()
    }
    return SharedPicture(
        str(row["name"]).removeprefix("queries/"),
        str(row["sha256"]),
        sha256,
        int(row["width"]),
        int(row["height"]),
        row["label"],
        str(row["top"]),
        answers,
        [_view(each) for each in row["scales"] if each["scale"] < 1 and each["views"]],
        [
            (None if part["scale"] == "global" else part["scale"], part["share"], part["top"])
            for part in row["shares"]
        ],
    )


def _view(scale: Mapping[str, Any]) -> ChosenView:
    chosen = scale["views"][0]
    left, top, width, height = chosen["box"]
    return ChosenView(
        scale["scale"],
        (left, top, width, height),
        chosen["top"],
        chosen["probability"],
        chosen["margin"],
    )
