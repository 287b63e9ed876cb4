"""The pictures that the transformer learns: one object each, class = (shape, colour)."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from methods.worlds.scenes import COLOURS, SHAPES, Scene, random_scene, render
from methods.worlds.shapes import IMAGE_SIZE, NUM_CLASSES
from methods.worlds.training import Labelled

TRAIN_IMAGES = 400 * NUM_CLASSES
HELD_OUT_IMAGES = 10 * NUM_CLASSES
TRAIN_SEED, HELD_OUT_SEED = 1, 2
SIZES = (0.65, 0.8)
SPREAD = 0.5


def class_scene(label: int, generator: np.random.Generator) -> Scene:
    """Draw a scene of one class: label = shape * 6 + colour, in the order of SHAPES and COLOURS."""
    shape, colour = divmod(label, len(COLOURS))
    return random_scene(
        generator,
        sizes=SIZES,
        spread=SPREAD,
        backgrounds=("plain",),
        kinds=((SHAPES[shape], list(COLOURS)[colour]),),
    )


class Shapes(NamedTuple):
    """Training and held-out pictures, each with images (N, 3, 24, 24) in [-1, 1] and labels (N,)."""

    train: Labelled
    held_out: Labelled


def load_data() -> Shapes:
    """Return the 19,200 training and 480 held-out pictures, made anew (about ten seconds)."""
    train = make_images(TRAIN_IMAGES, TRAIN_SEED)
    return Shapes(train, make_images(HELD_OUT_IMAGES, HELD_OUT_SEED))


def make_images(count: int, seed: int) -> Labelled:
    """Return `count` pictures, the classes in turn; the same seed gives the same pictures."""
    generator = np.random.default_rng(seed)
    labels = torch.arange(count) % NUM_CLASSES
    pictures = [render(class_scene(label, generator), IMAGE_SIZE) for label in labels.tolist()]
    images: Tensor = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return Labelled(images.float() / 127.5 - 1, labels)
