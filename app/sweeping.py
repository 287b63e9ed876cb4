"""What `vitrine sweep` was told becomes a request, and its plan lines to read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend import services
from backend.services import SweepPlan, SweepRequest


def request_of(options: argparse.Namespace) -> SweepRequest:
    """What a person typed as a request.

    Raises:
        ValueError: a pair is no NAME=VALUE, a name is given twice, or a seed is no whole number.
    """
    fields = fields_of(options.method)
    return SweepRequest(
        method=options.method,
        config=settings_of(options.method, options.set),
        axes=pairs_of(
            "--axis", options.axis, lambda name, text: axis_of(fields.get(name, {}), text)
        ),
        seeds=[_seed(part) for part in options.seeds.split(",")],
        controls=not options.no_controls,
        title=options.title,
    )


def settings_of(method: str, texts: Sequence[str]) -> dict[str, Any]:
    """What --set gave, as the settings of the method want it.

    Raises:
        ValueError: one is no NAME=VALUE, or a name is given twice.
    """
    fields = fields_of(method)
    return pairs_of("--set", texts, lambda name, text: setting_of(fields.get(name, {}), text))


def fields_of(method: str) -> Mapping[str, Any]:
    """The JSON schema of each setting; empty where there is no such method."""
    known = services.methods().get(method)
    return {} if known is None else known.config.model_json_schema()["properties"]


def lines_of(plan: SweepPlan, seeds: int) -> list[str]:
    """A plan in words, one thing a line."""
    return [
        f"{_count(len(plan.cells), 'cell')} x {_count(seeds, 'seed')} = {_count(plan.runs, 'run')}",
        f"about {plan.seconds:.0f} s in all, up to {plan.memory_mb:,.0f} MB",
        *(f"  {cell.title}" for cell in plan.cells),
        *(f"  left out, {x.count} of {plan.combinations}: {x.reason}" for x in plan.left_out),
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"seeds: whole numbers are allowed, got {text!r}") from None


def pairs_of(option: str, texts: Sequence[str], read: Callable[[str, str], Any]) -> dict[str, Any]:
    """What was given as NAME=VALUE, each name once, its value as `read` reads it."""
    found: dict[str, Any] = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given or not name:
            raise ValueError(f"NAME=VALUE is allowed, got {text!r}")
        if name in found:
            raise ValueError(f"{option} {name}: give it once, with all its values, got it twice")
        found[name] = read(name, value)
    return found


def setting_of(field: Mapping[str, Any], text: str) -> Any:
    """One value, as the JSON schema of its setting wants it: words of a list "a,b", text as it stands, else JSON."""
    kinds = _kinds(field)
    if "array" in kinds:
        return _words(text)
    return text if "string" in kinds and text != "null" else value_of(text)


def axis_of(field: Mapping[str, Any], text: str) -> list[Any]:
    """Several values of a setting; text that looks like a number stays text where the setting is text.

    Values of a list are joined by plus: "sigmoid,sigmoid+sft".
    """
    kinds = _kinds(field)
    if "array" in kinds and not text.startswith("["):
        return [word.split("+") for word in _words(text)]
    if "string" in kinds and not text.startswith("["):
        return [None if word == "null" else word for word in _words(text)]
    return values_of(text)


def _kinds(field: Mapping[str, Any]) -> set[Any]:
    return {part.get("type") for part in (field, *field.get("anyOf", ()))}


def _words(text: str) -> list[str]:
    if text.startswith("["):
        return [str(value) for value in values_of(text)]
    return [part.strip() for part in text.split(",") if part.strip()]


def value_of(text: str) -> Any:
    """JSON where it is that, a number such as .3, else the text itself."""
    for read in (json.loads, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def values_of(text: str) -> list[Any]:
    """ "a,.3,null" or a JSON list."""
    if text.startswith("["):
        found = value_of(text)
        return found if isinstance(found, list) else [found]
    return [value_of(part.strip()) for part in text.split(",") if part.strip()]
