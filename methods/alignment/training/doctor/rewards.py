"""Rules on rewards, accuracy and loss: does the model learn, and what becomes of the chosen answers."""

from __future__ import annotations

import math

from methods.alignment.training.doctor.history import WINDOW, Diagnosis, History


def both_fall(history: History) -> Diagnosis | None:
    """Both rewards fall: harmless while the chosen answers lose little and the margin grows, harmful otherwise."""
    chosen, rejected = history.last("rewards/chosen"), history.last("rewards/rejected")
    if chosen is None or rejected is None or history.step < 2 * WINDOW:
        return None
    nats, other = chosen / history.beta, rejected / history.beta
    if nats > -1 or other > -1:
        return None
    margin = chosen - rejected
    grows = margin > history.first("rewards/chosen") - history.first("rewards/rejected")
    worst = history.worst([-value for value in history.column("chosen")])
    start = abs(history.first("logps/chosen")) if "logps/chosen" in history.curves else math.inf
    unlearnt = -nats > max(3.0, start / 2) or (nats <= -5 and -chosen >= margin / 2)
    if grows and not unlearnt:
        return Diagnosis(
            "both_fall",
            "info",
            "Both rewards are negative, and so far that is harmless",
            f"DPO only pushes the two answers apart. The chosen answers have lost {-nats:.1f} nats on average, the rejected ones "
            f"{-other:.1f}: the margin grows, mostly because the rejected answers become unlikely.",
            worst,
        )
    how = "against a margin of" if grows else "and the margin no longer grows: it is"
    return Diagnosis(
        "both_fall",
        "warning",
        "The chosen answers are being unlearnt as well",
        f"They have lost {-nats:.1f} nats on average ({chosen:.2f} in reward) {how} {margin:.2f}. The probability goes to "
        "answers that are in neither column, so the model may start to say something else. Lower the learning rate, raise "
        "beta, or add an anchor (SFT on the chosen answers).",
        worst,
    )


def saturated(history: History) -> Diagnosis | None:
    """The loss of many pairs is nearly zero: they no longer teach anything."""
    losses = history.column("loss")
    if len(history.recent) < WINDOW or not losses:
        return None
    done = [loss < 0.01 for loss in losses]
    share = sum(done) / len(done)
    if share < 0.3:
        return None
    gaps = history.column("gap")
    return Diagnosis(
        "saturated",
        "warning",
        f"The loss is zero on {share:.0%} of the pairs",
        f"Their answers are told apart so clearly (gaps up to {max(gaps):.0f} nats) that they pull on nothing any more; the "
        "steps go to the rest. They are the easy pairs. Stop earlier, lower beta, or train on harder ones.",
        history.worst(gaps),
    )


def learnt_at_once(history: History) -> Diagnosis | None:
    """The accuracy is perfect within the first twenty steps."""
    accuracy = list(history.curves.get("rewards/accuracies", ()))[:20]
    perfect = next(
        (end for end in range(5, len(accuracy) + 1) if min(accuracy[end - 5 : end]) >= 1), None
    )
    if perfect is None:
        return None
    return Diagnosis(
        "learnt_at_once",
        "warning",
        f"Every pair is ordered rightly after {perfect} steps",
        "That early it says something about the data: the rejected answers can be told by something cheap, such as a turn of "
        "phrase, length or a missing end, so that little is learnt about pictures. Look at the pairs with the largest gaps.",
        history.worst(history.column("gap")) if history.recent else (),
    )


def nothing_moves(history: History) -> Diagnosis | None:
    """After many steps the gaps are still next to zero."""
    gaps = history.column("gap")
    if history.step < 30 or not gaps or max(abs(gap) for gap in gaps) > 0.05:
        return None
    return Diagnosis(
        "nothing_moves",
        "warning",
        "The model has hardly moved",
        f"After {history.step} steps no recent pair's gap exceeds 0.05 nats, so the loss stays at ln 2 = 0.693. Raise the "
        "learning rate, or check that the adapter reaches the layers it should.",
    )
