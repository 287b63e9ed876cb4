"""Which models can be chosen here: the small world's, a folder, a hub id."""

from __future__ import annotations

from pathlib import Path

from methods import model_sources
from methods.model_sources import Source

SCENES = "scenes"
"""The small world's name, wherever a model or pairs are chosen."""


def locate(model: str) -> Source:
    """Tell the small world, a folder and a hub id apart.

    Raises:
        MethodError: it is none of them.
    """
    return model_sources.locate(model, {SCENES: _scenes})


def _scenes() -> Path:
    from methods.worlds import llava  # noqa: PLC0415  its package is light, but not needed by every model

    return llava.folder()
