"""What is wrong with the settings of an evaluation, or with its pictures, said before it is queued and without torch."""

from __future__ import annotations

from methods.base import MethodError, Open
from methods.fewshot.evaluating.config import SCENES, EvaluateConfig
from methods.fewshot.evaluating.drawing import draw
from methods.fewshot.evaluating.opening import open_own, opened
from methods.fewshot.settings import check_classifiers, check_clip, check_views

LOOKED_AT = 100
"""Pictures that are decoded before a run is queued; the run itself decodes all it needs before CLIP sees one."""


def check_settings(config: EvaluateConfig) -> None:
    """Raise `MethodError` for settings that are wrong alone or together."""
    check_clip(config)
    check_views(config)
    check_classifiers(config)
    for kind in config.kinds:
        if config.kinds.count(kind) > 1:
            raise MethodError(f"kinds: {kind} stands there twice; each counts once")


def check_evaluate(config: EvaluateConfig, open_file: Open) -> None:
    """Refuse settings that do not hold, a set that is not as it must be, and pictures of which one of the first is broken.

    Raises:
        MethodError: with the setting, folder or file, and what is allowed.
    """
    check_settings(config)
    if config.pictures == SCENES:
        return
    drawn = draw(open_own(config, open_file), config, seed=0)
    for item in drawn.items[:LOOKED_AT]:
        opened(item)
