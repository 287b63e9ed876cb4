"""What else should be said of an edit: one rule a matter, each gives a `Verdict` or None.

Thresholds are ours, from what was measured on small adapters; they change nothing in the edit.
"""

from __future__ import annotations

from methods.unlearning.controls.headline import keeps, reached_of
from methods.unlearning.controls.setting import (
    CONTROLS,
    Setting,
    Verdict,
    begin,
    called,
    change,
    listed,
    nats,
    percent,
)
from methods.unlearning.verification.measured import (
    BEFORE,
    EDIT,
    RETRAIN,
    RETRAIN_2,
    Verification,
)

LARGE = 0.03
"""Share of the rows from which a retrain is the better way."""
SHORT = 1 / 8
"""A shorter step means that the loss does not follow its linearisation."""
MEMORISED = 0.1
"""Loss in nats a token below which a row is known by heart."""
STILL = 0.01
"""Relative change of the asked rows' loss below which an edit did nothing."""
BEYOND = 1.5
"""Times the retrain's change of the asked rows' loss from which an edit forgot too much."""
NOTICEABLE = 0.1
"""Nats a token that make a difference between two losses worth a word."""


def guard_broken(found: Verification, setting: Setting) -> Verdict | None:
    """The retained rows were harmed."""
    if keeps(found, EDIT, setting):
        return None
    before, after = found.variants[BEFORE].retain_loss, found.variants[EDIT].retain_loss
    why = (
        ""
        if setting.searched
        else " The step length was not searched for, so nothing guarded them."
    )
    return Verdict(
        "bad",
        f"The edit harms rows that were to stay: their loss went from {nats(before)} to {nats(after)} "
        f"({change(found.retain_change(EDIT))}); the guard allows {percent(setting.tolerance)} of it, or {nats(setting.tolerance)} "
        f"nats.{why} Do not keep this version: take a shorter step.",
    )


def step_cut(_: Verification, setting: Setting) -> Verdict | None:
    """The full step was too long."""
    if setting.step_length == 0:
        return Verdict(
            "bad",
            "No length of the step lowered the objective and kept the other rows: the adapter is as it was. Train again instead.",
        )
    if abs(setting.step_length) >= SHORT or not setting.searched:
        return None
    return Verdict(
        "warning",
        f"Only {setting.step_length:.3g} of the step could be taken: the loss does not follow its linearisation that far. "
        "Relinearise in several steps, or train again.",
    )


