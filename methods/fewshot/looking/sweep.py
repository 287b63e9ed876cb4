"""What several looks say side by side, and which of their settings mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.base import Finished
from methods.fewshot.looking.config import OF_SCENES, SCENES, PictureFields

SUBJECT = ("pictures", *sorted(OF_SCENES))


def simplify_look(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those of scenes where the pictures are others, nor alpha and beta where no cache reads them."""
    dropped: set[str] = set()
    if values.get("pictures", SCENES) != SCENES:
        dropped |= OF_SCENES
    names = values.get("classifiers")
    if names is not None and not {"tip", "tip_f"} & set(names):
        dropped |= {"alpha", "beta", "balanced"}
    if names is not None and "tip_f" not in names:
        dropped |= {"tip_f_epochs"}
    return {name: value for name, value in values.items() if name not in dropped}


def remark_look(finished: Sequence[Finished]) -> str:
    """What looks side by side say; whether one is right, only labels of many pictures could."""
    if len(finished) < 2:
        return ""
    if len({repr(_subject(run.config)) for run in finished}) > 1:
        return "These looks are at different pictures: what they changed does not compare."
    said = [
        f"“{run.title}” changes {run.metrics['changed']:.0%} of the zero-shot answers"
        for run in finished
        if "changed" in run.metrics
    ]
    return (
        "; ".join(said)
        + ". A changed answer is no better answer: only an evaluation on labelled pictures can tell."
    )


def _subject(config: Mapping[str, Any]) -> list[Any]:
    used = simplify_look({**_defaults(), **config})
    return [used.get(name) for name in SUBJECT]


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in PictureFields.model_fields.items()}
