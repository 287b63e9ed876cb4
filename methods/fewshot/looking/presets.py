"""How closely to look, and what the welcome tour shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from methods.base import Demo, Preset
from methods.fewshot.vcr.presets import PRESETS as AMOUNTS


def _amount(name: str) -> Mapping[str, Any]:
    settings = AMOUNTS[name]
    return {"scales": settings.scales, "views": settings.views, "whole": settings.whole}


PRESETS = {
    "fast": Preset(
        "Fast",
        _amount("fast"),
        "Five scales with eight crops each: 41 passes of the encoder a picture.",
        fills=True,
    ),
    "normal": Preset(
        "Normal",
        _amount("normal"),
        "Nine scales with sixteen crops each: 145 passes a picture.",
        fills=True,
    ),
    "official": Preset(
        "As published",
        {**_amount("official"), "merge_norm": "official_raw"},
        "What the authors' code does: nine scales with a hundred crops each and ten crops for the whole picture, 910 passes; views are "
        "added at the length the model gives, so that the whole picture nearly vanishes.",
        fills=True,
    ),
}

DEMO = Demo(
    "Welcome: a closer look",
    "Six pictures of a coloured shape that is smaller than any the small world's CLIP was trained on, with one example of each class. "
    "See what each classifier says of the whole picture and after a closer look, and what the controls say: a random crop of each size "
    "may do as well.",
    (Preset("Six tiny shapes", {"scene_number": 6, "scene_shots": 1}),),
)
