"""What a sweep says of a model: which strength of a correction brings reuse nearest to the uncached images, if any does.

The sign of the effect differs between models, so nothing is taken for granted: a strength is advised only where the 95 %
interval of its gain over plain reuse, paired by seed, excludes no gain. Where there are eight seeds or more, half of them
choose the strength and the others, which had no part in the choice, say what it is worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from methods.base import Finding, Finished
from methods.caching.check import CORRECTION_FIELDS
from methods.caching.config import SampleConfig
from methods.caching.naming import schedule_name
from methods.caching.sweep import CORRECTING, DEPENDENT, OF_SCHEDULE
from methods.intervals import Mean, mean_of

DISTANCE, PLAIN = "relative_l2", "relative_l2_plain"
SPLIT_FROM = 8
"""Seeds from which on half of them choose. With fewer, the other half could tell nothing: Student's t is 12.7 of 2, 3.2 of 4."""
SCHEDULING = ("schedule", "steps", "reference_steps", *DEPENDENT)
Distances = dict[int, float]
"""Relative L2 to the uncached images, by seed."""


@dataclass(frozen=True)
class Run:
    """A finished run with its settings read."""

    config: SampleConfig
    seed: int
    metrics: Mapping[str, float]


@dataclass
class Reuse:
    """One way of reusing without its corrections: the plain runs, and the corrected ones by kind and strength."""

    plain: Distances = field(default_factory=dict)
    corrected: dict[SampleConfig, dict[float | None, Distances]] = field(default_factory=dict)
    forwards: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What one kind of correction is worth on one way of reusing.

    Attributes:
        gain: 1 - corrected / plain of the relative L2, over the seeds that report.
        kind: the settings but for the strength.
        harms: the other strengths whose whole interval is a loss, each over all seeds: nothing was chosen among them.
    """

    kind: SampleConfig
    weight: float | None
    gain: Mean
    tried: int
    choosing: tuple[int, ...]
    reporting: tuple[int, ...]
    plain: float
    corrected: float
    harms: tuple[tuple[float | None, Mean], ...] = ()

    @property
    def helps(self) -> bool:
        return self.gain.low is not None and self.gain.low > 0


def conclude(finished: Sequence[Finished]) -> list[Finding]:
    """The advised strengths, best first, then what did not help, then what limits all this.

    Raises:
        pydantic.ValidationError: settings that this version does not know.
    """
    runs = [Run(SampleConfig.model_validate(run.config), run.seed, run.metrics) for run in finished]
    reuses, fewer = _sorted(runs)
    verdicts: list[Verdict] = []
    notes: list[Finding] = []
    for config, reuse in reuses.items():
        for kind, strengths in reuse.corrected.items():
            verdict = judge(kind, strengths, reuse.plain)
            if verdict is None:
                text = f"{_named(kind)}: no seed has both plain reuse and every strength, so no gain can be told."
                notes.append(Finding("note", text))
            else:
                verdicts.append(verdict)
        notes += _against_fewer(config, reuse, fewer, verdicts)
    verdicts.sort(key=lambda verdict: (not verdict.helps, -verdict.gain.mean))
    findings = [_told(verdict) for verdict in verdicts]
    if len(verdicts) > 1 and not any(verdict.helps for verdict in verdicts):
        model = verdicts[0].kind.model
        findings.insert(0, Finding("none", f"No strength tried is shown to help on {model!r}."))
    return findings + notes + _limits(runs, verdicts)


def _sorted(
    runs: Sequence[Run],
) -> tuple[dict[SampleConfig, Reuse], dict[SampleConfig, tuple[float, Distances]]]:
    """Ways of reusing, and samplings of fewer uncached steps with their module forwards."""
    reuses: dict[SampleConfig, Reuse] = defaultdict(Reuse)
    fewer: dict[SampleConfig, tuple[float, Distances]] = {}
    for run in runs:
        config = run.config
        if DISTANCE not in run.metrics:
            continue
        distance = run.metrics[DISTANCE]
        if config.schedule == "none":
            if config.steps < config.compared_steps():
                fewer.setdefault(config, (_forwards(run), {}))[1][run.seed] = distance
            continue
        reuse = reuses[_without(config, *CORRECTING)]
        reuse.forwards = _forwards(run)
        if config.correction == "none":
            reuse.plain[run.seed] = distance
        else:
            strengths = reuse.corrected.setdefault(_without(config, "weight"), {})
            strengths.setdefault(config.weight, {})[run.seed] = distance
            if (
                PLAIN in run.metrics
            ):  # a corrected run samples plain reuse as well, from the same noise
                reuse.plain.setdefault(run.seed, run.metrics[PLAIN])
    return reuses, fewer


def _without(config: SampleConfig, *names: str) -> SampleConfig:
    fields = SampleConfig.model_fields
    return config.model_copy(
        update={name: fields[name].default for name in names if name in fields}
    )


def _forwards(run: Run) -> float:
    return run.metrics.get("attn_forwards", 0.0) + run.metrics.get("ff_forwards", 0.0)


def judge(
    kind: SampleConfig, strengths: Mapping[float | None, Distances], plain: Distances
) -> Verdict | None:
    """Choose a strength and say what it gains; None where no seed has plain reuse and every strength."""
    seeds = [seed for seed, distance in sorted(plain.items()) if distance > 0]
    seeds = [seed for seed in seeds if all(seed in found for found in strengths.values())]
    if not seeds:
        return None
    gains = {
        weight: {seed: 1 - found[seed] / plain[seed] for seed in seeds}
        for weight, found in strengths.items()
    }
    half = len(seeds) // 2 if len(seeds) >= SPLIT_FROM else 0
    choosing, reporting = seeds[:half] or seeds, seeds[half:]

    def over(weight: float | None, some: Sequence[int]) -> Mean:
        return mean_of([gains[weight][seed] for seed in some])

    candidates = list(gains)
    if not half:  # the same seeds report, so a strength whose interval holds is taken before one that only looks better
        sure = [weight for weight in candidates if (over(weight, seeds).low or 0.0) > 0]
        candidates = sure or candidates
    best = max(candidates, key=lambda weight: over(weight, choosing).mean)
    others = [(weight, over(weight, seeds)) for weight in gains if weight != best]
    return Verdict(
        kind=kind,
        weight=best,
        gain=over(best, reporting),
        tried=len(strengths),
        choosing=tuple(choosing),
        reporting=tuple(reporting),
        plain=mean_of([plain[seed] for seed in reporting]).mean,
        corrected=mean_of([strengths[best][seed] for seed in reporting]).mean,
        harms=tuple(each for each in others if each[1].high is not None and each[1].high < 0),
    )


def _told(verdict: Verdict) -> Finding:
    gain, what, on = verdict.gain, _strength(verdict.weight), _named(verdict.kind)
    distance = f"relative L2 {verdict.corrected:.3g} against {verdict.plain:.3g}"
    measured = f"{_far(gain.mean)} the uncached images than plain reuse ({distance}"
    if gain.low is None or gain.high is None:
        text = f"{on}: one seed gives no interval, so no strength is advised. Of {verdict.tried} tried, {what} was best: {measured})."
        return Finding("none", text)
    interval = f"95 % interval of the gain {_between(gain)}, paired over {gain.n} seeds"
    if verdict.helps:
        text = f"{on}: take {what}. It is {measured}; {interval}; {verdict.tried} tried).{_harms(verdict)}"
        return Finding("advice", text, _policy(verdict))
    if verdict.tried == 1 and gain.high < 0:
        return Finding("none", f"{on}: {what} harms. It is {measured}; {interval}).")
    said = "no strength helped" if gain.high < 0 else "no strength is shown to help"
    text = f"{on}: {said}. Of {verdict.tried} tried, {what} was best: {measured}; {interval}).{_harms(verdict)}"
    return Finding("none", text)


def _harms(verdict: Verdict) -> str:
    """What is known to make it worse, each in a sentence."""
    return "".join(
        f" {_strength(weight).capitalize()} harms: {_far(gain.mean)} them than plain reuse "
        f"(95 % interval of the gain {_between(gain)}, paired over {gain.n} seeds)."
        for weight, gain in verdict.harms
    )


def _far(gain: float) -> str:
    return f"{_percent(abs(gain))} {'nearer to' if gain >= 0 else 'farther from'}"


def _between(gain: Mean) -> str:
    assert gain.low is not None
    assert gain.high is not None
    return f"{_percent(gain.low, '+')} to {_percent(gain.high, '+')}"


def _percent(share: float, sign: str = "") -> str:
    """One decimal; of less than .05 % the first digit that is not 0, so that a loss is never told as "0.0 %"."""
    small = 0 < abs(share) < 5e-4
    return f"{100 * share:{sign}.1g}%" if small else f"{share:{sign}.1%}"


def _against_fewer(
    config: SampleConfig,
    reuse: Reuse,
    fewer: Mapping[SampleConfig, tuple[float, Distances]],
    verdicts: Sequence[Verdict],
) -> list[Finding]:
    """The best of this way of reusing beside uncached steps that execute as many module forwards."""
    same = [
        (control, distances)
        for control, (forwards, distances) in fewer.items()
        if forwards == reuse.forwards
        and control.compared_steps() == config.compared_steps()
        and _without(control, *SCHEDULING) == _without(config, *SCHEDULING)
    ]
    if not same:
        return []
    control, distances = same[0]
    mine = [verdict for verdict in verdicts if _without(verdict.kind, *CORRECTING) == config]
    helping = [verdict for verdict in mine if verdict.helps]
    best = max(helping, key=lambda verdict: verdict.gain.mean, default=None)
    policy = reuse.plain if best is None else reuse.corrected[best.kind][best.weight]
    reporting = set(policy if best is None else best.reporting)
    seeds = sorted(reporting & {seed for seed, distance in distances.items() if distance > 0})
    if not seeds:
        return []
    gain = mean_of([1 - policy[seed] / distances[seed] for seed in seeds])
    name = _reuse(config) if best is None else _named(best.kind, f" at {_strength(best.weight)}")
    interval = "" if gain.low is None else f" (95 %: {_between(gain)})"
    text = f"For the same module forwards, {control.steps} uncached steps: {name} is {_far(gain.mean)} the full sampling than they are{interval}."
    return [Finding("note", text)]


def _limits(runs: Sequence[Run], verdicts: Sequence[Verdict]) -> list[Finding]:
    if not runs:
        return []
    config = runs[0].config
    seeds = len({run.seed for run in runs})
    images = sorted({int(run.metrics["images"]) for run in runs if "images" in run.metrics})
    of_each = f" of {' or '.join(map(str, images))} images" if images else ""
    counted = "1 seed" if seeds == 1 else f"{seeds} seeds"
    text = f"This is for the model {config.model!r}, {counted}{of_each}; another model may want another strength, or none."
    found = [Finding("note", text)]
    chosen = [verdict for verdict in verdicts if verdict.tried > 1 and verdict.gain.n > 1]
    split = [verdict for verdict in chosen if verdict.choosing != verdict.reporting]
    if split:
        choosing, reporting = (_listed(part) for part in (split[0].choosing, split[0].reporting))
        text = f"Strengths were chosen on seeds {choosing}; the gains are of seeds {reporting}, which had no part in the choice."
        found.append(Finding("note", text))
    if len(split) < len(chosen):
        text = f"The best of several strengths is chosen on the same seeds as it is reported on, so its gain is optimistic; from {SPLIT_FROM} seeds on, half of them choose."
        found.append(Finding("note", text))
    return found


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _strength(weight: float | None) -> str:
    return "the paper's strength" if weight is None else f"strength {weight:g}"


def _named(kind: SampleConfig, strength: str = "") -> str:
    where = "" if kind.positions.strip() == "all" else f" at steps “{kind.positions.strip()}”"
    return f"{kind.correction.upper()}{strength}{where} on {_reuse(kind)}"


def _reuse(config: SampleConfig) -> str:
    return f"{schedule_name(config)}, {config.steps} steps"


def _policy(verdict: Verdict) -> dict[str, object]:
    """The whole policy: its schedule with what that uses, and its correction."""
    schedule = verdict.kind.schedule
    names = ("schedule", *OF_SCHEDULE.get(schedule, ()), "correction", *CORRECTION_FIELDS)
    values = verdict.kind.model_dump(mode="json")
    return {name: values[name] for name in names} | {"weight": verdict.weight}
