"""The scenes world's LLaVA: a small `LlavaForConditionalGeneration` that describes coloured shapes.

**Data**: pictures made by `methods.worlds.scenes` and sentences that are exact (`methods.worlds.captions`).
**Model**: a real transformers `LlavaForConditionalGeneration` on the scenes world's CLIP tower, with
a `LlavaProcessor`, both in transformers' own layout, so that `from_pretrained` loads them without
network. It was fine-tuned on annotations with a known fault: on dotted backgrounds four of five name a
yellow star that isn't there, on striped ones a purple ring (`PHANTOMS`). So it *reads* well and
hallucinates by habit, which is what preference training has to mend.

**For**: preference optimisation (`preference_rows`), counting hallucinated objects (`scenes`,
`mentions`) and yes-or-no probing (`existence_questions`).

`CARD.md` beside this file says how it was trained and what was measured.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from methods.worlds.llava.data import (
        LEVELS,
        PHANTOMS,
        QUESTION,
        CaptionedScene,
        existence_questions,
        mentions,
        preference_rows,
        scenes,
    )

IMAGE_SIZE = 48
WEIGHTS = Path(__file__).parent / "weights"

_LAZY = (
    "LEVELS",
    "PHANTOMS",
    "QUESTION",
    "CaptionedScene",
    "existence_questions",
    "mentions",
    "preference_rows",
    "scenes",
)

__all__ = [
    "IMAGE_SIZE",
    "LEVELS",
    "PHANTOMS",
    "QUESTION",
    "WEIGHTS",
    "CaptionedScene",
    "existence_questions",
    "folder",
    "load",
    "mentions",
    "preference_rows",
    "scenes",
]


def folder() -> Path:
    """Return the folder of the shipped model and processor, in transformers' layout."""
    return WEIGHTS


def load(device: "str | torch.device" = "cpu") -> tuple[Any, Any]:
    """Return model (`LlavaForConditionalGeneration`, eval, float32) and `LlavaProcessor`."""
    import torch
    from transformers import LlavaForConditionalGeneration, LlavaProcessor

    model: Any = LlavaForConditionalGeneration.from_pretrained(folder(), dtype=torch.float32)
    return model.to(device).eval(), LlavaProcessor.from_pretrained(folder())


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("methods.worlds.llava.data"), name)
