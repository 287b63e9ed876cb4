"""What several trainings say together: each objective against plain DPO, paired by seed, with intervals.

An objective is advised only where made-up objects certainly become fewer than under DPO, and the real ones that it finds do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from methods.alignment.training.summary import NAMES
from methods.alignment.training.sweep import USED_BY, kind, own_key, simplify, twin
from methods.base import Finding, Finished
from methods.intervals import Mean, mean_of

CHAIR, RECALL, MENTIONS, ACCURACY = "chair_i", "recall", "mentions", "reward_accuracy"
BEFORE = (f"{CHAIR}_before", f"{RECALL}_before")
FEW = 5
"""Seeds below which an interval says little."""
Runs = dict[int, Finished]
"""By seed."""


@dataclass(frozen=True)
class Against:
    """One objective against plain DPO of the same seeds: differences, its own value less DPO's."""

    run: Finished
    seeds: tuple[int, ...]
    changes: Mapping[str, Mean]

    @property
    def better(self) -> bool:
        """Certainly fewer made-up objects, and not certainly fewer real ones."""
        return _below(self.changes.get(CHAIR)) and not _below(self.changes.get(RECALL))


def conclude(finished: Sequence[Finished]) -> list[Finding]:
    """Advice first, then what did not help, then what limits all this."""
    groups = _groups(finished)
    found = [each for each in (_against(runs, groups) for runs in groups.values()) if each]
    if not found:
        return [Finding("note", _no_pairs(finished))] if finished else []
    found.sort(key=lambda each: _order(each))
    findings = [_told(each, first=each is found[0]) for each in found]
    if not any(finding.kind == "advice" for finding in findings) and len(findings) > 1:
        findings.insert(
            0, Finding("none", "None of these objectives is shown to do better than plain DPO.")
        )
    return [*findings, *_untrained(groups), *_sft(groups), *_limits(found)]


def remark(finished: Sequence[Finished]) -> str:
    """What runs side by side say: the differences from plain DPO of the same seed, or that nothing can be said."""
    if len(finished) < 2:
        return ""
    groups = _groups(finished)
    found = [each for each in (_against(runs, groups) for runs in groups.values()) if each]
    if not found:
        return _no_pairs(finished)
    told = "; ".join(f"{_name(each)} {_differences(each)}" for each in found)
    fewest = min(len(each.seeds) for each in found)
    hint = (
        " One seed cannot tell a method from luck: launch several."
        if fewest == 1
        else ""
        if fewest >= FEW
        else f" {fewest} seeds are few."
    )
    return f"Against plain DPO on the same pairs: {told}.{hint}"


def _groups(finished: Sequence[Finished]) -> dict[str, Runs]:
    groups: dict[str, Runs] = defaultdict(dict)
    for run in finished:
        groups[own_key(run.config)][run.seed] = run
    return groups


def _against(runs: Runs, groups: Mapping[str, Runs]) -> Against | None:
    """None for plain DPO itself, and where no seed has both."""
    one = next(iter(runs.values()))
    key = twin(one.config)
    plain = groups.get(key, {})
    if key == own_key(one.config) or one.config.get("objective") == "sft":
        plain = plain if one.config.get("objective") == "sft" else {}
    if not plain and one.config.get("objective") == "sft":
        plain = _any_dpo(one, groups)
    seeds = tuple(sorted(set(runs) & set(plain)))
    if not seeds:
        return None
    changes = {
        name: mean_of([runs[seed].metrics[name] - plain[seed].metrics[name] for seed in seeds])
        for name in (CHAIR, RECALL, MENTIONS, ACCURACY)
        if all(name in each[seed].metrics for each in (runs, plain) for seed in seeds)
    }
    return Against(one, seeds, changes)


def _any_dpo(run: Finished, groups: Mapping[str, Runs]) -> Runs:
    """Plain DPO beside an SFT run: SFT has no beta, so that DPO of any beta is its pair; the first is taken."""
    wanted = _shared(run)
    for runs in groups.values():
        one = next(iter(runs.values()))
        if kind(one.config) == NAMES["dpo"] and _shared(one) == wanted:
            return runs
    return {}


def _shared(run: Finished) -> str:
    values = {name: value for name, value in run.config.items() if name not in USED_BY}
    values.pop("objective", None)
    return repr(sorted(simplify(values).items(), key=lambda item: item[0]))


