"""What a page does not share is taken out of the data, before any template sees it: so it cannot leak by another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app import share_view
from backend import services
from backend.services import CompareView, RunView, SettingRow

Shows = frozenset[str]
"""The parts that a page shows."""
DEFAULT: Shows = frozenset(services.WITH_DATA)
LEFT_OUT = "not shared"
NAMED = ("model", "artefact", "upload", "dataset", "classes")
"""Widgets of settings whose words are names: of models, files, classes."""
NODES: Shows = frozenset({"rows", "names"})
"""What single nodes, classes and pictures are shown with: without names there is nothing to say of them one by one."""


def worded(shows: Shows) -> bool:
    """Whether sentences are shown that a method wrote, or an error: they may quote names and texts."""
    return shows >= services.SENTENCES


def without(view: CompareView, shows: Shows) -> CompareView:
    """Runs side by side with nothing but what is shown; settings are told as `setting` tells them."""
    return replace(
        view,
        runs=[_run(run, place, len(view.runs), shows) for place, run in enumerate(view.runs)],
        differing=_settings(view, view.differing, shows),
        common=_settings(view, view.common, shows),
        metrics=view.metrics if "metrics" in shows else [],
        remark=view.remark if worded(shows) and "metrics" in shows else "",
    )


def _run(run: RunView, place: int, runs: int, shows: Shows) -> RunView:
    said = worded(shows)
    return replace(
        run,
        title=title(run, shows) or (f"Run {place + 1}" if runs > 1 else method_title(run.method)),
        summary=run.summary if said else "",
        error=run.error if said else "",
        error_type=run.error_type if said else "",
        traceback=run.traceback if "log" in shows else "",
        env=_environment(run) if "environment" in shows else {},
        owner="",
        metrics=run.metrics if "metrics" in shows else {},
        config={},
        sweep_cell=None,
        message="",
    )


def _environment(run: RunView) -> dict[str, Any]:
    return {name: value for name, value in run.env.items() if isinstance(value, str | int | float)}


def title(run: RunView, shows: Shows) -> str:
    """A run's title, "" where it is not shown: the title of a sweep's run is made of its settings."""
    if run.title == method_title(run.method):
        return run.title
    needed = {"names"} if run.sweep_cell is None else {"names", "texts", "settings"}
    return run.title if shows >= needed else ""


def method_title(name: str) -> str:
    method = services.methods().get(name)
    return method.title if method else name


def _settings(view: CompareView, rows: Sequence[SettingRow], shows: Shows) -> list[SettingRow]:
    if "settings" not in shows:
        return []
    return [
        replace(
            row,
            values=[
                setting(run.method, row.name, value, shows)
                for run, value in zip(view.runs, row.values, strict=True)
            ],
        )
        for row in rows
    ]


def setting(method: str, name: str, value: Any, shows: Shows) -> str:
    """A setting as strangers see it: words that are neither a choice of the method's nor its default only where they are shown."""
    return (
        share_view.setting(method, name, value)
        if _needs(method, name, value) <= shows
        else LEFT_OUT
    )


def _needs(method: str, name: str, value: Any) -> Shows:
    """The parts without which a value of a setting is left out."""
    words = set(_words(value))
    if not words:
        return frozenset()
    schema = share_view.schema(method)
    field = schema.get("properties", {}).get(name, {})
    if words <= {*_words(field.get("default")), *_choices(field, schema.get("$defs", {}))}:
        return frozenset()
    return frozenset({"names"}) if field.get("widget") in NAMED else services.SENTENCES


def _words(value: Any) -> Iterator[str]:
    """All text in a value of a setting but empty ones."""
    if isinstance(value, str):
        yield from [value] if value else []
    elif isinstance(value, Mapping):
        yield from (word for pair in value.items() for each in pair for word in _words(each))
    elif isinstance(value, list | tuple):
        yield from (word for each in value for word in _words(each))


def _choices(field: Any, known: Mapping[str, Any]) -> Iterator[str]:
    """All words that a JSON schema allows one to choose from."""
    if isinstance(field, list):
        for each in field:
            yield from _choices(each, known)
    elif isinstance(field, Mapping):
        yield from _words(field.get("enum", [field["const"]] if "const" in field else []))
        if "$ref" in field:
            yield from _choices(known.get(field["$ref"].split("/")[-1], {}), known)
        for name in ("anyOf", "items", "prefixItems"):
            yield from _choices(field.get(name), known)