def too_large(_: Verification, setting: Setting) -> Verdict | None:
    """Too many rows for a linear step."""
    share = setting.marked / setting.rows
    if share <= LARGE:
        return None
    counts = (
        (setting.removed, "removed", "removed"),
        (setting.prompts, "new prompt", "new prompts"),
        (setting.answers, "new answer", "new answers"),
    )
    parts = listed(
        [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    )
    return Verdict(
        "warning",
        f"{setting.marked} of {setting.rows} rows are asked for ({percent(share, 1)}: {parts}). A linear step errs more the more rows "
        f"change, and beyond {percent(LARGE)} training again is the better way.",
    )


def memorised(found: Verification, _: Setting) -> Verdict | None:
    """The asked rows are known by heart."""
    before = found.variants[BEFORE]
    if before.forget_loss >= MEMORISED or before.extraction < 0.5:
        return None
    return Verdict(
        "warning",
        f"The adapter knows the asked rows by heart (loss {nats(before.forget_loss)}, extraction strength "
        f"{before.extraction:.2f}). There the curvature that an influence edit follows all but vanishes, and it is weak; training "
        "again is the sure way.",
    )


def nothing_moved(found: Verification, setting: Setting) -> Verdict | None:
    """The edit did all but nothing."""
    before, edit = found.variants[BEFORE], found.variants[EDIT]
    pairs = [(before.forget_loss, edit.forget_loss)]
    if before.corrected_loss is not None and edit.corrected_loss is not None:
        pairs.append((before.corrected_loss, edit.corrected_loss))
    if setting.step_length == 0 or any(abs(b - a) > STILL * max(a, NOTICEABLE) for a, b in pairs):
        return None
    return Verdict(
        "warning",
        f"The edit does almost nothing: the asked rows' loss was {nats(before.forget_loss)} and is {nats(edit.forget_loss)}.",
    )


def still_answered(found: Verification, setting: Setting) -> Verdict | None:
    """Asked rows are still answered in the old words, more often than by a retrain; no matter where prompts alone change."""
    if not setting.removed and not setting.answers:
        return None
    marked = [row.variants for row in found.rows if row.role == "marked"]
    still = sum(row[EDIT].exact for row in marked)
    retrained = sum(row[RETRAIN].exact for row in marked) if RETRAIN in found.variants else None
    if not still or (retrained is not None and still <= retrained):
        return None
    beside = "" if retrained is None else f"; the retrain so answers {retrained}"
    return Verdict(
        "warning",
        f"{still} of {len(marked)} asked rows are still answered word for word in the old way{beside}.",
    )


def corrected(found: Verification, setting: Setting) -> Verdict | None:
    """How many rows are answered as they should be."""
    marked = [row.variants for row in found.rows if row.role == "marked"]
    edited = [row for row in marked if row[EDIT].new_exact is not None]
    if not edited:
        return None
    right = {name: sum(bool(row[name].new_exact) for row in edited) for name in found.variants}
    others = [name for name in (BEFORE, *CONTROLS, RETRAIN) if name in right]
    beside = listed([f"{called(name, setting)} {right[name]}" for name in others])
    return Verdict(
        "info",
        f"{right[EDIT]} of {len(edited)} edited rows are answered just as they should be; {beside}.",
    )


def over_forgotten(found: Verification, _: Setting) -> Verdict | None:
    """The asked rows stand out by being too unlikely."""
    edit, before = found.variants[EDIT], found.variants[BEFORE]
    retrain = found.variants.get(RETRAIN)
    why = ""
    if retrain is not None:
        ours, theirs = (
            edit.forget_loss - before.forget_loss,
            retrain.forget_loss - before.forget_loss,
        )
        if ours > BEYOND * max(theirs, 0.0) and ours - theirs > NOTICEABLE:
            why = f"their loss is {nats(edit.forget_loss)}, after training again {nats(retrain.forget_loss)}"
    if not why and edit.membership is not None:
        area, target = edit.membership.loss, 0.5
        if retrain is not None and retrain.membership is not None:
            target = retrain.membership.loss.value
        if area.high < min(target, 0.5):
            why = f"they look less trained on than rows never seen (AUC {area.value:.2f}, {area.low:.2f} to {area.high:.2f})"
    if not why:
        return None
    return Verdict(
        "warning",
        f"Over-forgetting: the asked rows stand out by being too unlikely, which gives them away as much as knowing them would; {why}. "
        "A shorter step is better.",
    )


def noise_floor(found: Verification, setting: Setting) -> Verdict | None:
    """How far two retrains are apart, and what may therefore be chance."""
    floor, edit = reached_of(found, RETRAIN_2), reached_of(found, EDIT)
    if floor is None or edit is None:
        return None
    if floor <= 0:
        return Verdict(
            "warning",
            "Trained again with another seed, the retrain comes out no nearer to itself than the adapter before: what was reached of its "
            "change says nothing here.",
        )
    text = f"Trained again with another seed, the retrain itself reaches {percent(floor)} of its own change: more cannot be asked of an edit."
    apart = 1 - floor
    near = [
        called(name, setting)
        for name in CONTROLS
        if (other := reached_of(found, name)) is not None and abs(other - edit) < apart
    ]
    if near:
        text += f" Between the edit and {listed(near)} the difference is less than between two retrains, so it may be chance."
    return Verdict("info", text)


def not_known(found: Verification, _: Setting) -> Verdict | None:
    """What cannot be said without a retrain."""
    if RETRAIN in found.variants:
        return None
    return Verdict(
        "info",
        "How near this is to an adapter that was trained on the edited rows from the start is not known: only training again tells. "
        "A changed loss alone is no proof that rows are forgotten.",
    )


def membership_told(found: Verification, _: Setting) -> Verdict | None:
    """Whether it can be told that the asked rows were trained on."""
    edit, before = found.variants[EDIT].membership, found.variants[BEFORE].membership
    if edit is None or before is None:
        return Verdict(
            "info",
            "Without rows that were never trained on nothing is known of membership inference: name held-out rows.",
        )
    text = (
        f"Membership inference by the loss: AUC {before.loss.value:.2f} before, {edit.loss.value:.2f} after "
        f"({edit.loss.low:.2f} to {edit.loss.high:.2f})"
    )
    retrain = found.variants.get(RETRAIN)
    if retrain is None or retrain.membership is None:
        return Verdict(
            "info", f"{text}. The aim is the AUC of a retrain, not 0.5, and is not known."
        )
    target = retrain.membership.loss
    leak = found.privleak(EDIT)
    told = f", PrivLeak {change(leak)}" if leak is not None else ""
    return Verdict("info", f"{text}; the retrain, which is the aim, {target.value:.2f}{told}.")


def harmful_controls(found: Verification, setting: Setting) -> Verdict | None:
    """Controls that harm the retained rows."""
    harmed = [
        f"{called(name, setting)} ({change(found.retain_change(name))})"
        for name in CONTROLS
        if name in found.variants and not keeps(found, name, setting)
    ]
    if not harmed:
        return None
    return Verdict("info", f"{begin(listed(harmed))} would harm the other rows beyond the guard.")


def limits() -> Verdict:
    """What is said of every edit."""
    return Verdict(
        "info",
        "An edit is an approximation: it guarantees nothing, and says nothing of what the base model knew already.",
    )
