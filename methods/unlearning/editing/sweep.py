"""What several edits say together, and what a sweep has to know of their settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from methods.base import Axis, Finding, Finished, Tradeoff
from methods.intervals import Mean, mean_of
from methods.unlearning.controls.setting import change, percent, reach, reached_it, within_guard
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.presets import PRESETS

SOLVING = (
    "rhs",
    "curvature",
    "curvature_data",
    "solver",
    "relinearise",
    "damping",
    "damping_sweep",
    "line_search",
    "max_iterations",
    "tolerance",
    "curvature_rows",
)
"""Settings of the edit itself."""
SUBJECT = ("model", "adapter", "data", "request", "held_out", "template")
"""What must agree for two edits to be compared."""
FEW = 5
"""Seeds below which an interval says little."""


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the others make meaningless."""
    kept = dict(values)
    dropped: set[str] = set()
    if kept.get("direction"):
        dropped |= set(SOLVING) - {"rhs"}  # which is the objective of its curve
    if kept.get("solver") in ("published", "published_mended"):
        dropped |= {
            "max_iterations",
            "tolerance",
            "curvature_data",
            "curvature_rows",
            "damping_sweep",
        }
    if kept.get("solver") == "published":
        dropped.add("damping")
    if not kept.get("line_search", True):
        dropped.add("retain_tolerance")
    if not kept.get("controls", True):
        dropped |= {"control_steps", "control_rate"}
    return {name: value for name, value in kept.items() if name not in dropped}


def comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    """What two edits in one chart must share."""
    return {name: config.get(name) for name in (*SUBJECT, "retained_rows", "neighbours")}


def kind(config: Mapping[str, Any]) -> str:
    """An edit in a few words: the preset whose policy it has, else what it is made of."""
    if config.get("direction"):
        return "a known direction"
    defaults = {name: EraseConfig.model_fields[name].default for name in SOLVING}
    for preset in PRESETS.values():
        if not preset.fills and all(
            _plain(config.get(name, default)) == _plain(preset.values.get(name, default))
            for name, default in defaults.items()
            if name != "curvature_rows"
        ):
            return preset.title
    steps = int(config.get("relinearise") or 0)
    parts = [
        str(config.get("rhs", "influence")),
        str(config.get("curvature", "ggn")),
        str(config.get("solver", "cg")),
    ]
    return ", ".join(
        [*parts, f"damping {config.get('damping')}"] + ([f"{steps} steps"] if steps else [])
    )


TRADEOFF = Tradeoff(
    x=(Axis("retain_change", False), Axis("kl", False), Axis("edit_seconds", False)),
    y=(Axis("reached", True), Axis("logp_cosine", True), Axis("corrected_loss", False)),
    comparable=comparable,
    kind=kind,
    irrelevant=("batch_size", "allow_large"),
)


def conclude(finished: Sequence[Finished]) -> list[Finding]:
    """Which edit came nearest to the retrain, whether it certainly beats the fine-tune beside it, and what limits that."""
    if not finished:
        return []
    known = [run for run in finished if "reached" in run.metrics]
    if not known:
        return [
            Finding(
                "note",
                "None of these runs was measured against a retrain, so that it cannot be told which came nearest to it: launch them with "
                "one retrain.",
            )
        ]
    if _differ(known):
        return [
            Finding(
                "note", "These edits are of different adapters or requests: they do not compare."
            )
        ]
    groups = _groups(known)
    told = sorted(
        groups.values(), key=lambda runs: -mean_of([run.metrics["reached"] for run in runs]).mean
    )
    findings = [_told(runs) for runs in told]
    if not any(finding.kind == "advice" for finding in findings):
        findings.insert(
            0,
            Finding(
                "none",
                "No edit is shown to come nearer to the retrain than the fine-tune beside it.",
            ),
        )
    fewest = min(len(runs) for runs in told)
    if fewest < FEW:
        findings.append(
            Finding(
                "note",
                f"{fewest} seed{'s are' if fewest > 1 else ' is'} few; {FEW} or more would say more.",
            )
        )
    return findings


def _told(runs: Sequence[Finished]) -> Finding:
    reached = mean_of([run.metrics["reached"] for run in runs])
    retain = mean_of([run.metrics["retain_change"] for run in runs])
    config = runs[0].config
    text = f"{kind(config)} reached {_share(reached)} of the retrain's change, retain loss {change(retain.mean)}"
    both = [run for run in runs if "finetune_reached" in run.metrics]
    if not both:
        return Finding("none", f"{text}; no fine-tune ran beside it.")
    lead = mean_of([run.metrics["reached"] - run.metrics["finetune_reached"] for run in both])
    beside = mean_of([run.metrics["finetune_reached"] for run in both])
    text += f"; the fine-tune beside it {_share(beside)}"
    if lead.low is None:
        return Finding("none", f"{text}. One seed, so no interval.")
    if lead.low > 0 and all(map(_kept, runs)):
        values = {name: config[name] for name in SOLVING if name in config}
        return Finding("advice", f"{text}. It leads certainly, and the guard holds.", values)
    return Finding(
        "none",
        f"{text}. Its lead is not certain." if lead.low <= 0 else f"{text}. The guard was broken.",
    )


def remark(finished: Sequence[Finished]) -> str:
    """What edits side by side say."""
    if len(finished) < 2:
        return ""
    if _differ(finished):
        return "These edits are of different adapters or requests: their figures do not compare."
    known = [run for run in finished if "reached" in run.metrics]
    if not known:
        return (
            "None of these edits was measured against a retrain: their losses can be compared, but not which is nearest to having never "
            "trained on the rows."
        )
    best = max(known, key=lambda run: run.metrics["reached"])
    text = (
        f"“{best.title}” came nearest to the retrain: it {reached_it(best.metrics['reached'])}, retain loss "
        f"{change(best.metrics['retain_change'])}."
    )
    beside = best.metrics.get("finetune_reached")
    if beside is not None and beside >= best.metrics["reached"]:
        text += f" The short fine-tune beside it did better: it {reached_it(beside)}."
    elif beside is not None:
        text += f" The short fine-tune beside it {reached_it(beside)}."
    return text


def _kept(run: Finished) -> bool:
    """The guard on the other rows held."""
    tolerance = float(run.config.get("retain_tolerance", 0.02))
    return within_guard(run.metrics["retain_loss_before"], run.metrics["retain_loss"], tolerance)


def _differ(finished: Sequence[Finished]) -> bool:
    return len({repr([run.config.get(name) for name in SUBJECT]) for run in finished}) > 1


def _groups(finished: Sequence[Finished]) -> Mapping[str, list[Finished]]:
    groups: dict[str, list[Finished]] = defaultdict(list)
    for run in finished:
        groups[
            repr(sorted((name, _plain(value)) for name, value in simplify(run.config).items()))
        ].append(run)
    return groups


def _share(value: Mean) -> str:
    if value.low is None or value.high is None:
        return reach(value.mean)
    return f"{reach(value.mean)} (95 %: {percent(value.low)} to {percent(value.high)})"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
