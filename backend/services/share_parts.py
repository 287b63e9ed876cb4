"""The parts of what a link shows: which there are, which belong together, and what a choice of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backend.services.errors import ServiceError
from backend.share_views import Part, SharePreset

PARTS = {
    part.name: part
    for part in (
        Part(
            "settings",
            "Settings",
            "What was set: numbers and choices; words only with the next two.",
        ),
        Part("names", "Titles and names", "Of runs, models, files, classes and nodes."),
        Part("texts", "Texts", "Prompts and answers, and settings that are free text."),
        Part("metrics", "Metrics", "Figures with their intervals, and what was counted."),
        Part("curves", "Curves", "Curves, charts, histograms and drawings."),
        Part("pictures", "Pictures made", "Images that runs generated."),
        Part("inputs", "Pictures of the data", "Images that people brought or data sets hold."),
        Part("rows", "Rows", "Pairs, nodes, classes and rows of data, one by one."),
        Part("reviews", "Reviews and notes", "What people decided and wrote beside it."),
        Part("environment", "Environment", "Devices and versions of libraries."),
        Part(
            "log",
            "Log",
            "What a run said on its way, and the traceback of one that failed.",
            ["names", "texts"],
        ),
        Part("export", "Download", "A file with what the page shows.", ["rows"]),
    )
}
SENTENCES = frozenset({"names", "texts"})
"""A sentence that a method wrote, or an error, may quote either; so it is shown only with both."""
EVERYTHING = list(PARTS)
WITH_DATA = [name for name in PARTS if name not in ("reviews", "environment", "log", "export")]
WITHOUT_DATA = ["settings", "metrics", "curves", "pictures", "environment"]
DEFAULT = "results"
PRESETS = (
    SharePreset("everything", "Everything", "All that the studio shows of it.", EVERYTHING),
    SharePreset(
        DEFAULT,
        "Results with their data",
        "What was measured and on what; no reviews, no logs, no download.",
        WITH_DATA,
    ),
    SharePreset(
        "figures",
        "Results without data",
        "Figures, curves and generated pictures: no prompts, answers, names or pictures of people's data.",
        WITHOUT_DATA,
    ),
)


def checked_parts(names: Iterable[str] | None, allowed: Sequence[str]) -> list[str]:
    """A choice of parts in the order of `PARTS`; None is the default preset.

    Raises:
        ServiceError: a name is none of those allowed, one lacks another that it needs, or nothing was chosen.
    """
    if names is None:
        return [name for name in PARTS if name in WITH_DATA and name in allowed]
    wanted = set(names)
    if unknown := sorted(wanted - set(allowed)):
        raise ServiceError(
            f"shows: {', '.join(allowed)} are allowed here, got {', '.join(unknown)[:200]}"
        )
    if not wanted:
        raise ServiceError("shows: choose at least one part; a link that shows nothing is no use")
    for name in wanted:
        if missing := sorted(set(PARTS[name].needs) - wanted):
            raise ServiceError(f"shows: {name} needs {' and '.join(missing)} as well")
    return [name for name in PARTS if name in wanted]


def left_out(names: Sequence[str]) -> list[str]:
    """The default parts without those named, as `--without` says them.

    Raises:
        ServiceError: a name is no part of a page.
    """
    if unknown := sorted(set(names) - set(PARTS)):
        raise ServiceError(
            f"without: {', '.join(WITH_DATA)} can be left out, got {', '.join(unknown)[:200]}"
        )
    return [name for name in WITH_DATA if name not in names]
