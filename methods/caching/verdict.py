"""What runs side by side say, in a sentence or two: what a correction gained, and whether fewer steps did better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from methods.base import Finished
from methods.caching.sweep import CORRECTING
from methods.caching.tradeoff import FEWER_STEPS, TRADEOFF, UNCACHED, kind, same_images
from methods.intervals import mean_of

APART = {*CORRECTING, *TRADEOFF.irrelevant, "reference_stats"}
"""Settings in which a corrected run may differ from plain reuse of the same schedule, and what changes no image."""
SAME_WORK = 0.05
"""Shares of the uncached multiply-adds that differ by no more count as about the same."""
CLEAR = 0.01
"""Without an interval, a relative difference below this is called none."""


def remark(runs: Sequence[Finished]) -> str:
    """One or two sentences on runs that have succeeded; plainly so where nothing can be said.

    Runs are only set against each other where they drew the same images from the same noise.
    """
    gains = _gains(runs)
    fewer = _fewer_steps(runs)
    said = [text for text in (_told(gains), fewer) if text]
    if said:
        return " ".join(said)
    if len(runs) < 2:
        return "One run alone: nothing to set it against yet."
    if len({_noise(run) for run in runs}) == len(runs):
        return (
            "No two of these runs drew the same images from the same noise and have the same uncached run (seed, "
            "model, classes or sampling differ), so their images cannot be set against each other."
        )
    return (
        "No two of these runs tell a correction from plain reuse of the same schedule, "
        "or a cache from fewer steps at the same multiply-adds."
    )


@dataclass(frozen=True)
class Gain:
    """By how much a correction brought images closer to the uncached ones than plain reuse: 0.1 is a tenth."""

    title: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def clear(self) -> bool:
        if self.low is None or self.high is None:
            return abs(self.value) >= CLEAR
        return self.low > 0 or self.high < 0


def _gains(runs: Sequence[Finished]) -> list[Gain]:
    """Of each corrected policy, its gain over the seeds at hand, largest first."""
    plain = {_twin(run): run for run in runs if _is_plain(run)}
    found: defaultdict[str, dict[int, Gain]] = defaultdict(dict)
    for run in runs:
        gain = _gain(run, plain.get(_twin(run)))
        if gain is not None:
            found[_text(run.config)].setdefault(run.seed, gain)
    return sorted(
        (_over_seeds([*same.values()]) for same in found.values()), key=lambda gain: -gain.value
    )


def _over_seeds(same: Sequence[Gain]) -> Gain:
    """The mean over seeds, with the interval that they give; of one seed, that of its images."""
    if len(same) == 1:
        return same[0]
    found = mean_of([gain.value for gain in same])
    return Gain(f"{same[0].title} ({found.n} seeds)", found.mean, found.low, found.high)


def _gain(run: Finished, plain: Finished | None) -> Gain | None:
    if run.config.get("correction", "none") == "none":
        return None
    metrics = run.metrics
    if "correction_gain" in metrics:
        ends = metrics.get("correction_gain_low"), metrics.get("correction_gain_high")
        return Gain(_name(run), metrics["correction_gain"], *ends)
    if plain is None or not plain.metrics.get("relative_l2"):
        return None
    return Gain(_name(run), 1 - metrics["relative_l2"] / plain.metrics["relative_l2"])


def _told(gains: Sequence[Gain]) -> str:
    if not gains:
        return ""
    better = [gain for gain in gains if gain.clear and gain.value > 0]
    worse = [gain for gain in gains if gain.clear and gain.value < 0]
    equal = [gain for gain in gains if not gain.clear]
    parts = []
    if better:
        parts.append(f"closer to the uncached images: {_listed(better)}")
    if worse:
        them = "them" if better else "the uncached images"
        parts.append(f"further from {them}: {_listed(worse)}")
    if equal:
        parts.append(f"no clear difference: {_listed(equal)}")
    return f"Against plain reuse of the same schedule, {'; '.join(parts)}."


def _listed(gains: Sequence[Gain]) -> str:
    return ", ".join(f"{gain.title} {_percent(gain)}" for gain in gains)


def _percent(gain: Gain) -> str:
    near = f"({gain.value:+.1%})" if abs(gain.value) >= 0.0005 else "(below 0.1%)"
    text = f"by {abs(gain.value):.1%}" if gain.clear else near
    if gain.low is None or gain.high is None:
        return text
    return f"{text} (95 %: {gain.low:+.1%} to {gain.high:+.1%})"


def _fewer_steps(runs: Sequence[Finished]) -> str:
    """Whether uncached sampling in fewer steps came closer than the best cached run of the same noise and work."""
    wins: list[tuple[bool, Finished, Finished]] = []
    for short in runs:
        if kind(short.config) != FEWER_STEPS:
            continue
        rivals = [run for run in runs if _is_cached(run) and _same_work(run, short)]
        if rivals:
            best = min(rivals, key=lambda run: run.metrics["relative_l2"])
            wins.append((short.metrics["relative_l2"] < best.metrics["relative_l2"], short, best))
    if not wins:
        return ""
    if len(wins) > 1:
        count = sum(better for better, _, _ in wins)
        return (
            f"At about the same multiply-adds, fewer uncached steps came closer than the best cached run in "
            f"{count} of {len(wins)} pairs."
        )
    [(better, short, best)] = wins
    l2, other = short.metrics["relative_l2"], best.metrics["relative_l2"]
    what = "did better" if better else "did no better"
    return (
        f"At about the same multiply-adds ({short.metrics['flop_share']:.0%} against {best.metrics['flop_share']:.0%}), "
        f"{short.config['steps']} uncached steps {what}: relative L2 {l2:.3f} against {other:.3f} of {_name(best)}, "
        "the closest cached run."
    )


def _same_work(run: Finished, short: Finished) -> bool:
    near = abs(run.metrics["flop_share"] - short.metrics["flop_share"]) <= SAME_WORK
    return near and _noise(run) == _noise(short)


def _is_plain(run: Finished) -> bool:
    return _is_cached(run) and run.config.get("correction", "none") == "none"


def _is_cached(run: Finished) -> bool:
    return kind(run.config) not in (UNCACHED, FEWER_STEPS)


def _noise(run: Finished) -> tuple[int, str]:
    """Runs of which this is the same drew the same images from the same noise."""
    return run.seed, _text(same_images(run.config))


def _twin(run: Finished) -> tuple[int, str]:
    """The same for a corrected run and plain reuse of its schedule, from the same noise."""
    rest = {name: value for name, value in run.config.items() if name not in APART}
    return run.seed, _text(rest)


def _text(values: Mapping[str, Any]) -> str:
    return repr(sorted(values.items()))


def _name(run: Finished) -> str:
    return run.title or kind(run.config)
