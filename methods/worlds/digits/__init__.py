"""The digits world: a class-conditional DiT that draws 8 x 8 handwritten digits in pixel space.

**Data**: the 1,797 handwritten digits that ship inside scikit-learn, split once into 1,437 training
and 360 held-out images. **Model**: a real diffusers `DiTTransformer2DModel` (hidden size 128, 8
blocks, 4 heads, patches of 2 x 2, 2.8 M parameters) that predicts the noise of a 1000-step linear
schedule. **Judge**: a small convolutional classifier of the same digits, whose 32 features carry the
Fréchet distance and whose class probabilities carry the inception score; it is called the *digits
judge*, because none of its figures can be compared with those of an Inception network.

**For**: cached sampling. One image takes a fraction of a second on one CPU core, so a whole
comparison of cache schedules, with honest statistics, runs while somebody watches.

`CARD.md` beside this file says how it was trained and what was measured.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.worlds import Prediction

if TYPE_CHECKING:
    from methods.worlds.digits.data import Digits, load_data
    from methods.worlds.digits.judge import load_judge
    from methods.worlds.digits.model import load_transformer
    from methods.worlds.judge import Judge
    from methods.worlds.scores import class_accuracy, frechet_distance, inception_score

CLASS_NAMES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
NUM_CLASSES = len(CLASS_NAMES)
NULL_CLASS = NUM_CLASSES  # the label that means "any digit", for classifier-free guidance
CHANNELS = 1
IMAGE_SIZE = 8
GUIDANCE_SCALE = 1.5  # where the papers measure too; CARD.md has the figures at other scales
NUM_INFERENCE_STEPS = 20
PREDICTION: Prediction = "epsilon"
NUM_TRAIN_TIMESTEPS = 1000
BETA_START, BETA_END = 1e-4, 2e-2
WEIGHTS = Path(__file__).parent / "weights"

_MODULE_OF = {
    "Digits": "methods.worlds.digits.data",
    "load_data": "methods.worlds.digits.data",
    "Judge": "methods.worlds.judge",
    "load_judge": "methods.worlds.digits.judge",
    "load_transformer": "methods.worlds.digits.model",
    "class_accuracy": "methods.worlds.scores",
    "frechet_distance": "methods.worlds.scores",
    "inception_score": "methods.worlds.scores",
}

__all__ = [
    "BETA_END",
    "BETA_START",
    "CHANNELS",
    "CLASS_NAMES",
    "GUIDANCE_SCALE",
    "IMAGE_SIZE",
    "NULL_CLASS",
    "NUM_CLASSES",
    "NUM_INFERENCE_STEPS",
    "NUM_TRAIN_TIMESTEPS",
    "PREDICTION",
    "WEIGHTS",
    "Digits",
    "Judge",
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
