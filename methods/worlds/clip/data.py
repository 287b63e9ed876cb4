"""The pictures that the CLIP learns from, and the three tasks by which it is measured."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from methods.worlds.captions import OBJECTS, draw_scene
from methods.worlds.clip import IMAGE_SIZE, PATCH_SIZE
from methods.worlds.clip.statements import truth
from methods.worlds.patches import patch_labels
from methods.worlds.scenes import Scene, random_scene, render

GRID = IMAGE_SIZE // PATCH_SIZE
SIDES = (
    32,
    48,
    48,
    96,
)  # drawn at, then resized: pictures arrive enlarged, as they are, or reduced
MOST_CLUTTER = 25


@dataclass(frozen=True)
class Task:
    """A 48-way task: single objects of a range of sizes, with or without clutter."""

    sizes: tuple[float, float]
    num_clutter: int = 0


TASKS = {
    "large": Task((0.5, 0.75)),
    "small": Task((0.2, 0.3)),
    "clutter": Task((0.2, 0.3), MOST_CLUTTER),
    "tiny": Task((0.12, 0.18)),  # smaller than any object of the training
    "tiny clutter": Task((0.12, 0.18), MOST_CLUTTER),
}
SOURCE_SIDE = (
    96  # of a task's pictures, which the model sees reduced, and a crop of which it sees whole
)


class Pool(NamedTuple):
    """Pictures (N, 3, 48, 48) uint8, which of STATEMENTS hold (N, S) bool, `patch_labels` (N, 3, 6, 6)."""

    images: Tensor
    truth: Tensor
    patches: Tensor


def big_scene(generator: np.random.Generator) -> Scene:
    """Draw a single big object near the middle."""
    return random_scene(generator, sizes=(0.5, 0.85), spread=0.4)


def any_scene(generator: np.random.Generator) -> Scene:
    """Draw a single object anywhere, half of them amid clutter, or (6 of 10) a scene of captions."""
    if generator.random() < 0.6:
        return draw_scene(generator)
    low, high = (0.18, 0.32) if generator.random() < 0.65 else (0.38, 0.85)
    clutter = int(generator.integers(1, MOST_CLUTTER + 6)) if generator.random() < 0.5 else 0
    return random_scene(generator, sizes=(low, high), num_clutter=clutter)


def make_pool(scenes: list[Scene], generator: np.random.Generator) -> Pool:
    """Draw the pictures of scenes and their labels."""
    images = np.stack([picture(scene, int(generator.choice(SIDES))) for scene in scenes])
    return Pool(
        torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(),
        torch.from_numpy(np.stack([truth(scene) for scene in scenes])),
        torch.from_numpy(np.stack([patch_labels(scene, GRID) for scene in scenes])),
    )


def picture(scene: Scene, side: int) -> npt.NDArray[np.uint8]:
    """Return the picture (48, 48, 3) uint8 of a scene, drawn at another side and resized."""
    drawn = render(scene, side)
    if side == IMAGE_SIZE:
        return drawn
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.BICUBIC))


def task_images(name: str, count: int, seed: int = 0) -> tuple[list[Image.Image], list[int]]:
    """Return `count` pictures of 96 x 96 pixels of a task and their classes, indices in OBJECTS in turn.

    Args:
        name: one of TASKS.
    Raises:
        ValueError: there is no such task.
    """
    if name not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}; got {name!r}")
    task = TASKS[name]
    generator = np.random.default_rng([seed, list(TASKS).index(name)])
    labels = [index % len(OBJECTS) for index in range(count)]
    pictures = []
    for label in labels:
        colour, shape = OBJECTS[label].split()
        scene = random_scene(
            generator, sizes=task.sizes, num_clutter=task.num_clutter, kinds=((shape, colour),)
        )
        pictures.append(Image.fromarray(render(scene, SOURCE_SIDE)))
    return pictures, labels
