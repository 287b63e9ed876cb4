"""What `vitrine sweep` was told becomes a request, and its plan lines to read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from backend.services import SweepPlan, SweepRequest


def request_of(options: argparse.Namespace) -> SweepRequest:
    """What a person typed as a request.

    Raises:
        ValueError: a pair is no NAME=VALUE, a name is given twice, or a seed is no whole number.
    """
    return SweepRequest(
        method=options.method,
        config=_pairs("--set", options.set, value_of),
        axes=_pairs("--axis", options.axis, values_of),
        seeds=[_seed(part) for part in options.seeds.split(",")],
        controls=not options.no_controls,
        title=options.title,
    )


def lines_of(plan: SweepPlan, seeds: int) -> list[str]:
    """A plan in words, one thing a line."""
    return [
        f"{len(plan.cells)} cells x {seeds} seeds = {plan.runs} runs",
        f"about {plan.seconds:.0f} s in all, up to {plan.memory_mb:,.0f} MB",
        *(f"  {cell.title}" for cell in plan.cells),
        *(f"  left out, {x.count} of {plan.combinations}: {x.reason}" for x in plan.left_out),
    ]


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"seeds: whole numbers are allowed, got {text!r}") from None


def _pairs(option: str, texts: Sequence[str], read: Callable[[str], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, value = _pair(text, read)
        if name in found:
            raise ValueError(f"{option} {name}: give it once, with all its values, got it twice")
        found[name] = value
    return found


def _pair(text: str, read: Callable[[str], Any]) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given or not name:
        raise ValueError(f"NAME=VALUE is allowed, got {text!r}")
    return name, read(value)


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
