"""What a shared page shows of edits of an adapter: what was concluded, and the edit beside its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.share_private import Shows, worded
from backend import services
from backend.services import CompareView

WORDS = ("name", "title", "note")
MOST = 100
"""Rows of a kind that a page takes, of the few that a run records."""


@dataclass(frozen=True)
class SharedEdit:
    """One edit.

    Attributes:
        title: of its run.
        verdict: (level, text), the verdict itself first.
        variants: what stands beside what, by title.
        figures: name of a figure, and its value for each variant; None where it does not apply.
        notes: why a figure is missing.
    """

    title: str
    verdict: list[tuple[str, str]]
    variants: list[str]
    figures: list[tuple[str, list[Any]]]
    notes: list[str]


def edits(view: CompareView, shows: Shows) -> list[SharedEdit]:
    """What those runs say that recorded variants of an edit; in words only where sentences are shown."""
    if "metrics" not in shows:
        return []
    found = []
    for run in view.runs:
        verdict = services.records(run.id, "verdict", limit=MOST).rows
        variants = services.records(run.id, "edit_variant", limit=MOST).rows
        if variants:
            made = _edit(run.title or run.method, verdict, variants)
            found.append(made if worded(shows) else replace(made, verdict=[], notes=[]))
    return found


def _edit(
    title: str, verdict: Sequence[Mapping[str, Any]], variants: Sequence[Mapping[str, Any]]
) -> SharedEdit:
    names = list(dict.fromkeys(key for row in variants for key in row if key not in WORDS))
    figures = [(name, [row.get(name) for row in variants]) for name in names]
    return SharedEdit(
        title,
        [(str(row["level"]), str(row["text"])) for row in verdict],
        [str(row["title"]) for row in variants],
        [(name, values) for name, values in figures if any(value is not None for value in values)],
        _notes(variants),
    )


def _notes(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why figures are missing: each reason once, after all that it is about."""
    titles: dict[str, list[str]] = {}
    for row in variants:
        if row.get("note"):
            titles.setdefault(str(row["note"]), []).append(str(row["title"]))
    return [f"{', '.join(about)}: {note}" for note, about in titles.items()]