def _order(each: Against) -> tuple[bool, float]:
    change = each.changes.get(CHAIR)
    return not each.better, change.mean if change else 0.0


def _told(each: Against, first: bool) -> Finding:
    name, differences = _name(each), _differences(each)
    if len(each.seeds) == 1:
        return Finding(
            "none", f"{name}, one seed, so no interval: against plain DPO {differences}."
        )
    if CHAIR not in each.changes:
        return Finding("none", f"{name} against plain DPO: {differences}.")
    if each.better:
        values = {"objective": each.run.config["objective"]}
        said = (
            f"Take {name}: against plain DPO"
            if first
            else f"{name} does better than plain DPO too:"
        )
        return Finding("advice", f"{said} {differences}.", values)
    chair = each.changes[CHAIR]
    if _below(chair):
        return Finding(
            "none", f"{name} makes up less than plain DPO, but finds less too: {differences}."
        )
    if chair.low is not None and chair.low > 0:
        return Finding("none", f"{name} makes up more than plain DPO: {differences}.")
    return Finding("none", f"{name} is not shown to differ from plain DPO: {differences}.")


def _differences(each: Against) -> str:
    parts = []
    if CHAIR in each.changes:
        parts.append(f"made-up objects {_points(each.changes[CHAIR])}")
    if RECALL in each.changes:
        parts.append(f"recall {_points(each.changes[RECALL])}")
    if MENTIONS in each.changes:
        parts.append(f"mentions {_with_interval(each.changes[MENTIONS], '{:+.2f}')}")
    if not parts and ACCURACY in each.changes:
        parts.append(f"accuracy on held-out pairs {_points(each.changes[ACCURACY])}")
    text = ", ".join(parts) or "nothing that both measured"
    return f"{text} over {len(each.seeds)} seeds" if len(each.seeds) > 1 else text


def _points(change: Mean) -> str:
    return _with_interval(change, "{:+.1f}", 100, " points")


def _with_interval(change: Mean, form: str, scale: float = 1, unit: str = "") -> str:
    text = form.format(scale * change.mean) + unit
    if change.low is None or change.high is None:
        return text
    low, high = (form.format(scale * bound) for bound in (change.low, change.high))
    return f"{text} (95 %: {low} to {high})"


def _name(each: Against) -> str:
    return kind(each.run.config)


def _below(change: Mean | None) -> bool:
    return change is not None and change.high is not None and change.high < 0


def _untrained(groups: Mapping[str, Runs]) -> list[Finding]:
    """Each objective against the model before training: to do better than DPO is little if DPO does harm."""
    told = []
    for runs in groups.values():
        values = [run.metrics for run in runs.values()]
        if not all(name in each for each in values for name in (CHAIR, RECALL, *BEFORE)):
            continue
        chair, recall = (
            _points(mean_of([each[name] - each[before] for each in values]))
            for name, before in zip((CHAIR, RECALL), BEFORE, strict=True)
        )
        told.append(f"{kind(next(iter(runs.values())).config)} {chair}, recall {recall}")
    if not told:
        return []
    text = f"Against the model before training, made-up objects: {'; '.join(told)}."
    return [Finding("note", text)]


def _sft(groups: Mapping[str, Runs]) -> list[Finding]:
    """Whether there is an SFT control at all."""
    if any(kind(next(iter(runs.values())).config) == NAMES["sft"] for runs in groups.values()):
        return []
    text = (
        "There is no SFT on the chosen answers beside these runs, so it cannot be told what preferences add to plain "
        "fine-tuning on the good answers."
    )
    return [Finding("note", text)]


def _limits(found: Sequence[Against]) -> list[Finding]:
    fewest = min(len(each.seeds) for each in found)
    model = found[0].run.config.get("model")
    text = (
        f"This is for the model {model!r} and these pairs, {fewest} seed{'s' if fewest > 1 else ''}"
    )
    few = "; five or more would say more" if fewest < FEW else ""
    several = len(found) > 2
    many = (
        f" {len(found)} objectives were compared, and of twenty without any effect one looks certain by luck."
        if several
        else ""
    )
    return [Finding("note", f"{text}{few}.{many}")]


def _no_pairs(finished: Sequence[Finished]) -> str:
    if not any(kind(run.config) == NAMES["dpo"] for run in finished):
        return "No plain DPO is among these runs, so there is nothing to compare them with."
    return "No two of these runs differ in the objective alone with the same seed, so nothing can be paired."
