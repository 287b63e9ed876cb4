"""The first sentence on an edit: against the retrain where there is one, and never kinder to the edit than to a control."""

from __future__ import annotations

from collections.abc import Mapping

from methods.unlearning.controls.setting import (
    CONTROLS,
    Level,
    Setting,
    Verdict,
    begin,
    called,
    change,
    listed,
    nats,
    reach,
    reached_it,
    within_guard,
)
from methods.unlearning.verification.measured import (
    BEFORE,
    EDIT,
    RETRAIN_2,
    VariantFigures,
    Verification,
)

CLOSE = 0.8
"""Share of the retrain's change from which an edit is called good."""
MARGIN = 0.01
"""Of `reached`; less is no difference."""
BETTER = 0.98
"""Without a retrain a control does better where its aim is less than this share of the edit's."""


def headline(found: Verification, setting: Setting) -> Verdict:
    """What the edit came to, beside its controls; bad where the guard is broken, whatever else it came to."""
    edit = found.variants[EDIT]
    level, text = without_retrain(found, setting)
    if edit.distances is not None:
        reached = edit.distances.reached
        level, text = (
            "info",
            "The retrain says just what the adapter before says: there is no way to go",
        )
        if reached is not None:
            level, text = against_retrain(found, setting, reached)
    text = f"{text}; retain loss {change(found.retain_change(EDIT))}."
    return Verdict(level if keeps(found, EDIT, setting) else "bad", text)


def against_retrain(found: Verification, setting: Setting, edit: float) -> tuple[Level, str]:
    """By how much of the retrain's change was reached."""
    beside = {name: reached_of(found, name) for name in CONTROLS if name in found.variants}
    reached = {name: value for name, value in beside.items() if value is not None}
    rivals = [name for name in reached if competes(found, name, setting)]
    best = max(rivals, key=lambda name: reached[name], default=None)
    if best is not None and reached[best] > edit + MARGIN:
        shares = {EDIT: edit, **{name: reached[name] for name in reached if name != best}}
        text = f"{begin(called(best, setting))} did better than the edit: it {reached_it(reached[best])}"
        return "warning" if edit > 0 else "bad", f"{text}, {_each(shares, setting)}"
    if edit <= 0:
        text = (
            f"The edit is no nearer to the retrain than the adapter before: it {reached_it(edit)}"
        )
        return "bad", ", ".join([text, *([_each(reached, setting)] if reached else [])])
    text = f"The edit {reached_it(edit)}"
    floor = reached_of(found, RETRAIN_2)
    good = edit >= CLOSE or (floor is not None and edit >= floor > 0)
    return "good" if good else "warning", ", ".join(
        [text, *([_each(reached, setting)] if reached else [])]
    )


def without_retrain(found: Verification, setting: Setting) -> tuple[Level, str]:
    """By what the losses say: what moved, and which control moved it further towards its aim."""
    edit, before = found.variants[EDIT], found.variants[BEFORE]
    told = f"the old content of the asked rows went from a loss of {nats(before.forget_loss)} to {nats(edit.forget_loss)}"
    if before.corrected_loss is not None and edit.corrected_loss is not None:
        told += f", their corrected content from {nats(before.corrected_loss)} to {nats(edit.corrected_loss)}"
    best = better_without_retrain(found, setting)
    if best is None:
        return "info", begin(told)
    what, value = aim(found.variants[best]) or ("", 0.0)
    _, ours = aim(edit) or ("", 0.0)
    text = f"{begin(called(best, setting))} did better than the edit by {what}: {nats(value)} against {nats(ours)}"
    return "warning", f"{text}. With the edit {told}"


def better_without_retrain(found: Verification, setting: Setting) -> str | None:
    """The control with the best aim, where that is clearly better than the edit's."""
    ours = aim(found.variants[EDIT])
    if ours is None:
        return None
    aims = {
        name: known[1]
        for name in CONTROLS
        if name in found.variants
        and competes(found, name, setting)
        and (known := aim(found.variants[name])) is not None
    }
    best = min(aims, key=lambda name: aims[name], default=None)
    return best if best is not None and aims[best] < BETTER * ours[1] else None


def aim(figures: VariantFigures) -> tuple[str, float] | None:
    """What should be small without a retrain to measure by: in words, and in nats; None where nothing can be said."""
    if figures.corrected_loss is not None:
        return "the loss of the corrected content", figures.corrected_loss
    if figures.matched_loss is not None:
        apart = abs(figures.forget_loss - figures.matched_loss)
        return "how near the asked rows are to rows never trained on (difference of losses)", apart
    return None


def keeps(found: Verification, name: str, setting: Setting) -> bool:
    """The variant kept the guard on the retained rows."""
    before = found.variants[BEFORE].retain_loss
    return within_guard(before, found.variants[name].retain_loss, setting.tolerance)


def competes(found: Verification, name: str, setting: Setting) -> bool:
    """Whether a control may be called better: it kept the guard, or did no more harm than the edit."""
    harm = found.variants[name].retain_loss
    return keeps(found, name, setting) or harm <= found.variants[EDIT].retain_loss


def reached_of(found: Verification, name: str) -> float | None:
    """How much of the retrain's change a variant reached; None where that is not known."""
    figures = found.variants.get(name)
    return None if figures is None or figures.distances is None else figures.distances.reached


def _each(shares: Mapping[str, float], setting: Setting) -> str:
    return listed([f"{called(name, setting)} {reach(share)}" for name, share in shares.items()])
