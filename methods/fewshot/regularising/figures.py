"""Rows `afr_arm`, the run's metrics, and what they mean in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from methods.fewshot.episodes.paired import Estimate, Paired, interval, paired
from methods.fewshot.regularising.measuring import Accuracies
from methods.fewshot.regularising.records import AFR, BASE, MIXUP, RANDOM, TITLES, UNIFORM
from methods.fewshot.regularising.relating import Related
from methods.fewshot.wording import percent, signed

Row = Mapping[str, Any]
GATE_ALONE = "Kappa is 0: nothing is mixed in. What is measured is the gate alone, and which base classes are related plays no part."


@dataclass(frozen=True)
class Figures:
    """Accuracies of all arms and their paired differences.

    Attributes:
        accuracy: arm -> mean over episodes with its interval.
        gain: arm -> arm minus base.
        beyond: arm -> AFR minus that arm, of the others but base.
    """

    accuracy: Mapping[str, Estimate]
    gain: Mapping[str, Paired]
    beyond: Mapping[str, Paired]

    @property
    def metrics(self) -> dict[str, float]:
        found = {f"accuracy_{arm}": each.mean for arm, each in self.accuracy.items()}
        gain = self.gain[AFR].difference
        found |= {"gain": gain.mean, "gain_random": self.gain[RANDOM].difference.mean}
        found |= {
            f"gain_{end}": value
            for end, value in (("low", gain.low), ("high", gain.high))
            if value is not None
        }
        found["gain_beyond_mixup"] = self.beyond[MIXUP].difference.mean
        return found


def figures_of(found: Accuracies) -> Figures:
    return Figures(
        {arm: interval(values) for arm, values in found.items()},
        {arm: paired(found[BASE], values) for arm, values in found.items() if arm != BASE},
        {arm: paired(found[arm], found[AFR]) for arm in (MIXUP, RANDOM, UNIFORM)},
    )


def arm_rows(figures: Figures) -> list[Row]:
    """One an arm, in their order."""
    rows: list[Row] = []
    for arm, accuracy in figures.accuracy.items():
        gain = figures.gain.get(arm)
        difference = gain.difference if gain else None
        rows.append(
            {
                "arm": arm,
                "title": TITLES[arm],
                "accuracy": accuracy.mean,
                "low": accuracy.low,
                "high": accuracy.high,
                "difference": difference.mean if difference else None,
                "difference_low": difference.low if difference else None,
                "difference_high": difference.high if difference else None,
                "wins": gain.wins if gain else None,
                "losses": gain.losses if gain else None,
                "ties": gain.ties if gain else None,
                "episodes": accuracy.n,
            }
        )
    return rows


def verdicts(figures: Figures, related: Related, kappa: float, gate: bool) -> list[Row]:
    """What the run says, the most important first: {level, text}."""
    if kappa == 0 and not gate:
        base = figures.accuracy[BASE]
        text = f"Kappa is 0 and there is no gate: AFR is its base classifier, {percent(base.mean)} right."
        return [_said("info", text), *_low(related, kappa)]
    if kappa == 0:
        return [
            _headline(figures, "Leave the gate off"),
            _said("info", GATE_ALONE),
            _mixup(figures),
        ]
    said = [_headline(figures, "Kappa 0 switches the mixing off")]
    said += _low(related, kappa)
    said += [_random(figures), _uniform(figures), _mixup(figures)]
    return said


def _headline(figures: Figures, cure: str) -> Row:
    base, afr, gain = figures.accuracy[BASE], figures.accuracy[AFR], figures.gain[AFR].difference
    numbers = (
        f"{percent(base.mean)} of the queries are named rightly without, {percent(afr.mean)} with it: {points(gain)}, over "
        f"{gain.n} episodes"
    )
    if above(gain):
        return _said("good", f"AFR helps here. {numbers}.")
    if below(gain):
        return _said("bad", f"AFR does harm here. {numbers}. {cure}.")
    return _said("warning", f"AFR does not help here, as far as these episodes tell. {numbers}.")


def _low(related: Related, kappa: float) -> list[Row]:
    far, count = len(related.far), len(related.rows)
    if not far or related.low is None or kappa == 0:
        return []
    some = ", ".join(related.far[:5]) + (f" and {far - 5} more" if far > 5 else "")
    verb = "is" if far == 1 else "are"
    text = f"{far} of {count} novel classes {verb} far from every base class (no cosine of {related.low:.2f} or more): {some}."
    if 2 * far >= count:
        return [
            _said(
                "warning",
                f"{text} Mixing in what is not related does harm: switch it off with kappa 0, or take other semantics.",
            )
        ]
    return [
        _said("info", f"{text} Look at what they are mixed with, and strike out what is wrong.")
    ]


def _random(figures: Figures) -> Row:
    beyond, alone = figures.beyond[RANDOM].difference, figures.gain[RANDOM].difference
    if above(beyond):
        return _said(
            "info",
            f"Random base classes in the place of the related ones change the accuracy by {points(alone)}: it matters which ones are mixed in.",
        )
    compared = "better than the related ones" if below(beyond) else "as well"
    return _said(
        "warning",
        f"Random base classes do {compared} ({points(alone)}): what the semantics say of relations adds nothing here.",
    )


def _uniform(figures: Figures) -> Row:
    beyond = figures.beyond[UNIFORM].difference
    if above(beyond):
        return _said("info", f"Attention is worth {points(beyond)} over equal weights.")
    if below(beyond):
        return _said(
            "warning",
            f"Equal weights do better than attention: AFR beside them, {points(beyond)}. A higher temperature comes near them.",
        )
    return _said("info", f"Attention and equal weights do not differ ({points(beyond)}).")


def _mixup(figures: Figures) -> Row:
    beyond = figures.beyond[MIXUP].difference
    if above(beyond):
        return _said("info", f"AFR is {points(beyond)} ahead of manifold mixup.")
    if below(beyond):
        return _said(
            "warning",
            f"Manifold mixup, which needs no base classes, does better: AFR beside it, {points(beyond)}.",
        )
    return _said("info", f"AFR and manifold mixup do not differ ({points(beyond)}).")


def above(difference: Estimate) -> bool:
    """Surely above 0, by its interval."""
    return difference.low is not None and difference.low > 0


def below(difference: Estimate) -> bool:
    return difference.high is not None and difference.high < 0


def points(difference: Estimate) -> str:
    """+6.6 points (95 %: +5.7 to +7.5)."""
    mean = f"{signed(difference.mean)} points"
    if difference.low is None or difference.high is None:
        return mean
    return f"{mean} (95 %: {signed(difference.low)} to {signed(difference.high)})"


def _said(level: str, text: str) -> Row:
    return {"level": level, "text": text}
