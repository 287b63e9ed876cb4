"""What an evaluation says in plain sentences: gain, loss, and whether the model merely says less."""

from __future__ import annotations

from collections.abc import Mapping

from methods.alignment.hallucination.naming import (
    DESCRIBED,
    HEADLINE,
    LESS_IS_BETTER,
    NAMES,
    SAID,
    title_of,
)
from methods.alignment.hallucination.rates import Change, Rate
from methods.alignment.hallucination.report import Variant
from methods.alignment.hallucination.scores import ALL, Scores, changes


def summary(variants: Mapping[Variant, Scores], cut: int) -> str:
    """One to four plain sentences.

    Args:
        cut: answers that were cut at the longest answer.
    """
    scores = list(variants.values())[-1]
    what = f"{len(scores.items)} answers on {NAMES[scores.benchmark]}{_sources(scores)}: "
    if len(variants) == 1:
        said = [f"{title_of(name)} {_with_interval(scores, name)}" for name in _shown(scores)]
        text = what + ", ".join(said) + "." + _by_split(scores)
    else:
        text = what + _compared(variants["before"], variants["after"])
    if cut:
        text += f" {cut} answers were cut at the longest answer: allow more tokens."
    return text


def _sources(scores: Scores) -> str:
    found = [f"objects by {scores.extractor}"] if scores.extractor else []
    found += [f"judged by {scores.judge}"] if scores.judge else []
    return f" ({', '.join(found)})" if found else ""


def _by_split(scores: Scores) -> str:
    """What a mean of splits is made of: it may hide that one is easy and the other hopeless."""
    if not scores.averaged:
        return ""
    name = HEADLINE[scores.benchmark][0]
    share = scores.columns[name].share
    found = ", ".join(
        f"{kind} {_number(part[name].value, share)}" for kind, part in scores.by_type.items()
    )
    return f" These are means of the splits; {title_of(name)} by split: {found}."


def _compared(before: Scores, after: Scores) -> str:
    found = changes(before, after)[ALL]
    names = HEADLINE[after.benchmark]
    parts = [
        f"{title_of(name)} {_value(before, name)} before, {_value(after, name)} after "
        f"({_difference(found[name], after.columns[name].share)})"
        for name in names
    ]
    better = [name for name in names if _direction(found[name], name) > 0]
    worse = [name for name in names if _direction(found[name], name) < 0]
    verdict = {
        (True, False): "Fewer hallucinations, beyond chance.",
        (False, True): "More hallucinations, beyond chance.",
        (False, False): "No difference beyond chance in either.",
    }.get((bool(better), bool(worse)), "One is better, the other worse.")
    text = "; ".join(parts) + f". {verdict}"
    return text + _says_less(before, after, found)


def _says_less(before: Scores, after: Scores, found: Mapping[str, Change]) -> str:
    if after.benchmark not in DESCRIBED:
        return ""
    names = [name for name in SAID if name in found]
    listed = ", ".join(
        f"{title_of(name)} {_value(before, name)} to {_value(after, name)}" for name in names
    )
    fell = {name for name in names if found[name].certain and (found[name].value or 0) < 0}
    if fell - {"mentions"}:
        return f" It also says less of what is there: {listed}."
    if fell:
        return f" It names fewer objects, but no fewer of those that are there beyond chance: {listed}."
    return f" It does not say less beyond chance: {listed}."


def _direction(change: Change, name: str) -> int:
    """1 where it is better beyond chance, -1 where worse, 0 where nobody knows."""
    if not change.certain or change.value is None:
        return 0
    return 1 if (change.value < 0) == (name in LESS_IS_BETTER) else -1


def _shown(scores: Scores) -> list[str]:
    more = [name for name in SAID if name in scores.rates] if scores.benchmark in DESCRIBED else []
    return [*HEADLINE[scores.benchmark], *more]


def _value(scores: Scores, name: str) -> str:
    return _number(scores[name].value, scores.columns[name].share)


def _with_interval(scores: Scores, name: str) -> str:
    rate: Rate = scores[name]
    share = scores.columns[name].share
    if rate.low is None:
        return _number(rate.value, share)
    return f"{_number(rate.value, share)} (95 %: {_number(rate.low, share)} to {_number(rate.high, share)})"


def _difference(change: Change, share: bool) -> str:
    if change.value is None:
        return "not defined"
    scale, unit = (100, " points") if share else (1, "")
    text = f"{change.value * scale:+.{1 if share else 2}f}{unit}"
    if change.low is None or change.high is None:
        return text
    return f"{text}, 95 %: {change.low * scale:+.{1 if share else 2}f} to {change.high * scale:+.{1 if share else 2}f}"


def _number(value: float | None, share: bool) -> str:
    if value is None:
        return "not defined"
    return f"{value:.1%}" if share else f"{value:.2f}"
