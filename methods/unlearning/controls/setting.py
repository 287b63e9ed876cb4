"""What a verdict must know beside the measured figures, and how it says numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTROLS = ("finetune", "ascent", "npo")
Level = Literal["good", "warning", "bad", "info"]


@dataclass(frozen=True)
class Verdict:
    """A sentence or a few, and how they are meant."""

    level: Level
    text: str


@dataclass(frozen=True)
class Setting:
    """How an edit came about.

    Attributes:
        rows: that the adapter was trained on.
        removed, prompts, answers: how many of them are removed, get a new prompt, get a new answer; a row with both counts
            under both.
        marked: how many rows are asked for.
        step_length: that was taken, as a share of the full step; 0 where none was allowed.
        searched: the step length was searched for under the guard.
        tolerance: of the guard; see `within_guard`.
        steps: of each control, by its name.
    """

    rows: int
    marked: int
    removed: int = 0
    prompts: int = 0
    answers: int = 0
    step_length: float = 1.0
    searched: bool = True
    tolerance: float = 0.02
    steps: Mapping[str, int] = field(default_factory=dict)


def within_guard(before: float, after: float, tolerance: float) -> bool:
    """The mean loss of the retained rows rose by no more than `tolerance`, as a share of itself or in nats, whichever is more."""
    return after <= before + tolerance * max(before, 1.0)


def percent(value: float, digits: int = 0) -> str:
    """64 %."""
    return f"{100 * value:.{digits}f} %".replace("-", "−")


def reach(value: float) -> str:
    """A share of the retrain's change; what leads far away is not counted to the percent."""
    return "far off" if is_far(value) else percent(value)


def reached_it(value: float) -> str:
    """The same as a clause, after a subject."""
    if is_far(value):
        return "is far off, more than twice as far as before"
    return f"reached {percent(value)} of the retrain's change"


def is_far(value: float) -> bool:
    """Farther from the retrain than the adapter before, by more than all the way to it."""
    return value < -1


def change(value: float) -> str:
    """+0.4 %, signed; 0 % where it rounds to nothing."""
    text = f"{100 * value:+.1f} %"
    return "0.0 %" if text in ("+0.0 %", "-0.0 %") else text.replace("-", "−")


def nats(value: float) -> str:
    """Three digits that matter, as many decimals as needed."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def called(name: str, setting: Setting) -> str:
    """A variant, in a sentence."""
    steps = setting.steps.get(name)
    short = {
        "before": "the adapter before",
        "edit": "the edit",
        "finetune": f"a {steps}-step fine-tune" if steps else "a fine-tune",
        "ascent": f"{steps} steps of gradient ascent" if steps else "gradient ascent",
        "npo": f"{steps} steps of NPO" if steps else "NPO",
        "retrain": "the retrain",
        "retrain_2": "a second retrain",
    }
    return short.get(name, name)


def begin(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def listed(parts: list[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
