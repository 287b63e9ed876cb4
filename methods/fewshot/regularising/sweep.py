"""What several regularisations say together, and what a sweep has to know of their settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from methods.base import Axis, Finding, Finished, Tradeoff
from methods.fewshot.regularising.config import SCENES, RegulariseConfig
from methods.fewshot.wording import signed
from methods.intervals import mean_of

POLICY = ("classifier", "related", "kappa", "temperature", "gate", "vetoes", "semantics", "vectors")
TRAINING = ("cross_entropy", "contrastive", "squared", "steps", "learning_rate")
SCENE_ONLY = ("kind", "pictures", "scenes_seed")
FEW = 3
"""Seeds below which a difference between settings may be chance."""


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the others make meaningless."""
    dropped: set[str] = set()
    if values.get("features", SCENES) != SCENES:
        dropped |= set(SCENE_ONLY)
    if values.get("semantics", "clip_text") in ("clip_text", "matrix"):
        dropped.add("vectors")
    if not values.get("gate", False):
        dropped |= {"contrastive", "squared"}
        if values.get("classifier", "centroid") != "cosine":
            dropped |= set(TRAINING)
    return {name: value for name, value in values.items() if name not in dropped}


def controls(config: RegulariseConfig) -> list[dict[str, Any]]:
    """The mixing switched off: base, mixup, random base classes and equal weights stand in every run."""
    return [{"kappa": 0.0, "gate": False}] if config.kappa or config.gate else []


def comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    """What two runs in one chart must share: the same questions, for the same classifier."""
    names = ("features", "novel", *SCENE_ONLY, "model", "pretrained", "ways", "shots", "queries")
    full = {**_defaults(), **config}
    return {name: full[name] for name in names if name in simplify(full)}


def kind(config: Mapping[str, Any]) -> str:
    """A regularisation in a few words: what it changes of the defaults."""
    full, defaults = simplify({**_defaults(), **config}), _defaults()
    changed = [
        f"{name} {full[name]}"
        for name in (*POLICY, *TRAINING)
        if name in full and full[name] != defaults[name] and name not in ("vectors", "vetoes")
    ]
    if full.get("vetoes"):
        changed.append("with vetoes")
    return ", ".join(changed) or "defaults"


TRADEOFF = Tradeoff(
    x=(Axis("seconds", False),),
    y=(Axis("accuracy_afr", True), Axis("gain", True)),
    comparable=comparable,
    kind=kind,
    irrelevant=("shown", "batch_size"),
)


def conclude(finished: Sequence[Finished]) -> list[Finding]:
    """Which settings gained surely, or that kappa 0 is the better choice."""
    groups: dict[str, list[Finished]] = defaultdict(list)
    for run in finished:
        if "gain" in run.metrics and not _off(run):
            groups[kind(run.config)].append(run)
    if not groups:
        return []
    if len({repr(comparable(run.config)) for run in finished}) > 1:
        return [Finding("note", "These runs met different questions: they do not compare.")]
    told = {name: mean_of([run.metrics["gain"] for run in runs]) for name, runs in groups.items()}
    best = max(told, key=lambda name: told[name].mean)
    sure = [run.metrics.get("gain_low", 0.0) > 0 for run in groups[best]]
    if all(sure):
        chosen = groups[best][0].config
        values = {name: chosen[name] for name in POLICY if name in chosen}
        text = f"“{best}” gains most: {signed(told[best].mean)} points over its base classifier."
        found = [Finding("advice", text, values)]
        found.append(
            Finding(
                "note",
                "Chosen on the classes that are measured: confirm it on other novel classes before reporting it.",
            )
        )
    else:
        found = [
            Finding(
                "none",
                "No setting gains surely over its base classifier: switch the mixing off (kappa 0).",
                {"kappa": 0.0, "gate": False},
            )
        ]
    if min(len({run.seed for run in runs}) for runs in groups.values()) < FEW:
        found.append(Finding("note", f"Fewer than {FEW} seeds a setting are few."))
    return found


def remark(finished: Sequence[Finished]) -> str:
    """What regularisations side by side say."""
    runs = [run for run in finished if "gain" in run.metrics]
    if not runs:
        return ""
    if len({repr(comparable(run.config)) for run in runs}) > 1:
        return "These runs met different questions: their accuracies do not compare, only each with its own base classifier."
    said = [
        f"“{run.title}” {_gain(run)}" for run in sorted(runs, key=lambda run: -run.metrics["gain"])
    ]
    far = [
        run.title for run in runs if run.metrics.get("novel_classes_far", 0) > 0 and not _off(run)
    ]
    tail = (
        f" In {', '.join(f'“{title}”' for title in far)} some novel classes are far from every base class: look, or set kappa 0."
        if far
        else ""
    )
    return "; ".join(said) + "." + tail


def _gain(run: Finished) -> str:
    if _off(run):
        return "is its base classifier"
    gain, low, high = (run.metrics.get(name) for name in ("gain", "gain_low", "gain_high"))
    text = f"changes its base classifier by {signed(gain or 0.0)} points"
    if low is not None and high is not None and low <= 0 <= high:
        text += ", which may be chance"
    return text


def _off(run: Finished) -> bool:
    full = {**_defaults(), **run.config}
    return not full["kappa"] and not full["gate"]


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in RegulariseConfig.model_fields.items()}
