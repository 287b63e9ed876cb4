"""What is wrong with settings and pairs, said before a run is queued and without torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.evidence.needs import check_picture, given_scores
from methods.alignment.pairs.config import SCENES
from methods.alignment.pairs.opening import open_pairs
from methods.alignment.pairs.pair import Pair
from methods.base import MethodError, Open
from methods.clip_sources import locate

LOOKED_AT = 200
"""Rows that are read before a run is queued; the run itself looks at every row before it asks CLIP."""


def check_hardness(config: HardnessConfig, open_file: Open) -> None:
    """Refuse settings that do not fit together, and pairs of which one of the first rows is broken.

    Raises:
        MethodError: with the row, or the setting, and what is allowed.
    """
    check_settings(config)
    check_rows(config, open_pairs(config, open_file, rows=LOOKED_AT)[:LOOKED_AT])


def check_settings(config: HardnessConfig) -> None:
    """Refuse a CLIP that is not there, and a cache folder that is none."""
    if config.score != "precomputed":
        locate(config.clip, config.pretrained)
    if config.cache and not Path(config.cache).expanduser().is_dir():
        raise MethodError(
            f"cache: there is no folder {config.cache!r} on the worker's machine; make it first, or leave the cache empty"
        )
    if config.pairs in SCENES and config.score == "precomputed":
        raise MethodError(
            "the small world's pairs bring no scores: choose your own file with chosen_logits and rejected_logits, or a "
            "score that asks CLIP"
        )


def check_rows(config: HardnessConfig, pairs: Iterable[Pair]) -> None:
    """Refuse pairs without an image, or without scores where these are to be taken from the rows."""
    for pair in pairs:
        if config.score == "precomputed":
            given_scores(pair)
        else:
            check_picture(pair)
