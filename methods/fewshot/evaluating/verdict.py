"""What an evaluation comes to, in words: whether looking closer helps each classifier, and whether it can be told from a control."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from methods.fewshot.evaluating.figures import Change, Interval
from methods.fewshot.evaluating.records import Verdict
from methods.fewshot.evaluating.scoring import Scored
from methods.fewshot.settings import CLASSIFIER_TITLES, REFINEMENT_TITLES
from methods.fewshot.wording import percent, signed

UNCHOSEN = ("random", "mean")
"""Controls that look as closely as VCR and choose nothing."""
CHOSEN = ("entropy", "min_margin")
"""Controls that choose by another rule."""


def verdicts(scored: Sequence[Scored], shots: int, draws: int, pictures: int) -> list[Verdict]:
    """The verdict over all classifiers first, then a sentence for each, then what the shots brought.

    Args:
        shots: asked for of each class.
        draws, pictures: that the figures are of.
    """
    each = [of_classifier(one) for one in scored]
    learnt = [of_shots(one, shots) for one in scored if one.learnt is not None]
    return [overall(scored, draws, pictures), *each, *learnt]


def overall(scored: Sequence[Scored], draws: int, pictures: int) -> Verdict:
    """For how many classifiers VCR helps, and for how many of these it cannot be told from crops that nobody chose."""
    helped = [one for one in scored if _better(one.change["vcr"])]
    harmed = [one for one in scored if _worse(one.change["vcr"])]
    matched = [one for one in helped if rival(one, UNCHOSEN)]
    total = len(scored)
    setting = f"on {pictures} test pictures" + (f" and {draws} support draws" if draws > 1 else "")
    if not helped and not harmed:
        said = f"Looking closer (VCR) makes no difference that can be told {setting}"
        return {"level": "info", "text": f"{said}, for {_of(scored, total)}."}
    if not helped:
        said = f"Looking closer (VCR) harms {_of(harmed, total)} {setting}"
        return {"level": "bad", "text": f"{said}: leave it off here."}
    said = f"Looking closer (VCR) helps {_of(helped, total)} {setting}"
    if harmed:
        said += f", and harms {_names(harmed)}"
    if len(matched) == len(helped):
        text = f"{said}, but cannot be told from random views or the mean of all: more crops help, the choice among them is not shown to."
        return {"level": "warning", "text": text}
    if matched:
        said += f"; for {_names(matched)} it cannot be told from random views or the mean of all"
    else:
        said += ", more than random views or the mean of all do"
    chosen = [one for one in helped if rival(one, CHOSEN)]
    if chosen:
        other = REFINEMENT_TITLES[rival(chosen[0], CHOSEN)]
        said += f"; {other} does as well{'' if len(chosen) == len(helped) else f' for {_names(chosen)}'}"
    return {"level": "good", "text": f"{said}."}


def of_classifier(one: Scored) -> Verdict:
    """What VCR does for one classifier."""
    change, name = one.change["vcr"], _title(one)
    before, after = one.accuracy["global"].mean, one.accuracy["vcr"].mean
    said = (
        f"{name}: {percent(before)} on the whole picture, {percent(after)} with VCR "
        f"({_points(change.difference)}; {change.fixed} fixed, {change.broken} broken, {_p(change.p)})"
    )
    if _worse(change):
        return {"level": "bad", "text": f"{said}. It harms."}
    if not _better(change):
        why = "Nothing to gain" if before == 1 else "No difference that can be told"
        return {"level": "info", "text": f"{said}. {why}."}
    if unchosen := rival(one, UNCHOSEN):
        gain = _points(one.change[unchosen].difference)
        return {
            "level": "warning",
            "text": f"{said}. But it cannot be told from {REFINEMENT_TITLES[unchosen]} ({gain}).",
        }
    said += f". More than {_or(REFINEMENT_TITLES[name] for name in UNCHOSEN)}"
    if chosen := rival(one, CHOSEN):
        gain = _points(one.change[chosen].difference)
        said += f"; {REFINEMENT_TITLES[chosen]} does as well ({gain})"
    return {"level": "good", "text": f"{said}."}


def of_shots(one: Scored, shots: int) -> Verdict:
    """What a classifier gets out of the shots, on the whole picture."""
    assert one.learnt is not None
    said = f"{_title(one)} against zero-shot, {shots_each(shots)}, whole picture: {_points(one.learnt.difference)}"
    if _better(one.learnt):
        return {"level": "good", "text": f"{said}. The shots help."}
    if _worse(one.learnt):
        return {"level": "bad", "text": f"{said}. The shots harm."}
    return {"level": "info", "text": f"{said}. No difference that can be told."}


def rival(one: Scored, controls: Iterable[str]) -> str:
    """The most accurate of some controls that VCR cannot be told to be better than; "" where it beats them all."""
    equal = [name for name in controls if not _better(one.beyond[name])]
    return max(equal, key=lambda name: one.accuracy[name].mean, default="")


def _better(change: Change) -> bool:
    return change.difference.low > 0


def _worse(change: Change) -> bool:
    return change.difference.high < 0


def _of(some: Sequence[Scored], total: int) -> str:
    if total == 1:
        return _names(some)
    return f"{'all' if len(some) == total else f'{len(some)} of'} {total} classifiers"


def _names(some: Sequence[Scored]) -> str:
    *others, last = (CLASSIFIER_TITLES[one.classifier] for one in some)
    return f"{', '.join(others)} and {last}" if others else last


def _title(one: Scored) -> str:
    title = CLASSIFIER_TITLES[one.classifier]
    return title[0].upper() + title[1:]


def _or(names: Iterable[str]) -> str:
    return " or ".join(names)


def _points(each: Interval) -> str:
    return f"{signed(each.mean)} points, {signed(each.low)} to {signed(each.high)}"


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def shots_each(shots: int) -> str:
    return f"{shots} shot{'' if shots == 1 else 's'} a class"
