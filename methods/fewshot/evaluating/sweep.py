"""What several evaluations say side by side, and which of their settings mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.base import Finished
from methods.fewshot.evaluating.config import SCENES, EvaluateConfig
from methods.fewshot.settings import CLASSIFIER_TITLES

SAME = ("pictures", "kinds", "set_seed", "test_pictures", "classes")
"""Settings that say which pictures are tested, beside the seed, and what they may be named."""
SUFFIXES = {"_accuracy": "on the whole picture", "_accuracy_vcr": "with VCR"}


def simplify_evaluate(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that are not read; takes unchecked values."""
    classifiers = set(values.get("classifiers") or _default("classifiers"))
    unread: set[str] = set()
    unread |= {"kinds", "set_seed"} if values.get("pictures", SCENES) != SCENES else {"classes"}
    if values.get("validation", "loo") != "val":
        unread.add("val_pictures")
    if not classifiers & {"tip", "tip_f"}:
        unread |= {"alpha", "beta", "balanced"}
    if "tip_f" not in classifiers:
        unread.add("tip_f_epochs")
    return {name: value for name, value in values.items() if name not in unread}


def remark_evaluate(finished: Sequence[Finished]) -> str:
    """The best of each run, where all are of the same pictures."""
    if len(finished) < 2:
        return ""
    if len({repr(_subject(run)) for run in finished}) > 1:
        return "These runs are of different test pictures, by their set, number or seed: their accuracies do not compare."
    said = "; ".join(f"“{run.title}” {_best(run)}" for run in finished)
    return f"On the same test pictures: {said}. The best of several is better than it will be on new pictures."


def _best(run: Finished) -> str:
    found = {
        (classifier, suffix): run.metrics[classifier + suffix]
        for classifier in CLASSIFIER_TITLES
        for suffix in SUFFIXES
        if classifier + suffix in run.metrics
    }
    classifier, suffix = max(found, key=lambda key: found[key])
    share = found[classifier, suffix]
    return f"{100 * share:.1f} % ({CLASSIFIER_TITLES[classifier]} {SUFFIXES[suffix]})"


def _subject(run: Finished) -> list[Any]:
    config = {name: run.config.get(name, _default(name)) for name in (*SAME, "validation")}
    used = simplify_evaluate(config)
    divided = (
        config["pictures"] == SCENES
    )  # an undivided set gives more to learn from where more shots are asked for
    shots = () if divided else (run.config.get("shots", _default("shots")), config["validation"])
    return [run.seed, shots, *(used.get(name) for name in SAME)]


def _default(name: str) -> Any:
    return EvaluateConfig.model_fields[name].default
