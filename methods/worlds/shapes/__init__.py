"""The shapes world: a class-conditional DiT that draws coloured shapes, 24 x 24 RGB, in pixel space.

**Data**: pictures made by `methods/worlds/scenes.py`, one object each: 8 shapes in 6 colours (48 classes), sizes
and places drawn at random, on one of 4 plain grounds. **Model**: a real diffusers
`DiTTransformer2DModel` (hidden size 128, 8 blocks, 4 heads, patches of 4 x 4, 2.9 M parameters)
that predicts v on a 1000-step linear schedule. **Judge**: a small convolutional classifier
of the same 48 classes, whose 32 features carry the Fréchet distance and whose class probabilities
carry the inception score; it is called the *shapes judge*, because none of its figures can be
compared with those of an Inception network.

**For**: cached sampling, where what a cache spoils is seen at a glance: outlines fray first.

`CARD.md` beside this file says how it was trained and what was measured.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.worlds import Prediction
from methods.worlds.scenes import COLOURS, SHAPES

if TYPE_CHECKING:
    from methods.worlds.judge import Judge
    from methods.worlds.scores import class_accuracy, frechet_distance, inception_score
    from methods.worlds.shapes.data import Shapes, load_data
    from methods.worlds.shapes.judge import load_judge
    from methods.worlds.shapes.model import load_transformer

CLASS_NAMES = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)
NUM_CLASSES = len(CLASS_NAMES)
NULL_CLASS = NUM_CLASSES  # the label that means "any shape", for classifier-free guidance
CHANNELS = 3
IMAGE_SIZE = 24
GUIDANCE_SCALE = 1.5
NUM_INFERENCE_STEPS = 20
PREDICTION: Prediction = "v_prediction"
WEIGHTS = Path(__file__).parent / "weights"

_MODULE_OF = {
    "Shapes": "methods.worlds.shapes.data",
    "load_data": "methods.worlds.shapes.data",
    "Judge": "methods.worlds.judge",
    "load_judge": "methods.worlds.shapes.judge",
    "load_transformer": "methods.worlds.shapes.model",
    "class_accuracy": "methods.worlds.scores",
    "frechet_distance": "methods.worlds.scores",
    "inception_score": "methods.worlds.scores",
}

__all__ = [
    "CHANNELS",
    "CLASS_NAMES",
    "GUIDANCE_SCALE",
    "IMAGE_SIZE",
    "NULL_CLASS",
    "NUM_CLASSES",
    "NUM_INFERENCE_STEPS",
    "PREDICTION",
    "WEIGHTS",
    "Judge",
    "Shapes",
    "class_accuracy",
    "frechet_distance",
    "inception_score",
    "load_data",
    "load_judge",
    "load_transformer",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
