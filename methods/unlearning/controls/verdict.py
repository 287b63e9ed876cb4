"""What the numbers of an edit mean, in plain words."""

from __future__ import annotations

from collections.abc import Callable

from methods.unlearning.controls.headline import headline
from methods.unlearning.controls.rules import (
    corrected,
    guard_broken,
    harmful_controls,
    limits,
    membership_told,
    memorised,
    noise_floor,
    not_known,
    nothing_moved,
    over_forgotten,
    step_cut,
    still_answered,
    too_large,
)
from methods.unlearning.controls.setting import Setting, Verdict
from methods.unlearning.verification.measured import EDIT, Verification

__all__ = ["NO_OP", "RULES", "Setting", "Verdict", "judge"]

Rule = Callable[[Verification, Setting], Verdict | None]

RULES: tuple[Rule, ...] = (
    guard_broken,
    step_cut,
    nothing_moved,
    over_forgotten,
    still_answered,
    too_large,
    memorised,
    corrected,
    noise_floor,
    not_known,
    membership_told,
    harmful_controls,
)

NO_OP = Verdict(
    "info",
    "The request comes to nothing: what it asks for is what the rows already say, so the adapter is the same, byte for byte.",
)
"""For a request whose right-hand side is zero: there is no edit to judge."""


def judge(found: Verification, setting: Setting) -> tuple[Verdict, ...]:
    """What the numbers mean, the most important first: the headline, what the rules find, what limits the figures.

    From the numbers alone, and never kinder to the edit than to a control: where one did better, the first sentence says so.

    Args:
        found: with the variant "edit".

    Raises:
        ValueError: there is no edit among the variants.
    """
    if EDIT not in found.variants:
        raise ValueError(f'there is no variant "edit" to judge among {", ".join(found.variants)}')
    said = [headline(found, setting)]
    said += [verdict for rule in RULES if (verdict := rule(found, setting)) is not None]
    said += [Verdict("info", f"{text[:1].upper()}{text[1:]}.") for text in found.warnings]
    return (*said, limits())
